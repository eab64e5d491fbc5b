"""What a session knows of its socket: a port that the gateway implements, and tests with a few lines.

The connection belongs to the gateway and outlives a crash of the session. It holds what came in and is not handled
yet, and what goes out and is not written yet, both within limits.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import attrs

from chatter.frozen import frozen
from chatter.wire.phoenix import Codec


@attrs.frozen
class Input:
    """Cast to the session: frames wait in its connection, or the connection is closed."""


INPUT = Input()


@frozen
class Frame:
    """A complete message from the client, UTF-8 when it is not `binary`."""

    data: bytes
    binary: bool = False


Fanout = Callable[[bytes], None]
"""`write`s the same to each of some connections, at less than a call a connection where that can be had."""


class Connection(Protocol):
    """A socket (or a long-poll session) as its session sees it.

    `id` is unique on this node. `closed`: nothing can be written any more, and no frame comes after those that wait.
    """

    id: str
    codec: Codec
    closed: bool

    def peek(self) -> Frame | None:
        """The oldest frame that is not handled yet, None when there is none now; `errors.BadFrame` when what comes
        next breaks the protocol. Control frames are answered inside. After None, the next bytes cast an `INPUT`."""
        ...

    def advance(self) -> None:
        """The frame that `peek` returned is handled."""
        ...

    def write(self, data: bytes) -> None:
        """Send framed bytes, now or when the socket can take them; never waits. Closed: nothing happens. A reader
        that is too slow for what it is sent is closed with 1013."""
        ...

    @staticmethod
    def fanout(connections: "Sequence[Any]") -> "Fanout":
        """Made once, used as often as these connections, all of this class, are to be written the same."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Send what waits, a close frame with `code`, and close. Twice: nothing happens."""
        ...


def one_by_one(connections: Sequence[Connection]) -> Fanout:
    """The plain way."""

    def fanout(data: bytes) -> None:
        for connection in connections:
            connection.write(data)

    return fanout
