"""A network of one server and its clients: sockets that take a part of what they are given, pieces that split and
merge on their way, lines that stall and break.

A socket here quacks like the standard library's, an epoll like `select.epoll`, so that the gateway runs on them
unchanged (`chatter.gateway.network.Network`). Errors are the kernel's: a closed descriptor is EBADF, a broken line
ECONNRESET, numbers of descriptors are used again at once.
"""

import errno
import select
import socket
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

import attrs
import trio
from trio.abc import HalfCloseableStream

from tests.simulation.agenda import Agenda

IN, OUT, ERR, HUP = select.EPOLLIN, select.EPOLLOUT, select.EPOLLERR, select.EPOLLHUP
ENDLESS = 1 << 40


@attrs.frozen(kw_only=True)
class Conditions:
    """How the network is in one run. `buffer`: bytes a line holds for a reader. `latency`: seconds, at most.
    `splitting`, `short`: how often a piece is delivered in two, and how often a socket takes or gives only a part."""

    buffer: int = 65536
    latency: float = 0.02
    splitting: float = 0.1
    short: float = 0.1


class Line:
    """One direction of a connection: bytes, and then maybe an end, arrive as they were sent, later and in pieces."""

    def __init__(self, agenda: Agenda, chance: Random, conditions: Conditions, capacity: int) -> None:
        self.arrive: Callable[[bytes], None] = lambda data: None
        self.ended: Callable[[], None] = lambda: None
        self.eased: Callable[[], None] = lambda: None
        self.sent = 0
        self._agenda = agenda
        self._chance = chance
        self._conditions = conditions
        self._capacity = capacity
        self._pending = bytearray()
        self._finished = False
        self._stalled = False
        self._moving = False
        self._cut_after: tuple[int, Callable[[], None]] | None = None

    @property
    def idle(self) -> bool:
        """Nothing is on its way, and what would be sent would arrive."""
        return not self._stalled and not self._pending

    @property
    def space(self) -> int:
        return max(0, self._capacity - len(self._pending))

    def send(self, data: bytes) -> int:
        """How much of it was taken."""
        taken = data[: self.space]
        self._pending += taken
        self.sent += len(taken)
        self._move()
        return len(taken)

    def finish(self) -> None:
        self._finished = True
        self._move()

    def stall(self) -> None:
        self._stalled = True

    def resume(self) -> None:
        self._stalled = False
        self._move()

    def cut(self, after: int, then: Callable[[], None]) -> None:
        """Deliver so many bytes more, and then call `then`."""
        self._cut_after = (after, then)

    def spare(self) -> None:
        """Not to be cut after all."""
        self._cut_after = None

    def drop(self) -> None:
        """Nothing arrives any more."""
        self._stalled = True
        self._pending.clear()
        self.arrive = lambda data: None
        self.ended = lambda: None

    def _move(self) -> None:
        if not self._moving and not self._stalled and (self._pending or self._finished):
            self._moving = True
            self._agenda.after(self._chance.uniform(0.001, self._conditions.latency), self._deliver)

    def _deliver(self) -> None:
        self._moving = False
        if self._stalled:
            return
        if not self._pending:
            if self._finished:
                self._stalled = True
                self.ended()
            return
        size = len(self._pending)
        if size > 1 and self._chance.random() < self._conditions.splitting:
            size = self._chance.randrange(1, size)
        if self._cut_after is not None:
            left, then = self._cut_after
            size = min(size, left)
            self._cut_after = (left - size, then)
        piece = bytes(self._pending[:size])
        del self._pending[:size]
        if piece:
            self.arrive(piece)
        if self._cut_after is not None and self._cut_after[0] <= 0:
            self._cut_after[1]()
            return
        self.eased()
        self._move()


