"""WebSocket frames as bytes: what we write, what we read ourselves, and where wsproto takes over."""

from typing import Final

import pytest

from chatter.errors import BadFrame
from chatter.wire.websocket import (
    BINARY,
    CLOSE,
    MAX_HEADER,
    MAX_MESSAGE,
    PING,
    PONG,
    TEXT,
    FrameReader,
    close_frame,
    control_frame,
    text_frame,
)
from tests.gateway.client import CONTINUATION, close_payload, frame

LIMIT: Final = 1000


def reading(*pieces: bytes, limit: int = MAX_MESSAGE) -> list[tuple[int, bytes]]:
    """All that can be read when the pieces come one after the other."""
    reader = FrameReader(limit)
    found = []
    for piece in pieces:
        reader.feed(piece)
        while (arrival := reader.next()) is not None:
            found.append(arrival)
    return found


def close_code(*pieces: bytes, limit: int = MAX_MESSAGE) -> int:
    with pytest.raises(BadFrame) as caught:
        reading(*pieces, limit=limit)
    return caught.value.close_code


@pytest.mark.parametrize(
    ("size", "head"),
    [(0, "8100"), (125, "817d"), (126, "817e007e"), (65535, "817effff"), (65536, "817f0000000000010000")],
)
def test_a_text_frame_has_the_shortest_length(size: int, head: str) -> None:
    assert text_frame(b"x" * size) == bytes.fromhex(head) + b"x" * size


def test_a_close_frame_has_a_code_and_a_reason_cut_between_characters() -> None:
    assert close_frame(1000) == b"\x88\x02\x03\xe8"
    assert close_frame(1012, "service restart") == b"\x88\x11\x03\xf4service restart"
    cut = close_frame(1000, "é" * 100)
    assert len(cut) == 2 + 124
    assert cut[4:].decode() == "é" * 61


def test_a_control_frame_is_never_masked() -> None:
    assert control_frame(PONG, b"hello") == b"\x8a\x05hello"


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 126, 200, 201, 202, 203, 204, 65535, 65536, MAX_MESSAGE])
def test_masked_payloads_of_all_sizes_are_unmasked(size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    assert reading(frame(BINARY, payload)) == [(BINARY, payload)]


@pytest.mark.parametrize("mask", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\1\0\0\0"])
def test_any_mask_will_do(mask: bytes) -> None:
    for size in (5, 500):
        assert reading(frame(BINARY, b"x" * size, mask=mask)) == [(BINARY, b"x" * size)]


def test_frames_come_out_in_order_however_they_are_cut() -> None:
    stream = frame(TEXT, b"one") + frame(PING, b"?") + frame(TEXT, b"x" * 300) + frame(PONG) + frame(BINARY, b"\0")
    whole = [(TEXT, b"one"), (PING, b"?"), (TEXT, b"x" * 300), (PONG, b""), (BINARY, b"\0")]
    assert reading(stream) == whole
    assert reading(*(bytes([byte]) for byte in stream)) == whole
    for cut in range(len(stream)):
        assert reading(stream[:cut], stream[cut:]) == whole


def test_what_is_read_does_not_count_any_more() -> None:
    reader = FrameReader()
    reader.feed(frame(TEXT, b"one") + frame(TEXT, b"two"))
    assert len(reader) == 18
    reader.next()
    assert len(reader) == 9
    reader.feed(frame(TEXT, b"three")[:4])
    assert len(reader) == 13
    assert reader.next() == (TEXT, b"two")
    assert reader.next() is None
    assert len(reader) == 4


def test_more_than_the_largest_frame_is_never_nothing() -> None:
    """On this rests that a connection which paused reading is read on."""
    reader = FrameReader(LIMIT)
    reader.feed(frame(BINARY, bytes(LIMIT)))
    assert len(reader) <= LIMIT + MAX_HEADER
    assert reader.next() is not None


def test_fragments_are_put_together_and_control_frames_come_between_them() -> None:
    stream = frame(TEXT, b"a", fin=False) + frame(PING, b"?") + frame(CONTINUATION, b"b", fin=False)
    stream += frame(CONTINUATION, b"c") + frame(TEXT, b"whole") + frame(CLOSE, close_payload(1000, "bye"))
    expected = [(PING, b"?"), (TEXT, b"abc"), (TEXT, b"whole"), (CLOSE, close_payload(1000))]
    assert reading(stream) == expected
    assert reading(*(bytes([byte]) for byte in stream)) == expected


def test_nothing_comes_after_a_close() -> None:
    reader = FrameReader()
    reader.feed(frame(CLOSE) + frame(TEXT, b"more"))
    assert reader.next() == (CLOSE, b"")
    reader.feed(frame(TEXT, b"and more"))
    assert reader.next() is None
    assert len(reader) == 0


@pytest.mark.parametrize("before", [b"", frame(TEXT, b"", fin=False) + frame(CONTINUATION)], ids=["ours", "wsproto's"])
def test_the_limit_is_in_bytes_and_exact(before: bytes) -> None:
    emoji = "😀".encode() * (LIMIT // 4)
    assert reading(before + frame(TEXT, emoji), limit=LIMIT)[-1] == (TEXT, emoji)
    assert close_code(before + frame(TEXT, emoji + b"!"), limit=LIMIT) == 1009


def test_fragments_are_measured_together_as_they_come() -> None:
    half = frame(BINARY, bytes(LIMIT // 2), fin=False)
    rest = frame(CONTINUATION, bytes(LIMIT // 2), fin=False)
    assert reading(half + rest, limit=LIMIT) == []
    assert close_code(half + rest + frame(CONTINUATION, b"!", fin=False), limit=LIMIT) == 1009


def test_a_broken_stream_stays_broken() -> None:
    reader = FrameReader()
    reader.feed(frame(TEXT, b"\xff") + frame(TEXT, b"fine"))
    for _ in range(2):
        with pytest.raises(BadFrame):
            reader.next()
        reader.feed(frame(TEXT, b"fine"))
    assert reader.broken
    assert len(reader) == 0


def test_an_abandoned_stream_is_broken() -> None:
    reader = FrameReader()
    reader.feed(frame(TEXT, b"fine"))
    reader.abandon()
    assert reader.broken
    assert len(reader) == 0
