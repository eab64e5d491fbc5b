"""A broadcast, to the plain sockets of one poller: what each takes at once is nearly all of it.

Either one `send` a socket, or one system call for all of them (`gateway.uring`). Looking at each connection on the way
costs a thirtieth of what the kernel needs for the write itself. So a connection has one `takes`, whatever its state,
and whenever any of them changes it, `Poller.changes` says so to those who keep some: also before a socket is closed, so
that nothing kept here ever names a descriptor that is somebody else's by now.
"""

from collections.abc import Callable, Sequence
from operator import length_hint
from typing import TYPE_CHECKING, Final

from chatter.actors.connection import Fanout
from chatter.gateway.uring import LONGEST, MOST, Batch, Ring

if TYPE_CHECKING:
    from chatter.gateway.poller import Poller, SocketConnection

FEW: Final = 32
"""To so many, or fewer, one `send` each is cheaper."""

_Takes = tuple[Callable[[bytes], int], ...]


def fanout(connections: "Sequence[SocketConnection]", poller: "Poller") -> Fanout:
    """See `actors.connection.Connection.fanout`."""
    ring = poller.ring
    if ring is None or len(connections) <= FEW:
        return _by_send(connections, poller)
    parts = [_by_ring(connections[n : n + MOST], poller, ring) for n in range(0, len(connections), MOST)]
    return parts[0] if len(parts) == 1 else _one_after_the_other(parts)


def _one_after_the_other(parts: Sequence[Fanout]) -> Fanout:
    def fanout(data: bytes) -> None:
        for part in parts:
            part(data)

    return fanout


def _by_send(connections: "Sequence[SocketConnection]", poller: "Poller") -> Fanout:
    """Only who can't take it all at once is looked at."""
    everyone: _Takes = ()
    made_at = -1

    def fanout(data: bytes) -> None:
        nonlocal everyone, made_at
        if made_at != poller.changes:
            everyone = tuple([connection.takes for connection in connections])
            made_at = poller.changes
        size = len(data)
        coming = iter(everyone)
        while True:
            try:
                for takes in coming:
                    if (taken := takes(data)) != size:
                        connections[~length_hint(coming)].fall_behind(data, taken)
                return
            except OSError as error:
                connections[~length_hint(coming)].not_taken(data, error)

    return fanout


def _by_ring(connections: "Sequence[SocketConnection]", poller: "Poller", ring: Ring) -> Fanout:
    """Those whose sockets take what comes go to the ring together, the others are told one by one."""
    ready: Sequence[SocketConnection] = ()
    others: Sequence[SocketConnection] = ()
    batch: Batch | None = None
    made_at = -1
    one_by_one = _by_send(connections, poller)

    def fanout(data: bytes) -> None:
        nonlocal ready, others, batch, made_at
        if len(data) > LONGEST:
            one_by_one(data)
            return
        if made_at != poller.changes:
            ready = [connection for connection in connections if connection.ready]
            others = [connection for connection in connections if not connection.ready]
            batch = ring.batch([connection.descriptor for connection in ready]) if ready else None
            made_at = poller.changes
        short = ring.send(batch, data) if batch is not None else ()
        for connection in others:
            connection.write(data)
        for which, result in short:
            if result < 0:
                ready[which].not_taken(data, OSError(-result, "not sent"))
            else:
                ready[which].fall_behind(data, result)

    return fanout
