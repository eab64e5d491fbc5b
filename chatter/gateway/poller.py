"""Plain sockets, read and written without Trio's help: one task waits for all of them.

Trio's way, a task a socket that waits for it to be readable, costs an `epoll_ctl` and a task switch for each read,
and a task's memory for each socket. Here a socket is registered once, in an epoll of our own, and Trio waits for that
one. Writing is the socket's `send`, at once; what it does not take waits in a `Backlog` until epoll says so.

Only where there is an epoll. Elsewhere plain sockets are served as other streams are (`gateway.streams`).
"""

import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from chatter.actors.connection import Fanout
from chatter.actors.worker import contained
from chatter.gateway.backlog import Backlog
from chatter.gateway.connection import WebSocketConnection
from chatter.gateway.fanout import fanout
from chatter.gateway.limits import Limits
from chatter.gateway.transport import Mortal
from chatter.wire.phoenix import Codec

if TYPE_CHECKING:
    from chatter.actors.exits import Exit
    from chatter.actors.mailbox import Ref
    from chatter.gateway.sweeper import Sweeper
    from chatter.gateway.uring import Ring

SOCKETS_A_TURN: Final = 256
READ_SIZE: Final = 64 * 1024

_IN: Final = 1
_OUT: Final = 4


class Poller:
    """The task that waits, and the sockets it waits for. `readable` waits until the epoll has news.

    It may crash and `run` again: nobody is lost, since epoll tells again what was not read or written. A crash in one
    connection is told to `crashed`, and is that one's alone.

    `changes` goes up whenever a connection's `takes` is another; `ring` sends to many at once, where there is one.
    """

    def __init__(
        self,
        epoll: Any,
        readable: Callable[[Any], Awaitable[None]],
        crashed: "Callable[[Mortal, Exit], None]",
        ring: "Ring | None" = None,
    ) -> None:
        self._epoll = epoll
        self._readable = readable
        self._crashed = crashed
        self._sockets: dict[int, Polled] = {}
        self.changes = 0
        self.ring = ring

    def __len__(self) -> int:
        return len(self._sockets)

    async def run(self) -> None:
        while True:
            await self._readable(self._epoll)
            self._attend_some()

    def _attend_some(self) -> None:
        for ready, events in self._epoll.poll(0, SOCKETS_A_TURN):
            connection = self._sockets.get(ready)
            if connection is not None and (crash := contained(connection.attend, events)) is not None:
                self._crashed(connection, crash)

    def close(self) -> None:
        self._epoll.close()
        if self.ring is not None:
            self.ring.close()
            self.ring = None

    def register(self, polled: "Polled", descriptor: int) -> None:
        """Whose socket is registered already takes its place: it is read, and nothing else."""
        if descriptor not in self._sockets:
            self._epoll.register(descriptor, _IN)
        self._sockets[descriptor] = polled

    def watch(self, descriptor: int, events: int) -> None:
        self._epoll.modify(descriptor, events)

    def unregister(self, descriptor: int) -> None:
        if self._sockets.pop(descriptor, None) is not None and not self._epoll.closed:
            self._epoll.unregister(descriptor)


class Polled(Mortal, Protocol):
    """Who has a socket here."""

    def attend(self, events: int) -> None:
        """Epoll says that it can be read or written to, or that its end has come."""
        ...


class SocketConnection(WebSocketConnection):
    """A WebSocket on a plain socket, which from now on is its own to close."""

    __slots__ = ("_poller", "_socket", "_watched", "ready", "takes")

    def __init__(
        self,
        plain: socket.socket,
        greeting: bytes,
        id: str,
        codec: Codec,
        sweeper: "Sweeper",
        limits: Limits,
        poller: Poller,
    ) -> None:
        super().__init__(id, codec, sweeper, limits)
        self._socket = plain
        self._poller = poller
        self._watched: int | None = None  # epoll events; None while it is not registered
        self.takes: Callable[[bytes], int] = self._keep  # how many of the bytes it took; raises OSError
        self.ready = False  # `takes` is the socket's own `send`
        self._backlog = Backlog()
        self._backlog.add(greeting)

    def open(self, session: "Ref[Any]", unread: bytes) -> None:
        if not self._gone:
            self._poller.register(self, self._socket.fileno())
            self._watched = _IN
            self.flush()
        super().open(session, unread)

    def write(self, data: bytes) -> None:
        try:
            taken = self.takes(data)
        except OSError as error:
            self.not_taken(data, error)
        else:
            if taken != len(data):
                self.fall_behind(data, taken)

    @staticmethod
    def fanout(connections: "Sequence[Any]") -> Fanout:
        return fanout(connections, connections[0]._poller)

    def not_taken(self, data: bytes, error: OSError) -> None:
        """`takes` raised `error`."""
        if isinstance(error, BlockingIOError):
            self.fall_behind(data, 0)
        else:
            self.hang_up()

    def _keep(self, data: bytes) -> int:
        """Take it all, behind what waits already."""
        if not self.closed:
            self._queue(data)
        return len(data)

    def _now_takes(self, takes: Callable[[bytes], int], ready: bool = False) -> None:
        self.takes = takes
        self.ready = ready
        self._poller.changes += 1

    def attend(self, events: int) -> None:
        """Epoll says that it can be written to, or that there are bytes, or the end of them."""
        if events & _OUT:
            self.flush()
        if events & ~_OUT:
            self.receive()

    def receive(self) -> None:
        try:
            data = self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.seen = self._sweeper.now
            self.received(data)
        else:
            self.hang_up()

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it."""
        backlog = self._backlog
        if backlog is None:
            return
        try:
            sent = backlog.send(self._socket.sendmsg)
        except OSError:
            self.hang_up()
            return
        if backlog:
            self._watch()
            if sent and not self._parting:
                self._sweeper.expect(self, self._limits.stall)
        else:
            self._caught_up()

    @property
    def descriptor(self) -> int:
        return self._socket.fileno()

    def fall_behind(self, data: bytes, sent: int) -> None:
        """It took `sent` bytes of `data`; the rest waits."""
        self._now_takes(self._keep)
        self._backlog = Backlog()
        self._backlog.add(data, sent)
        self._sweeper.expect(self, self._limits.stall)
        self._watch()

    def _caught_up(self) -> None:
        self._backlog = None
        self._watch()
        if self._parting:
            self._said_goodbye()
        else:
            self._sweeper.forgive(self)
            self._now_takes(self._socket.send, ready=True)

    def _watch(self) -> None:
        events = (0 if self._paused else _IN) | (0 if self._backlog is None else _OUT)
        if events != self._watched and self._watched is not None:
            self._watched = events
            self._poller.watch(self._socket.fileno(), events)

    def _say(self, goodbye: bytes) -> None:
        self._now_takes(len)  # nothing comes behind a goodbye
        if self._backlog is None:
            self._backlog = Backlog()
        self._backlog.add(goodbye)
        self.flush()

    def _shut_writing(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.hang_up()

    def _pause(self) -> None:
        self._paused = True
        self._watch()

    def _resume(self) -> None:
        self._paused = False
        self._watch()

    def _release(self) -> None:
        self._now_takes(len)
        self._watched = None
        self._poller.unregister(self._socket.fileno())
        self._socket.close()
