"""Everything that is not our WebSocket, long-poll too, served by Hypercorn: one of its `TCPServer`s a connection.

That class is not a documented interface; this module is the only place that knows it, and pyproject.toml says which
versions it knows. What it adds: the bytes that were read already come first; a client that reads nothing can't hold a
write, and with it our shutdown, for ever; idle connections are closed, also after Quart-Trio's answers; a handshake on
a connection that has served other requests before, as proxies that keep connections send it, comes back to the gateway;
and nothing but HTTP/1 is spoken.
"""

import socket
from collections.abc import Callable
from typing import Any, Final

import h11
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework, ConnectionState
from hypercorn.utils import wrap_app
from trio.abc import HalfCloseableStream, Stream

from chatter.gateway.handshake import PATH
from chatter.gateway.responses import SECONDS_TO_LEAVE

KEEP_ALIVE: Final = 30.0
"""Seconds that an idle connection waits for the next request: longer than clients keep theirs (httpx: 5), so that no
request meets a connection that is just being closed."""

_HANDSHAKE: Final = b"GET " + PATH.encode()


class Http:
    """The application's pages and REST, and the connections that ask for them now."""

    def __init__(self, app: ASGIFramework, write_limit: float) -> None:
        self._config = _config()
        self._app = wrap_app(app, self._config.wsgi_max_body_size, "asgi")
        self._context = WorkerContext(None)
        self._write_limit = write_limit
        self._streams: set[_ReplayStream] = set()

    def __len__(self) -> int:
        return len(self._streams)

    async def serve(self, stream: Stream, unread: bytes) -> bytes:
        """Answer requests, the first of them in `unread`, until the client or idleness ends it.

        Nothing is returned, and `stream` is closed; or it is not, and the next request is a WebSocket handshake,
        whose first bytes are returned.
        """
        replay = _replay(stream, unread)
        self._streams.add(replay)
        try:
            await _Server(self._app, self._config, self._context, replay, self._write_limit).run()
        finally:
            self._streams.discard(replay)
        return replay.handshake

    async def retire(self) -> None:
        """Close idle connections now, and the others when their request is answered."""
        await self._context.terminated.set()

    async def abort(self) -> None:
        """Close them all."""
        for stream in list(self._streams):
            await trio.aclose_forcefully(stream.inner)


def _config() -> Config:
    config = Config()
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE
    config.accesslog = None
    return config


class _Server(TCPServer):
    def __init__(
        self, app: Any, config: Config, context: WorkerContext, stream: "_ReplayStream", write_limit: float
    ) -> None:
        super().__init__(app, config, context, ConnectionState({}), stream)  # type: ignore[arg-type]
        self._begun = self._ended = False
        self._replay = stream
        stream.between_requests = self._between_requests
        self._write_limit = write_limit

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._write(event.data)
            return
        if isinstance(event, Updated):
            if self._ended:  # an idle timer that nobody stops would hold the connection
                return
            self._begun = True
            self._replay.settle(event.idle)
        # Quart-Trio cancels a request's task as soon as its response is sent, and with it what is done here: then
        # idle connections would never be closed, nor those that promised to close.
        with _shielded(SECONDS_TO_LEAVE):
            await super().protocol_send(event)

    def _between_requests(self) -> bool:
        """Whether the next byte begins a request, as far as h11 knows."""
        connection = getattr(self.protocol.protocol, "connection", None)
        if not isinstance(connection, h11.Connection):
            return False
        return connection.their_state in (h11.IDLE, h11.DONE) and not connection.trailing_data[0]

    async def _write(self, data: bytes) -> None:
        """As the original, with a limit: it shields, and a client that does not read would never let go."""
        async with self.send_lock:
            with _shielded(self._write_limit) as patience:
                try:
                    await self._replay.send_all(data)
                    return
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    pass
            if patience.cancelled_caught:
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(self._replay.inner)
        await self.protocol.handle(Closed())

    async def _idle_timeout(self) -> None:
        """As the original, which takes a first request that waits to be read for idleness, and drops it in a drain."""
        if not self._begun:
            await trio.sleep(self.config.keep_alive_timeout)
        await super()._idle_timeout()

    async def _read_data(self) -> None:
        """As the original, and then without waiting for the idle timer, which would hold a closed connection."""
        http: Any = self.protocol.protocol
        http.connection = _Http1(h11.SERVER, self.config.h11_max_incomplete_size)
        await super()._read_data()
        self._ended = True
        await self.idle_task.stop()


class _Http1(h11.Connection):
    """HTTP/1 and nothing else. Who asks for an upgrade is answered without one (RFC 9110, 7.8): WebSockets of other
    paths than ours, and HTTP/2, are nobody's here."""

    def next_event(self) -> Any:
        event = super().next_event()
        if not isinstance(event, h11.Request):
            return event
        if event.http_version > b"1.1":
            raise h11.RemoteProtocolError("only HTTP/1 is spoken here", error_status_hint=505)
        headers = [(name, value) for name, value in event.headers if name != b"upgrade"]
        return h11.Request(method=event.method, target=event.target, headers=headers, http_version=event.http_version)


def _shielded(seconds: float) -> trio.CancelScope:
    """Nothing but the time cancels what is in it."""
    return trio.CancelScope(shield=True, deadline=trio.current_time() + seconds)


class _ReplayStream:
    """What `TCPServer` needs of a stream; `unread` comes first."""

    def __init__(self, inner: Stream, unread: bytes, plain: Any) -> None:
        self.inner = inner
        self.socket = plain
        self.between_requests: Callable[[], bool] = lambda: False
        self.handshake = b""
        self._unread = unread
        self._settled = trio.Event()
        self._closed = False

    def settle(self, idle: bool) -> None:
        """The last response is written, or the next request has begun."""
        if idle:
            self._settled.set()
        else:
            self._settled = trio.Event()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        data = bytes(await self.inner.receive_some(max_bytes))
        if data and (data.startswith(_HANDSHAKE) or _HANDSHAKE.startswith(data)) and self.between_requests():
            await self._settled.wait()
            if not self._closed:
                self.handshake = data
            return b""
        return data

    async def send_all(self, data: bytes) -> None:
        await self.inner.send_all(data)

    async def send_eof(self) -> None:
        if not self.handshake and isinstance(self.inner, HalfCloseableStream):
            await self.inner.send_eof()

    async def aclose(self) -> None:
        self._closed = True
        self._settled.set()
        if not self.handshake:
            with trio.move_on_after(SECONDS_TO_LEAVE):  # TLS says goodbye, and its client may not listen
                await self.inner.aclose()


class _TlsReplayStream(_ReplayStream):
    """`TCPServer` takes it for TLS, whose handshake is over."""

    @property
    def transport_stream(self) -> "_TlsReplayStream":
        return self

    async def do_handshake(self) -> None:
        await trio.lowlevel.checkpoint()

    def selected_alpn_protocol(self) -> str:
        return "http/1.1"


class _NoSocket:
    """Of a stream in memory."""

    family = socket.AF_INET

    def getpeername(self) -> tuple[str, int]:
        return ("127.0.0.1", 0)

    getsockname = getpeername


def _replay(stream: Stream, unread: bytes) -> _ReplayStream:
    if isinstance(stream, trio.SSLStream):
        return _TlsReplayStream(stream, unread, _socket_of(stream.transport_stream))
    return _ReplayStream(stream, unread, _socket_of(stream))


def _socket_of(stream: Stream) -> Any:
    return stream.socket if isinstance(stream, trio.SocketStream) else _NoSocket()
