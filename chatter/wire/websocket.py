"""WebSocket frames (RFC 6455) as a server sends them, and as it reads them.

Nearly all that clients send are whole, masked text frames, pings and pongs: those are read by a few lines here. At the
first frame that is anything else (a fragment, a close, a protocol error) the stream is handed to wsproto, from that
frame on and for good, and the RFC's long tail is its business.
"""

from typing import Final

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from chatter.errors import BadFrame

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

PROTOCOL_ERROR: Final = 1002
NOT_UTF8: Final = 1007
TOO_BIG: Final = 1009
NO_STATUS: Final = 1005

MAX_MESSAGE: Final = 256 * 1024
MAX_HEADER: Final = 14

Arrival = tuple[int, bytes]
"""An opcode and its whole payload, unmasked. A close's payload is its code alone, or nothing: what to answer with."""

_FIN: Final = 0x80
_MASKED: Final = 0x80
_USUAL: Final = frozenset({_FIN | TEXT, _FIN | BINARY, _FIN | PING, _FIN | PONG})
_LARGEST_CONTROL: Final = 125
_CHUNK: Final = 16 * 1024


def text_frame(payload: bytes) -> bytes:
    """One unmasked, unfragmented text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), payload)


def control_frame(opcode: int, payload: bytes) -> bytes:
    """One unmasked close, ping or pong; `payload` has 125 bytes at most."""
    return b"%c%c%b" % (_FIN | opcode, len(payload), payload)


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; a `reason` that is too long is cut, between characters."""
    cut = reason.encode()[: _LARGEST_CONTROL - 2].decode(errors="ignore")
    return control_frame(CLOSE, code.to_bytes(2, "big") + cut.encode())


class FrameReader:
    """Bytes in (`feed`), whole messages and control frames out (`next`). One per socket; 200 bytes when idle."""

    __slots__ = ("_at", "_data", "_limit", "_rest")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._data: bytes | bytearray = b""
        self._at = 0
        self._rest: _ByTheBook | _Broken | None = None

    def __len__(self) -> int:
        """How many bytes were fed and not looked at yet. More than `limit + MAX_HEADER`: `next` has something."""
        return len(self._data) - self._at if self._rest is None else len(self._rest)

    @property
    def broken(self) -> bool:
        """Whether `next` has raised: where the next frame begins can't be known any more."""
        return isinstance(self._rest, _Broken)

    def abandon(self) -> None:
        """Never look at what was fed, or will be."""
        self._data, self._at = b"", 0
        self._rest = _Broken(PROTOCOL_ERROR, "abandoned")

    def feed(self, data: bytes) -> None:
        if self._rest is not None:
            self._rest.feed(data)
        elif not self._data:
            self._data = data
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            del self._data[: self._at]
            self._at = 0
            self._data += data

    def next(self) -> Arrival | None:
        """What came next, None when it is not whole yet.

        Raises `BadFrame`, now and ever after, for what breaks the protocol (1002), text that is not UTF-8 (1007), and
        a message of more than `limit` bytes (1009). Nothing comes after a close.
        """
        data, at = self._data, self._at
        have = len(data) - at
        if have < 2:
            return None if self._rest is None else self._next_of_rest(self._rest)
        first, size = data[at], data[at + 1] - _MASKED
        if first not in _USUAL or size < 0:
            return self._go_by_the_book()
        start = at + 6
        if size > 125:
            long = self._long_size(first, size)
            if long is None:
                return self._go_by_the_book()
            size, start = long
            if size > self._limit:
                self._rest = _Broken(TOO_BIG, f"a message of more than {self._limit} bytes")
                return self._rest.next()
        end = start + size
        if end > len(data):
            return None
        payload = _unmasked(data[start:end], data[start - 4 : start])
        if end == len(data):
            self._data, self._at = b"", 0
        else:
            self._at = end
        if first == 0x81 and not payload.isascii() and not is_utf8(payload):
            self._data, self._at = b"", 0
            self._rest = _Broken(NOT_UTF8, "text that is not UTF-8")
            return self._rest.next()
        return first & 0x0F, payload

    def _long_size(self, first: int, size: int) -> tuple[int, int] | None:
        """The size and start of a payload of more than 125 bytes; None when it breaks the rules."""
        if first & CLOSE:
            return None
        width, least, most = (2, 126, 0xFFFF) if size == 126 else (8, 0x10000, 2**63 - 1)
        at = self._at + 2
        field = self._data[at : at + width]
        if len(field) < width:
            return 0, len(self._data) + 1  # not here yet
        size = int.from_bytes(field, "big")
        return (size, at + width + 4) if least <= size <= most else None

    def _go_by_the_book(self) -> Arrival | None:
        rest = self._rest = _ByTheBook(self._data[self._at :], self._limit)
        self._data, self._at = b"", 0
        return self._next_of_rest(rest)

    def _next_of_rest(self, rest: "_ByTheBook | _Broken") -> Arrival | None:
        try:
            return rest.next()
        except BadFrame as error:
            self._rest = _Broken(error.close_code, str(error))
            raise


