"""The cases of Autobahn's fuzzing client, as data: what is sent, in which pieces, and what must come of it.

Told anew from the published suite (crossbario/autobahn-testsuite 25.10), whose numbers the cases keep. Where that
distinguishes OK from NON-STRICT, only OK will do here. Sections 12 and 13 need compression, which we decline: see
`test_compression.py`. Section 9's sizes are a sixteenth, and its round trips a tenth, of the original's.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Final

import attrs

from tests.gateway.client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, frame

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
NOT_UTF8: Final = 1007
NO_CODE: Final = 1005

Heard = tuple[int, bytes]
Pieces = Sequence[bytes]


@attrs.frozen
class Case:
    """`pieces` are sent one after the other. `heard`: the frames that must come back, in this order.

    Then `goodbye` is sent, if there is one, and the server closes with one of `codes`.
    """

    id: str
    pieces: Pieces
    heard: Sequence[Heard]
    codes: tuple[int, ...]
    goodbye: bytes = b""
    turns: int = 1
    """How often the pieces are sent, each time when all before was heard."""
    resets: bool = False
    """It talks on after its goodbye. TCP may answer that with a reset, and drop a large answer that is on its way."""


def fine(id: str, pieces: Pieces, *heard: Heard, turns: int = 1) -> Case:
    """Nothing is wrong with it: we say goodbye."""
    return Case(id, pieces, heard, (NORMAL,), frame(CLOSE, close_payload(NORMAL)), turns)


def broken(id: str, pieces: Pieces, *heard: Heard, codes: tuple[int, ...] = (PROTOCOL_ERROR,)) -> Case:
    """It breaks the protocol, or says goodbye by itself: the server closes."""
    return Case(id, pieces, heard, codes)


def in_chops(data: bytes, size: int = 1) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def in_fragments(opcode: int, *parts: bytes) -> list[bytes]:
    """A message of one frame for each part."""
    last = len(parts) - 1
    return [frame(CONTINUATION if at else opcode, part, fin=at == last) for at, part in enumerate(parts)]


def whole(pieces: Pieces) -> list[bytes]:
    """All of them at once."""
    return [b"".join(pieces)]


def each(pieces: Pieces) -> list[bytes]:
    """One by one."""
    return list(pieces)


def octets(pieces: Pieces) -> list[bytes]:
    """One byte at a time."""
    return in_chops(b"".join(pieces))


_unfinished = partial(frame, fin=False)

HELLO: Final = b"Hello, world!"
ODD_BYTES: Final = bytes.fromhex("00fffefdfcfb00ff")
CUTS: Final = (whole, each, octets)


def framing() -> Iterator[Case]:
    sizes = [0, 125, 126, 127, 128, 65535, 65536]
    for group, opcode, filler in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
        for number, size in enumerate(sizes, 1):
            yield fine(f"1.{group}.{number}", [frame(opcode, filler * size)], (opcode, filler * size))
        large = filler * 65536
        yield fine(f"1.{group}.8", in_chops(frame(opcode, large), 997), (opcode, large))


def pings_and_pongs() -> Iterator[Case]:
    for number, payload in enumerate([b"", HELLO, ODD_BYTES, b"\xfe" * 125], 1):
        yield fine(f"2.{number}", [frame(PING, payload)], (PONG, payload))
    yield broken("2.5", [frame(PING, b"\xfe" * 126)])
    yield fine("2.6", octets([frame(PING, b"\xfe" * 125)]), (PONG, b"\xfe" * 125))
    unsolicited = frame(PONG, b"unsolicited pong payload")
    yield fine("2.7", [frame(PONG)])
    yield fine("2.8", [unsolicited])
    yield fine("2.9", [unsolicited, frame(PING, b"ping payload")], (PONG, b"ping payload"))
    payloads = [b"payload-%d" % number for number in range(10)]
    pings, pongs = [frame(PING, payload) for payload in payloads], [(PONG, payload) for payload in payloads]
    yield fine("2.10", pings, *pongs)
    yield fine("2.11", octets(pings), *pongs)


def reserved_bits() -> Iterator[Case]:
    yield broken("3.1", [frame(TEXT, HELLO, rsv=1)])
    for number, (rsv, cut) in enumerate(zip((2, 3, 4), CUTS, strict=True), 2):
        pieces = [frame(TEXT, HELLO), frame(TEXT, HELLO, rsv=rsv), frame(PING)]
        yield broken(f"3.{number}", cut(pieces), (TEXT, HELLO))
    yield broken("3.5", [frame(BINARY, ODD_BYTES, rsv=5)])
    yield broken("3.6", [frame(BINARY, HELLO, rsv=6)])
    yield broken("3.7", [frame(CLOSE, rsv=7)])


def opcodes() -> Iterator[Case]:
    for group, first in ((1, 3), (2, 11)):
        yield broken(f"4.{group}.1", [frame(first)])
        yield broken(f"4.{group}.2", [frame(first + 1, b"reserved opcode payload")])
        for number, payload, cut in ((3, b"", each), (4, HELLO, each), (5, HELLO, octets)):
            pieces = [frame(TEXT, HELLO), frame(first + number - 1, payload), frame(PING)]
            yield broken(f"4.{group}.{number}", cut(pieces), (TEXT, HELLO))


def fragmentation() -> Iterator[Case]:
    ping, pong = frame(PING, b"ping payload"), (PONG, b"ping payload")
    two = in_fragments(TEXT, b"fragment1", b"fragment2")
    both = (TEXT, b"fragment1fragment2")
    stray, unfinished_stray = frame(CONTINUATION, b"stray"), _unfinished(CONTINUATION, b"stray")
    yield broken("5.1", in_fragments(PING, b"fragment1", b"fragment2"))
    yield broken("5.2", in_fragments(PONG, b"fragment1", b"fragment2"))
    for number, cut in enumerate(CUTS):
        yield fine(f"5.{3 + number}", cut(two), both)
        yield fine(f"5.{6 + number}", cut([two[0], ping, two[1]]), pong, both)
        yield broken(f"5.{9 + number}", cut([stray, frame(TEXT, HELLO)]))
        yield broken(f"5.{12 + number}", cut([unfinished_stray, frame(TEXT, HELLO)]))
    yield broken("5.15", whole([*two, unfinished_stray, frame(TEXT, b"fragment4")]), both)
    yield broken("5.16", [unfinished_stray, *two] * 2)
    yield broken("5.17", [stray, *two] * 2)
    yield broken("5.18", whole([_unfinished(TEXT, b"fragment1"), frame(TEXT, b"fragment2")]))
    five = in_fragments(TEXT, *(b"fragment%d" % number for number in range(1, 6)))
    pings = [frame(PING, b"pongme 1!"), frame(PING, b"pongme 2!")]
    between = [five[0], five[1], pings[0], five[2], five[3], pings[1], five[4]]
    expected = [(PONG, b"pongme 1!"), (PONG, b"pongme 2!"), (TEXT, b"fragment1fragment2fragment3fragment4fragment5")]
    yield fine("5.19", [b"".join(between[:3]), b"".join(between[3:])], *expected)
    yield fine("5.20", between, *expected)


GREEK: Final = "κ\u1f79σμε".encode()
ACCENTS: Final = "Hello-µ@ßöäüàá-UTF-8!!".encode()
EDITED: Final = b"edited"


def utf8() -> Iterator[Case]:
    yield fine("6.1.1", [frame(TEXT)], (TEXT, b""))
    yield fine("6.1.2", in_fragments(TEXT, b"", b"", b""), (TEXT, b""))
    yield fine("6.1.3", in_fragments(TEXT, b"", HELLO, b""), (TEXT, HELLO))
    middle = len("Hello-µ@ßöä".encode())
    yield fine("6.2.1", [frame(TEXT, ACCENTS)], (TEXT, ACCENTS))
    yield fine("6.2.2", in_fragments(TEXT, ACCENTS[:middle], ACCENTS[middle:]), (TEXT, ACCENTS))
    yield fine("6.2.3", in_fragments(TEXT, *in_chops(ACCENTS), b""), (TEXT, ACCENTS))
    yield fine("6.2.4", in_fragments(TEXT, *in_chops(GREEK), b""), (TEXT, GREEK))
    surrogate = GREEK + b"\xed\xa0\x80" + EDITED
    yield broken("6.3.1", [frame(TEXT, surrogate)], codes=(NOT_UTF8,))
    yield broken("6.3.2", in_fragments(TEXT, *in_chops(surrogate), b""), codes=(NOT_UTF8,))
    yield from _failing_fast()
    for group, (valid, invalid) in enumerate(SEQUENCES, 5):
        for number, text in enumerate(valid, 1):
            yield fine(f"6.{group}.{number}", [frame(TEXT, text)], (TEXT, text))
        for number, text in enumerate(invalid, len(valid) + 1):
            yield broken(f"6.{group}.{number}", [frame(TEXT, text)], codes=(NOT_UTF8,))
    for number in range(1, len(GREEK) + 1):
        text = GREEK[:number]
        if number in (2, 5, 7, 9, 11):
            yield fine(f"6.6.{number}", [frame(TEXT, text)], (TEXT, text))
        else:
            yield broken(f"6.6.{number}", [frame(TEXT, text)], codes=(NOT_UTF8,))


def _failing_fast() -> Iterator[Case]:
    """The rest never comes: the server finds out by what there is. In 6.4.3 and 6.4.4 it is all in one frame."""
    too_high = GREEK + b"\xf4\x90\x80\x80" + EDITED
    for number, cut in ((1, 15), (2, 13)):
        begun = cut - 4 if number == 1 else cut - 1
        first, second = too_high[:begun], too_high[begun:cut]
        fragments = [_unfinished(TEXT, first), _unfinished(CONTINUATION, second)]
        yield broken(f"6.4.{number}", fragments, codes=(NOT_UTF8,))
        one = _unfinished(TEXT, too_high)
        head = len(one) - len(too_high)
        chops = [one[:head], one[head : head + begun], one[head + begun : head + cut]]
        yield broken(f"6.4.{number + 2}", chops, codes=(NOT_UTF8,))


def _noncharacters() -> list[bytes]:
    """The last two of each plane."""
    planes = [bytes([lead, second]) for lead in (0xF0, 0xF1, 0xF2, 0xF3) for second in (0x8F, 0x9F, 0xAF, 0xBF)]
    ends = [plane + b"\xbf" + last for plane in [*planes[1:], b"\xf4\x8f"] for last in (b"\xbe", b"\xbf")]
    return [b"\xef\xbf\xbe", b"\xef\xbf\xbf", *ends]


_CUT_SHORT: Final = (
    *(b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80"),
    *(b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf", b"\xfb\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf"),
)
_HIGH: Final = (b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf")
_LOW: Final = (b"\xed\xb0\x80", b"\xed\xbe\x80", b"\xed\xbf\xbf")

SEQUENCES: Final[Sequence[tuple[Sequence[bytes], Sequence[bytes]]]] = (
    # 5: valid, of one to four bytes
    ([f"hello{letter}world".encode() for letter in "$¢€𤭢"] + [GREEK], []),
    # 6: prefixes of valid text: see above
    ([], []),
    # 7 and 8: the first of each length; of five and six bytes there is none
    ([b"\x00", "\u0080".encode(), "\u0800".encode(), "\U00010000".encode()], []),
    ([], [b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"]),
    # 9 and 10: the last of each length, and those too high
    ([b"\x7f", "\u07ff".encode(), "\uffff".encode(), "\U0010ffff".encode()], []),
    ([], [b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"]),
    # 11: other boundaries
    (["\ud7ff".encode(), "\ue000".encode(), "\ufffd".encode(), "\U0010ffff".encode()], [b"\xf4\x90\x80\x80"]),
    # 12: continuation bytes that continue nothing
    ([], [b"\x80", b"\xbf", *((b"\x80\xbf" * 3)[:size] for size in range(2, 7)), bytes(range(0x80, 0xBF))]),
    # 13: first bytes without a second
    (
        [],
        [
            b"".join(bytes([byte, 0x20]) for byte in range(first, last))
            for first, last in ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
        ],
    ),
    # 14 and 15: the last byte is missing
    ([], _CUT_SHORT),
    ([], [b"".join(_CUT_SHORT)]),
    # 16: impossible bytes
    ([], [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]),
    # 17, 18 and 19: longer than need be
    ([], [b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf"]),
    (
        [],
        [b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xf8\x87\xbf\xbf\xbf", b"\xfc\x83\xbf\xbf\xbf\xbf"],
    ),
    ([], [lead + b"\x80" * rest for rest, lead in enumerate((b"\xc0", b"\xe0", b"\xf0", b"\xf8", b"\xfc"), 1)]),
    # 20 and 21: surrogates, alone and in pairs
    ([], [*_HIGH, *_LOW]),
    ([], [high + low for high in _HIGH for low in (_LOW[0], _LOW[2])]),
    # 22: not characters, but valid
    (_noncharacters(), []),
    # 23: specials, the replacement character among them
    ([chr(code).encode() for code in range(0xFFF9, 0x10000)], []),
)


def closing() -> Iterator[Case]:
    bye = frame(CLOSE, close_payload(NORMAL))
    yield fine("7.1.1", [frame(TEXT, HELLO)], (TEXT, HELLO))
    for number, afterthought in ((2, frame(CLOSE)), (3, frame(PING)), (4, frame(TEXT, HELLO))):
        yield broken(f"7.1.{number}", [bye, afterthought], codes=(NORMAL,))
    first, second = in_fragments(TEXT, b"fragment1", b"fragment2")
    yield broken("7.1.5", [first, bye, second], codes=(NORMAL,))
    large = repeated(b"BAsd7&jh23", 256 * 1024)
    echoes = [(TEXT, large), (TEXT, HELLO)]
    pieces = [frame(TEXT, large), frame(TEXT, HELLO), bye, frame(PING)]
    yield Case("7.1.6", pieces, echoes, (NORMAL,), resets=True)
    yield broken("7.3.1", [frame(CLOSE)], codes=(NO_CODE,))
    yield broken("7.3.2", [frame(CLOSE, b"a")])
    yield broken("7.3.3", [bye], codes=(NORMAL,))
    yield broken("7.3.4", [frame(CLOSE, close_payload(NORMAL, "Hello World!"))], codes=(NORMAL,))
    yield broken("7.3.5", [frame(CLOSE, close_payload(NORMAL, "*" * 123))], codes=(NORMAL,))
    yield broken("7.3.6", [frame(CLOSE, close_payload(NORMAL, "*" * 124))])
    reason = GREEK + b"\xed\xa0\x80" + EDITED
    yield broken("7.5.1", [frame(CLOSE, close_payload(NORMAL) + reason)], codes=(PROTOCOL_ERROR, NOT_UTF8))
    valid = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    for number, code in enumerate(valid, 1):
        yield broken(f"7.7.{number}", [frame(CLOSE, close_payload(code))], codes=(NORMAL, code))
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield broken(f"7.9.{number}", [frame(CLOSE, close_payload(code))])
    for number, code in ((1, 5000), (2, 65535)):
        yield broken(f"7.13.{number}", [frame(CLOSE, close_payload(code))])


KIBIBYTE: Final = 1024
SIXTEENTH: Final = 16
TURNS: Final = 100


def repeated(pattern: bytes, size: int) -> bytes:
    return (pattern * (size // len(pattern) + 1))[:size]


def limits() -> Iterator[Case]:
    for group, opcode, pattern in ((1, TEXT, b"BAsd7&jh23"), (2, BINARY, b"\x00\xfe\x23\xfa\xf0")):
        for number, size in enumerate((64, 256, 1024, 4096, 8192, 16384), 1):
            payload = repeated(pattern, size * KIBIBYTE // SIXTEENTH)
            yield fine(f"9.{group}.{number}", [frame(opcode, payload)], (opcode, payload))
    for group, opcode, pattern in ((3, TEXT, b"*"), (4, BINARY, b"\xfe")):
        payload = repeated(pattern, 4096 * KIBIBYTE // SIXTEENTH)
        for number, size in enumerate((64, 256, 1024, 4096, 16384, 65536, 2**18, 2**20, 2**22), 1):
            fragments = in_fragments(opcode, *in_chops(payload, max(size // SIXTEENTH, 16)))
            yield fine(f"9.{group}.{number}", in_chops(b"".join(fragments), 65536), (opcode, payload))
    for group, opcode, pattern in ((5, TEXT, b"BAsd7&jh23"), (6, BINARY, b"\x00\xfe\x23\xfa\xf0")):
        payload = repeated(pattern, 1024 * KIBIBYTE // SIXTEENTH)
        for number, size in enumerate((64, 128, 256, 512, 1024, 2048), 1):
            yield fine(f"9.{group}.{number}", in_chops(frame(opcode, payload), size), (opcode, payload))
    for group, opcode, pattern in ((7, TEXT, b"*"), (8, BINARY, b"\xfe")):
        for number, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            payload = pattern * size
            yield fine(f"9.{group}.{number}", [frame(opcode, payload)], (opcode, payload), turns=TURNS)


def automatic_fragmentation() -> Iterator[Case]:
    payload = b"*" * 65536
    yield fine("10.1.1", in_fragments(TEXT, *in_chops(payload, 1300)), (TEXT, payload))


def _all() -> Iterator[Case]:
    return chain(
        framing(),
        pings_and_pongs(),
        reserved_bits(),
        opcodes(),
        fragmentation(),
        utf8(),
        closing(),
        limits(),
        automatic_fragmentation(),
    )


CASES: Final = tuple(_all())
