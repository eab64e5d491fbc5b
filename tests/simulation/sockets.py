"""The server's end of a connection, as a plain socket and as a stream. It takes a part of what it is given, and its
errors are the kernel's: a closed descriptor is EBADF, a broken line ECONNRESET."""

import errno
import select
import socket
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

import trio
from trio.abc import HalfCloseableStream

from tests.simulation.lines import Line

IN, OUT, ERR, HUP = select.EPOLLIN, select.EPOLLOUT, select.EPOLLERR, select.EPOLLHUP


class Network(Protocol):
    """What a socket needs of the network that it is in."""

    chance: Random

    def tell(self) -> None: ...
    def falls_short(self) -> bool: ...
    def number(self, plain: "ServerSocket") -> int: ...
    def forget(self, number: int) -> None: ...


class ServerSocket:
    """The server's end: what `accept` returns."""

    family = socket.AF_INET

    def __init__(self, network: Network, inward: Line, outward: Line, broken: Callable[[], None]) -> None:
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