class _Broken:
    """What is left of a stream that broke the protocol: nothing can be read from it."""

    __slots__ = ("_code", "_why")

    def __init__(self, code: int, why: str) -> None:
        self._code = code
        self._why = why

    def __len__(self) -> int:
        return 0

    def feed(self, data: bytes) -> None:
        pass

    def next(self) -> Arrival | None:
        raise BadFrame(self._code, self._why)


class _ByTheBook:
    """wsproto, which counts no bytes: messages are put together, and measured, here."""

    __slots__ = ("_closed", "_connection", "_limit", "_parts", "_size", "_unread")

    def __init__(self, unread: bytes | bytearray, limit: int) -> None:
        self._connection = Connection(ConnectionType.SERVER)
        self._unread = bytearray(unread)
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._unread)

    def feed(self, data: bytes) -> None:
        if not self._closed:
            self._unread += data

    def next(self) -> Arrival | None:
        while not self._closed:
            for event in self._connection.events():
                if (arrival := self._arrival(event)) is not None:
                    return arrival
            if not self._unread:
                break
            self._connection.receive_data(bytes(self._unread[:_CHUNK]))
            del self._unread[:_CHUNK]
        return None

    def _arrival(self, event: Event) -> Arrival | None:
        match event:
            case TextMessage(data=text, message_finished=finished):
                return self._message(TEXT, text.encode(), finished)
            case BytesMessage(data=data, message_finished=finished):
                return self._message(BINARY, bytes(data), finished)
            case Ping(payload=payload):
                return PING, bytes(payload)
            case Pong(payload=payload):
                return PONG, bytes(payload)
            case CloseConnection(code=code, reason=reason):
                return self._close(code, reason)
        return None

    def _message(self, opcode: int, part: bytes, finished: bool) -> Arrival | None:
        self._size += len(part)
        if self._size > self._limit:
            raise BadFrame(TOO_BIG, f"a message of more than {self._limit} bytes")
        self._parts.append(part)
        if not finished:
            return None
        whole = b"".join(self._parts)
        self._parts, self._size = [], 0
        return opcode, whole

    def _close(self, code: int, reason: str | None) -> Arrival:
        if self._connection.state is ConnectionState.OPEN:  # wsproto reports what it can't parse like a close
            raise BadFrame(int(code), reason or "not the WebSocket protocol")
        self._closed = True
        self._unread.clear()
        return CLOSE, b"" if code == NO_STATUS else int(code).to_bytes(2, "big")


_XOR: Final = tuple(bytes(byte ^ key for byte in range(256)) for key in range(256))


def _unmasked(data: bytes | bytearray, mask: bytes | bytearray) -> bytes:
    """`data` XOR `mask`, repeated: as one big integer, or for long data (Python's are slow) through tables."""
    size = len(data)
    if size <= 200:
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "little")
        return (int.from_bytes(data, "little") ^ key).to_bytes(size, "little")
    plain = bytearray(data)
    for offset, key in enumerate(mask):
        plain[offset::4] = plain[offset::4].translate(_XOR[key])
    return bytes(plain)


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
