"""WebSockets on any Trio stream: TLS, memory streams in tests, and plain sockets where there is no epoll.

Two tasks each, while it lasts: one reads, one writes. That weighs more than a plain socket's connection, but less than
TLS itself.
"""

from typing import TYPE_CHECKING, Final

import trio
from trio.abc import Stream

from chatter.gateway.backlog import Backlog
from chatter.gateway.connection import WebSocketConnection
from chatter.gateway.limits import Limits
from chatter.gateway.tls import half_closeable
from chatter.wire.phoenix import Codec

if TYPE_CHECKING:
    from chatter.gateway.sweeper import Sweeper

READ_SIZE: Final = 64 * 1024
WRITE_SIZE: Final = 64 * 1024


class StreamConnection(WebSocketConnection):
    """A WebSocket on `stream`, which `run` closes. `greeting`: written before all else."""

    __slots__ = ("_scope", "_stream", "_wake_reader", "_wake_writer")

    def __init__(
        self, stream: Stream, greeting: bytes, id: str, codec: Codec, sweeper: "Sweeper", limits: Limits
    ) -> None:
        super().__init__(id, codec, sweeper, limits)
        self._stream = stream
        self._scope = trio.CancelScope()
        self._wake_reader = trio.Event()
        self._wake_writer = trio.Event()
        if greeting:
            self._backlog = Backlog()
            self._backlog.add(greeting)

    async def run(self) -> None:
        """Read and write until the connection has ended. Call `open` before."""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write_all)
                    await self._read_all()
        finally:
            self.hang_up()
            await trio.aclose_forcefully(self._stream)

    def write(self, data: bytes) -> None:
        if not self.closed:
            self._queue(data)
            self._wake_writer.set()

    async def _read_all(self) -> None:
        while data := await self._receive():
            self.seen = self._sweeper.now
            self.received(data)
            while self._paused:
                await self._wake_reader.wait()
        self.hang_up()

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some(READ_SIZE))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return b""

    async def _write_all(self) -> None:
        while not self._said:
            self._wake_writer = trio.Event()
            if self._backlog:
                await self._write_some(self._backlog)
            else:
                await self._wake_writer.wait()
        if self._reader.broken and (half := half_closeable(self._stream)) is not None:
            try:
                await half.send_eof()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self.hang_up()

    async def _write_some(self, backlog: Backlog) -> None:
        try:
            await self._stream.send_all(backlog.take(WRITE_SIZE))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.hang_up()
            return
        if backlog:
            if not self._parting:
                self._sweeper.expect(self, self._limits.stall)
        elif self._parting:
            self._said_goodbye()
        else:
            self._backlog = None
            self._sweeper.forgive(self)

    def _say(self, goodbye: bytes) -> None:
        if self._backlog is None:
            self._backlog = Backlog()
        self._backlog.add(goodbye)
        self._wake_writer.set()

    def _shut_writing(self) -> None:
        """Done by the writer, as its last act."""

    def _pause(self) -> None:
        self._paused = True
        self._wake_reader = trio.Event()

    def _resume(self) -> None:
        self._paused = False
        self._wake_reader.set()

    def _release(self) -> None:
        self._scope.cancel()
