"""What the gateway needs of the operating system: a port, sockets, an epoll, a ring. One object, so that all of it can
be something else: `tests/simulation` has the gateway run on sockets that break when they are told to."""

import select
import socket
from collections.abc import Awaitable
from typing import Any, Protocol

import trio
from trio.abc import Stream

from chatter.gateway.listening import bind
from chatter.gateway.uring import Ring


class Network(Protocol):
    """Sockets and the epoll are the standard library's, or quack like them."""

    def bind(self, host: str, port: int) -> list[socket.socket]:
        """As `listening.bind`."""
        ...

    def epoll(self) -> Any:
        """A new `select.epoll`; None where there is no such thing."""
        ...

    def ring(self) -> Ring | None:
        """A new one; None where there is no such thing."""
        ...

    def readable(self, waiting: Any) -> Awaitable[None]:
        """Wait until a listening socket can accept, or the epoll has news."""
        ...

    def stream(self, plain: socket.socket) -> Stream:
        """An accepted socket as a stream."""
        ...


class System:
    """The real one."""

    def bind(self, host: str, port: int) -> list[socket.socket]:
        return bind(host, port)

    def epoll(self) -> Any:
        return select.epoll() if hasattr(select, "epoll") else None

    def ring(self) -> Ring | None:
        return Ring.open()

    def readable(self, waiting: Any) -> Awaitable[None]:
        return trio.lowlevel.wait_readable(waiting)  # noqa: ASYNC105

    def stream(self, plain: socket.socket) -> Stream:
        return trio.SocketStream(trio.socket.from_stdlib_socket(plain))
