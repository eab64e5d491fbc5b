"""Listening sockets: bound before anything starts, so that a port in use is one clear error."""

import errno
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

import trio

BACKLOG: Final = 4096
ACCEPTS_A_TURN: Final = 64
PAUSE: Final = 0.1
UNSENT: Final = 128 * 1024
"""Bytes that the kernel holds back for a slow reader before it says that it is full."""

_EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def bind(host: str, port: int) -> list[socket.socket]:
    """Listen on all addresses of `host` ("" is every address of this machine), on one port. `OSError`."""
    infos = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in infos))
    bound: list[socket.socket] = []
    try:
        for family, address in addresses:
            chosen = bound[0].getsockname()[1] if bound else port
            bound.append(_listen(family, (address[0], chosen, *address[2:]), alone=len(addresses) == 1))
    except OSError:
        for listener in bound:
            listener.close()
        raise
    return bound


def _listen(family: int, address: tuple[object, ...], *, alone: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not alone)
        _set_up_for_frames(listener)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _set_up_for_frames(listener: socket.socket) -> None:
    """What is accepted inherits it: small writes go out at once, and few of them wait in the kernel."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)


class Acceptor:
    """Takes connections from one listening socket, many at a time, while there is `room` for their handshakes."""

    def __init__(
        self,
        listener: socket.socket,
        room: "Room",
        admit: Callable[[socket.socket], None],
        readable: Callable[[Any], Awaitable[None]] = trio.lowlevel.wait_readable,
    ) -> None:
        self._listener = listener
        self._room = room
        self._admit = admit
        self._readable = readable

    async def run(self) -> None:
        while True:
            await self._room.wait()
            await self._readable(self._listener)
            try:
                self._accept_some()
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno in _EXHAUSTED:  # the others go on; those who come wait in the kernel's queue
                    await trio.sleep(PAUSE)

    def _accept_some(self) -> None:
        for _ in range(min(ACCEPTS_A_TURN, self._room.left)):
            accepted, _ = self._listener.accept()
            accepted.setblocking(False)
            self._admit(accepted)


class Room:
    """How many handshakes are under way, at most `size`."""

    def __init__(self, size: int) -> None:
        self.taken = 0
        self._size = size
        self._eased = trio.Event()

    @property
    def left(self) -> int:
        return self._size - self.taken

    async def wait(self) -> None:
        """Until there is some."""
        while self.left <= 0:
            self._eased = trio.Event()
            await self._eased.wait()

    def enter(self) -> None:
        self.taken += 1

    def leave(self) -> None:
        self.taken -= 1
        self._eased.set()

    def __enter__(self) -> None:
        self.enter()

    def __exit__(self, *_: object) -> None:
        self.leave()
