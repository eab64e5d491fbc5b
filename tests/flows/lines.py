"""Lines that can be broken: what goes from a node to its database, or to its bus, goes through one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

import attrs
import trio

LARGEST: Final = 65536


class Break(Enum):
    """`CUT`: all connections end, and no new one can be made. `SILENT`: all stand, and can be made, and nothing goes
    through, in either direction; what was sent meanwhile arrives after it is mended, as on a real network."""

    CUT = "cut"
    SILENT = "silent"


@attrs.define(eq=False)
class Line:
    """From `port` to `target`."""

    port: int
    target: int = 0
    broken: Break | None = None
    _mended: trio.Event = attrs.Factory(trio.Event)
    _connections: set[trio.CancelScope] = attrs.Factory(set)

    def to(self, url: str) -> str:
        """The address through this line."""
        self.target = urlsplit(url).port or 0
        return url.replace(f":{self.target}/", f":{self.port}/", 1)

    def fail(self, how: Break) -> None:
        self.broken = how
        if how is Break.CUT:
            for connection in self._connections:
                connection.cancel()

    def mend(self) -> None:
        self.broken = None
        mended, self._mended = self._mended, trio.Event()
        mended.set()

    async def serve(self, near: trio.SocketStream) -> None:
        with trio.CancelScope() as scope:
            if self.broken is Break.CUT:
                scope.cancel()
            self._connections.add(scope)
            try:
                await self._connect(near)
            finally:
                self._connections.discard(scope)
        await trio.aclose_forcefully(near)

    async def _connect(self, near: trio.SocketStream) -> None:
        try:
            far = await trio.open_tcp_stream("127.0.0.1", self.target)
        except OSError:
            return
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pour, near, far, nursery.cancel_scope)
                nursery.start_soon(self._pour, far, near, nursery.cancel_scope)
        finally:
            await trio.aclose_forcefully(far)

    async def _pour(self, source: trio.SocketStream, target: trio.SocketStream, both: trio.CancelScope) -> None:
        try:
            while data := await source.receive_some(LARGEST):
                while self.broken:
                    await self._mended.wait()
                await target.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        both.cancel()


@attrs.frozen
class Lines:
    """One node's."""

    database: Line
    bus: Line

    def addresses(self, database: str, bus: str) -> tuple[str, str]:
        return self.database.to(database), self.bus.to(bus)


@asynccontextmanager
async def laid(nodes: int) -> AsyncIterator[list[Lines]]:
    """Lines for so many nodes."""
    async with trio.open_nursery() as nursery:
        yield [Lines(await _line(nursery), await _line(nursery)) for _ in range(nodes)]
        nursery.cancel_scope.cancel()


async def _line(nursery: trio.Nursery) -> Line:
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    line = Line(listener.socket.getsockname()[1])
    nursery.start_soon(trio.serve_listeners, line.serve, [listener])
    return line
