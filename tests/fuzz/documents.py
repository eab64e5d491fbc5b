"""JSON written as bytes dictate: whatever they are, it is a document. What parsers in C do with mutated text tells a
fuzzer nothing, so most of that would never be JSON."""

from collections.abc import Iterator
from typing import Final

KEYS: Final = (
    *(b"text", b"content", b"client_id", b"id", b"emoji", b"on", b"typing", b"status", b"name", b"before", b"after"),
    *(
        b"limit",
        b"seq",
        b"topic",
        b"event",
        b"payload",
        b"ref",
        b"join_ref",
        b"",
        b"\\ud800",
        b"te\\u0078t",
        "é".encode(),
    ),
)
SCRAPS: Final = (
    *(b"", b"a", b"away", b"online", b"chat:lobby", b"phx_join", b"1", b" ", b"x" * 70, "é".encode(), "😀".encode()),
    *(b"\\ud83d", b"\\ude00", b"\\uD83D\\uDE00", b"\\u0000", b"\\\\", b'\\"', b"\\n", b"\\/", b"\\u00e9", b"\\\\ud83d"),
)
NUMBERS: Final = (
    *(b"0", b"1", b"-1", b"-0", b"500", b"501", b"9007199254740992", b"9007199254740993", b"18446744073709551616"),
    *(b"-9223372036854775808", b"1.0", b"1e2", b"1E+400", b"0.1e-7", b"1" * 40),
)
CONSTANTS: Final = (b"null", b"true", b"false")
DEEPEST: Final = 6


class Writer:
    """Zeros follow when the bytes have run out."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def choose(self, among: tuple[bytes, ...]) -> bytes:
        return among[next(self._data, 0) % len(among)]

    def value(self, depth: int = 0) -> bytes:
        match next(self._data, 0) % (8 if depth < DEEPEST else 4):
            case 0:
                return self.choose(CONSTANTS)
            case 1:
                return self.choose(NUMBERS)
            case 2 | 3:
                return self.string()
            case 4:
                return b"[%b]" % b",".join(self.value(depth + 1) for _ in self._few())
            case _:
                return b"{%b}" % b",".join(b'"%b":%b' % (self.choose(KEYS), self.value(depth + 1)) for _ in self._few())

    def string(self) -> bytes:
        return b'"%b"' % b"".join(self.choose(SCRAPS) for _ in self._few())

    def _few(self) -> Iterator[int]:
        return iter(range(next(self._data, 0) % 5))
