"""A network of one server and its clients.

Its sockets quack like the standard library's, an epoll like `select.epoll`, so that the gateway runs on them unchanged
(`chatter.gateway.network.Network`). Numbers of descriptors are used again at once.
"""

import errno
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

import trio

from tests.simulation.agenda import Agenda
from tests.simulation.lines import Conditions, Line
from tests.simulation.sockets import ERR, HUP, ServerSocket, ServerStream

ENDLESS = 1 << 40


class Epoll:
    """Level-triggered, over the sockets of one network."""

    def __init__(self, network: "Network") -> None:
        self.closed = False
        self._network = network
        self._interests: dict[int, int] = {}

    def register(self, descriptor: int, events: int) -> None:
        self._known(descriptor)
        if descriptor in self._interests:
            raise FileExistsError(errno.EEXIST, "registered already")
        self._interests[descriptor] = events
        self._network.tell()

    def modify(self, descriptor: int, events: int) -> None:
        self._known(descriptor)
        if descriptor not in self._interests:
            raise FileNotFoundError(errno.ENOENT, "not registered")
        self._interests[descriptor] = events
        self._network.tell()

    def unregister(self, descriptor: int) -> None:
        self._known(descriptor)
        if self._interests.pop(descriptor, None) is None:
            raise FileNotFoundError(errno.ENOENT, "not registered")

    def _known(self, descriptor: int) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed epoll object")
        if descriptor not in self._network.sockets:
            raise OSError(errno.EBADF, "bad file descriptor")

    def forget(self, descriptor: int) -> None:
        """A closed socket leaves by itself."""
        self._interests.pop(descriptor, None)

    def ready(self) -> list[tuple[int, int]]:
        found = []
        for descriptor, interest in self._interests.items():
            if events := self._network.sockets[descriptor].events & (interest | ERR | HUP):
                found.append((descriptor, events))
        return found

    def poll(self, _timeout: float, most: int) -> list[tuple[int, int]]:
        found = self.ready()
        self._network.chance.shuffle(found)
        return found[:most]

    def close(self) -> None:
        self.closed = True
        self._network.tell()


class Listener:
    """A bound port, and who waits to be accepted."""

    def __init__(self, network: "Network") -> None:
        self._network = network
        self._waiting: list[ServerSocket] = []
        self.closed = False

    def knock(self, accepted: ServerSocket) -> None:
        self._waiting.append(accepted)
        self._network.tell()

    def ready(self) -> bool:
        return bool(self._waiting)

    def accept(self) -> tuple[ServerSocket, tuple[str, int]]:
        if not self._waiting:
            raise BlockingIOError
        return self._waiting.pop(0), ("127.0.0.1", 1)

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 4000)

    def close(self) -> None:
        """Who was not accepted is reset."""
        self.closed = True
        for left in self._waiting:
            left.received += b"?"
            left.close()
        self._waiting.clear()


class Network:
    """One process's network; see `chatter.gateway.network.Network`. `polled`: whether it has an epoll."""

    def __init__(self, agenda: Agenda, chance: Random, conditions: Conditions, *, polled: bool) -> None:
        self.agenda = agenda
        self.chance = chance
        self.conditions = conditions
        self.sockets: dict[int, ServerSocket] = {}
        self.severed = False
        self._polled = polled
        self._listener: Listener | None = None
        self._epolls: list[Epoll] = []
        self._free: list[int] = []
        self._news = trio.Event()

    # -- what the gateway uses

    def bind(self, _host: str, _port: int) -> list[Any]:
        self._listener = Listener(self)
        return [self._listener]

    def ring(self) -> None:
        """Sends are the sockets' own."""

    def epoll(self) -> Epoll | None:
        if not self._polled:
            return None
        self._epolls = [*(epoll for epoll in self._epolls if not epoll.closed), Epoll(self)]
        return self._epolls[-1]

    async def readable(self, waiting: Any) -> None:
        await trio.lowlevel.checkpoint()
        while not waiting.ready():
            await self._news.wait()

    def stream(self, plain: Any) -> ServerStream:
        return ServerStream(plain)

    # -- what its sockets use

    def tell(self) -> None:
        news, self._news = self._news, trio.Event()
        news.set()

    def falls_short(self) -> bool:
        return self.chance.random() < self.conditions.short

    def number(self, plain: ServerSocket) -> int:
        """The lowest free one."""
        number = heappop(self._free) if self._free else len(self.sockets) + 10
        self.sockets[number] = plain
        return number

    def forget(self, number: int) -> None:
        del self.sockets[number]
        heappush(self._free, number)
        for epoll in self._epolls:
            epoll.forget(number)

    # -- what the world uses

    @property
    def listening(self) -> bool:
        return self._listener is not None and not self._listener.closed and not self.severed

    def connect(self, end: "ClientEnd") -> None:
        assert self._listener is not None
        end.server = ServerSocket(self, end.outward, end.inward, end.break_later)
        end.outward.resume()
        self._listener.knock(end.server)

    def sever(self) -> None:
        """The process is dead: its kernel closes every socket, and nothing it does reaches anybody any more."""
        self.severed = True
        for plain in list(self.sockets.values()):
            plain.die()
        if self._listener is not None:
            self._listener.close()


class ClientEnd:
    """A client's end of a connection. It reads at once what comes, unless its line stalls."""

    def __init__(self, agenda: Agenda, chance: Random, conditions: Conditions) -> None:
        self.inward = Line(agenda, chance, conditions, conditions.buffer)
        self.outward = Line(agenda, chance, conditions, ENDLESS)
        self.server: ServerSocket | None = None
        self.over = False
        self.on_end: Callable[[], None] = lambda: None
        self.inward.ended = self._end
        self.outward.stall()  # until it is connected
        self._agenda = agenda

    @property
    def idle(self) -> bool:
        return self.over or (self.inward.idle and self.outward.idle)

    def send(self, data: bytes) -> None:
        if not self.over:
            self.outward.send(data)

    def close(self) -> None:
        """Go, as a browser's process does: what was sent before still arrives."""
        if not self.over:
            self.over = True
            self.outward.finish()
            self.inward.drop()

    def reset(self) -> None:
        """The line breaks for both: nothing that is on its way arrives."""
        if self.server is not None:
            self.server.break_off()
        self._break()

    def break_later(self) -> None:
        """The server reset it: what is on its way to here is lost."""
        self.inward.drop()
        self._agenda.after(0.005, self._break)

    def vanish(self) -> None:
        """The line dies, and nobody is told."""
        self.inward.stall()
        self.outward.stall()

    def _break(self) -> None:
        self.outward.drop()
        self.inward.drop()
        self._end()

    def _end(self) -> None:
        if not self.over:
            self.over = True
            self.on_end()
