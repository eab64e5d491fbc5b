"""What a stream of bytes says, by our reader and by wsproto alone: for tests that they agree."""

from collections.abc import Iterator

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from chatter.errors import BadFrame
from chatter.wire.websocket import BINARY, CLOSE, PING, PONG, TEXT, FrameReader

Result = tuple[list[tuple[int, bytes]], int | None]
"""What was read, and the code of the error that ended it."""


def ours(pieces: list[bytes], limit: int) -> Result:
    reader = FrameReader(limit)
    found: list[tuple[int, bytes]] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (arrival := reader.next()) is not None:
                found.append(arrival)
    except BadFrame as error:
        return found, error.close_code
    return found, None


def wsprotos(pieces: list[bytes], limit: int) -> Result:
    """wsproto is fed all at once, since it counts what is not complete yet; the limit is ours."""
    connection = Connection(ConnectionType.SERVER)
    connection.receive_data(b"".join(pieces))
    found: list[tuple[int, bytes]] = []
    parts: list[bytes] = []
    for event in connection.events():
        if isinstance(event, CloseConnection) and connection.state is ConnectionState.OPEN:
            return found, int(event.code)
        if isinstance(event, TextMessage | BytesMessage):
            parts.append(event.data.encode() if isinstance(event.data, str) else bytes(event.data))
            if sum(map(len, parts)) > limit:
                return found, 1009
            if event.message_finished:
                found.append((TEXT if isinstance(event, TextMessage) else BINARY, b"".join(parts)))
                parts = []
        else:
            found.extend(_controls(event))
    return found, None


def _controls(event: Event) -> Iterator[tuple[int, bytes]]:
    match event:
        case Ping(payload=payload):
            yield PING, bytes(payload)
        case Pong(payload=payload):
            yield PONG, bytes(payload)
        case CloseConnection(code=code):
            yield CLOSE, b"" if code == 1005 else int(code).to_bytes(2, "big")


def agree(pieces: list[bytes], limit: int) -> Result:
    """Both read the same, or refuse with the same code; they may differ in when, in nothing else. What we read."""
    found, code = ours(pieces, limit)
    expected, expected_code = wsprotos(pieces, limit)
    if code is None and expected_code == 1007:
        # wsproto finds fault with text as it comes, we do when it is all there; until then both hold it back
        assert found == expected
        assert ours([*pieces, bytes(limit)], limit)[1] in (1002, 1007, 1009)
    elif code == 1009 and expected_code in (None, 1007):
        assert found == expected  # its header says that it will be too large
    else:
        assert (found, code) == (expected, expected_code)
    return found, code


def alike(one: Result, other: Result) -> bool:
    """Whether two readings differ at most in which of its two faults a message was refused for: that it is too large,
    or, further on, not UTF-8. Which is seen first depends on how it was cut."""
    return one == other or (one[0] == other[0] and {one[1], other[1]} == {1007, 1009})