class ServerSocket:
    """The server's end: what `accept` returns."""

    family = socket.AF_INET

    def __init__(self, network: "Network", inward: Line, outward: Line, broken: Callable[[], None]) -> None:
        self.descriptor = network.number(self)
        self.received = bytearray()
        self.at_end = False
        self.reset = False
        self.news = trio.Event()  # for who waits as a stream
        self._network = network
        self._outward = outward
        self._broken = broken  # tells the client
        self._shut = False
        inward.arrive, inward.ended, outward.eased = self._arrive, self._end, self.tell

    # -- the network's side

    def _arrive(self, data: bytes) -> None:
        self.received += data
        self.tell()

    def _end(self) -> None:
        self.at_end = True
        self.tell()

    def break_off(self) -> None:
        """A reset came."""
        self.reset = True
        self.received.clear()
        self.tell()

    def die(self) -> None:
        """Its process is dead: the client learns of it, and the process's ghost can do nothing with it."""
        self._leave()
        self._shut = True
        self.break_off()

    def tell(self) -> None:
        news, self.news = self.news, trio.Event()
        news.set()
        self._network.tell()

    @property
    def events(self) -> int:
        """As epoll would report, whatever is asked for."""
        if self.reset:
            return IN | OUT | ERR | HUP
        readable = IN if self.received or self.at_end else 0
        return readable | (OUT if self._outward.space else 0)

    # -- the gateway's side

    def fileno(self) -> int:
        return self.descriptor

    def setblocking(self, _blocking: bool) -> None:
        self._checked()

    def setsockopt(self, *_option: int) -> None:
        self._checked()

    def getpeername(self) -> tuple[str, int]:
        return ("127.0.0.1", 1)

    getsockname = getpeername

    def recv(self, most: int) -> bytes:
        self._checked()
        if self.reset:
            raise ConnectionResetError(errno.ECONNRESET, "reset by peer")
        if not self.received:
            if self.at_end:
                return b""
            raise BlockingIOError
        size = min(most, len(self.received))
        if size > 1 and self._network.falls_short():
            size = self._network.chance.randrange(1, size)
        data = bytes(self.received[:size])
        del self.received[:size]
        return data

    def send(self, data: bytes) -> int:
        self._checked()
        if self.reset or self._shut:
            raise BrokenPipeError(errno.EPIPE, "broken pipe")
        if not self._outward.space:
            raise BlockingIOError
        if len(data) > 1 and self._network.falls_short():
            data = data[: self._network.chance.randrange(1, len(data))]
        return self._outward.send(data)

    def sendmsg(self, pieces: list[Any]) -> int:
        return self.send(b"".join(pieces))

    def shutdown(self, how: int) -> None:
        self._checked()
        if self.reset:
            raise OSError(errno.ENOTCONN, "not connected")
        if how != socket.SHUT_RD and not self._shut:
            self._shut = True
            self._outward.finish()

    def close(self) -> None:
        if self.descriptor >= 0:
            self._network.forget(self.descriptor)
            self.descriptor = -1
            self._leave()

    def _leave(self) -> None:
        """With bytes unread, what is on its way to the client may be lost: the kernel sends a reset then."""
        if self.received and not self.reset:
            self._broken()
        elif not self._shut:
            self._outward.finish()

    def _checked(self) -> None:
        if self.descriptor < 0:
            raise OSError(errno.EBADF, "bad file descriptor")


class ServerStream(HalfCloseableStream):
    """The same socket, for the gateway's slower path."""

    def __init__(self, plain: ServerSocket) -> None:
        self.plain = plain

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        rest = bytes(data)
        while rest:
            try:
                rest = rest[self.plain.send(rest) :]
            except BlockingIOError:
                await self.plain.news.wait()
            except OSError as error:
                raise self._failure() from error

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        while True:
            try:
                return self.plain.recv(max_bytes or 65536)
            except BlockingIOError:
                await self.plain.news.wait()
            except OSError as error:
                raise self._failure() from error

    def _failure(self) -> Exception:
        return trio.ClosedResourceError() if self.plain.descriptor < 0 else trio.BrokenResourceError()

    async def send_eof(self) -> None:
        await trio.lowlevel.checkpoint()
        try:
            self.plain.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._failure() from error

    async def aclose(self) -> None:
        self.plain.close()
        self.plain.tell()
        await trio.lowlevel.checkpoint()


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
