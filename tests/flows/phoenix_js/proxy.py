"""A proxy that has something against WebSockets, as some offices have, and lets all else through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

import attrs
import trio

HEAD: int = 64 * 1024


class Spite(Enum):
    """What becomes of a WebSocket's handshake."""

    REFUSES = "refuses it"
    SWALLOWS = "never answers it"
    STARVES = "lets it through, and nothing after it"


@attrs.define
class Proxy:
    target: tuple[str, int]
    spite: Spite
    url: str = ""
    handshakes: int = 0

    async def serve(self, client: trio.SocketStream) -> None:
        async with client, trio.open_nursery() as nursery:
            try:
                head = await _head(client)
                if b"upgrade: websocket" in head.lower():
                    self.handshakes += 1
                    await self._obstruct(client, head)
                elif head:
                    await self._let_through(client, head)
            except trio.BrokenResourceError:
                pass
            nursery.cancel_scope.cancel()

    async def _obstruct(self, client: trio.SocketStream, head: bytes) -> None:
        if self.spite is Spite.REFUSES:
            await client.send_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        if self.spite is Spite.STARVES:
            async with await trio.open_tcp_stream(*self.target) as server:
                await server.send_all(head)
                await client.send_all(await server.receive_some())
                await _drain(client)
        await _drain(client)

    async def _let_through(self, client: trio.SocketStream, head: bytes) -> None:
        try:
            server = await trio.open_tcp_stream(*self.target)
        except OSError:
            return
        async with server, trio.open_nursery() as nursery:
            await server.send_all(head)
            nursery.start_soon(_pump, server, client, nursery.cancel_scope)
            await _pump(client, server, nursery.cancel_scope)


async def _head(client: trio.SocketStream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        data = await client.receive_some(HEAD)
        if not data:
            return b""
        head += data
    return head


async def _drain(client: trio.SocketStream) -> None:
    while await client.receive_some():
        pass


async def _pump(source: trio.SocketStream, sink: trio.SocketStream, both: trio.CancelScope) -> None:
    try:
        while data := await source.receive_some():
            await sink.send_all(data)
    except trio.BrokenResourceError:
        pass
    both.cancel()


@asynccontextmanager
async def proxied(target: tuple[str, int], spite: Spite) -> AsyncIterator[Proxy]:
    proxy = Proxy(target, spite)
    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        host, port = listener.socket.getsockname()
        proxy.url = f"http://{host}:{port}"
        nursery.start_soon(trio.serve_listeners, proxy.serve, [listener])
        yield proxy
        nursery.cancel_scope.cancel()
