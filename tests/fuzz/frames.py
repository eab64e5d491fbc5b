"""WebSocket frames: what wsproto reads we read, and what it refuses we refuse, however the bytes are cut."""

from typing import Final

from tests.gateway.client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, frame
from tests.wire.reading import agree, alike, ours

LIMIT: Final = 700

WORDS: Final = (
    *(b"\x81\x85", b"\x01\x80", b"\x00\x81", b"\x80\x80", b"\x89\x80", b"\x8a\x81", b"\x82\xfe\x00\x7e", b"\x88\x82"),
    *(b"\x03\xe8", b"\x00\x00\x00\x00", b"\xff" * 8, b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xc3"),
)

SEEDS: Final = (
    b"\x00" + frame(TEXT, b"hello"),
    b"\x01"
    + frame(TEXT, "\u00fcn\u00ef\U0001f600".encode())
    + frame(BINARY, b"\xff\xfe")
    + frame(PING, b"are you there"),
    b"\x03" + frame(TEXT, b"x" * 126) + frame(BINARY, b"y" * 300),
    b"\x07" + frame(TEXT, b"frag", fin=False) + frame(PING) + frame(CONTINUATION, b"ment"),
    b"\x02" + frame(BINARY, b"a", fin=False) + frame(CONTINUATION, b"", fin=False) + frame(CONTINUATION, b"b"),
    b"\x05" + frame(PONG, b"p" * 125) + frame(CLOSE, close_payload(1000, "bye")),
    b"\x00" + frame(CLOSE) + frame(TEXT, b"too late"),
    b"\x04" + frame(TEXT, b"x" * (LIMIT + 1)),
    b"\x00\x81\xff" + (2**62).to_bytes(8, "big"),
    b"\x06" + frame(TEXT, b"\xed\xa0\x80") + frame(TEXT, b"unmasked", mask=None),
    b"\x09" + frame(TEXT, b"r", rsv=4) + frame(3) + frame(11),
)


def check(data: bytes) -> None:
    size, data = data[0] if data else 0, data[1:]
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    assert alike(agree(pieces, LIMIT), ours([data], LIMIT))
