"""What becomes of a connection: its head is read, and then it is a WebSocket, Hypercorn's, or refused."""

import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import trio
from trio.abc import Stream

from chatter.actors.mailbox import Ref
from chatter.core.model import User
from chatter.errors import Unauthorized, Unavailable
from chatter.gateway.connection import WebSocketConnection
from chatter.gateway.handshake import LONGPOLL_PATH, Handshake, is_handshake, shake_hands
from chatter.gateway.head import READ_SIZE, Head, parse_head, read_head, split_head
from chatter.gateway.house import House
from chatter.gateway.http import Http
from chatter.gateway.limits import Limits
from chatter.gateway.listening import Room
from chatter.gateway.origins import Origins
from chatter.gateway.poller import Poller, SocketConnection
from chatter.gateway.responses import Refusal, TryPollingLater, send_and_leave
from chatter.gateway.streams import StreamConnection
from chatter.gateway.sweeper import Sweeper


@attrs.frozen
class Rules:
    """What does not change while the gateway lives."""

    house: House
    origins: Origins
    limits: Limits
    tls: ssl.SSLContext | None
    new_id: Callable[[], str]
    stream_of: Callable[[socket.socket], Stream]


@attrs.define(eq=False)
class Line:
    """A connection of which it is not known yet what it will be. `unread`: what came in so far; `b""`: its end.
    `answer`: a refusal. `handed_over`: its socket is the poller's, and nothing else is to be done.

    `plain`: its socket, if it has no TLS and can be the poller's. `stream` is made when it is needed.
    """

    plain: socket.socket | None
    _make_stream: Callable[[], Stream]
    unread: bytes | None = None
    answer: bytes | None = None
    handed_over: bool = False
    _stream: Stream | None = attrs.field(init=False, default=None)

    @property
    def stream(self) -> Stream:
        if self._stream is None:
            self._stream = self._make_stream()
        return self._stream

    def too_slow(self) -> None:
        self.answer = _too_slow().response


@attrs.define(eq=False)
class Door:
    """`open_now`: how many connections there are. `shut`: the gateway drains."""

    rules: Rules
    http: Http
    sweeper: Sweeper
    poller: Poller | None
    room: Room
    open_now: Callable[[], int]
    shut: bool = False
    accepted: int = 0
    refused: int = 0

    def line(self, accepted: socket.socket) -> Line:
        """A connection that was just accepted, on a port."""
        rules = self.rules
        if (tls := rules.tls) is not None:
            stream = trio.SSLStream(rules.stream_of(accepted), tls, server_side=True, https_compatible=True)
            return Line(None, lambda: stream)
        return Line(None if self.poller is None else accepted, partial(rules.stream_of, accepted))

    def begin(self, line: Line) -> None:
        """Do what can be done without waiting: a WebSocket whose handshake is here needs no task for it."""
        if line.plain is None:
            return
        line.unread = _what_is_there(line.plain)
        try:
            if line.unread and (split := split_head(line.unread)) is not None:
                head = self._parsed(split[0])
                if is_handshake(head):
                    self._open(line, head, split[1])
                    line.handed_over = True
        except Refusal as refused:
            line.answer = refused.response

    async def attend(self, line: Line) -> None:
        """Serve a connection until it ends, or its socket is the poller's."""
        kept = False
        try:
            if line.answer is None:
                kept = await self._serve(line)
        except Refusal as refused:
            line.answer = refused.response
        finally:
            if line.answer is not None:
                self.refused += 1
                await send_and_leave(line.stream, line.answer)
            elif not kept:
                await trio.aclose_forcefully(line.stream)

    async def _serve(self, line: Line) -> bool:
        """Whether the socket is the poller's now."""
        while True:
            data, line.unread = await self._read_head(line)
            if not data:
                return False
            head = self._parsed(data)
            if is_handshake(head):
                connection = self._open(line, head, line.unread)
                if isinstance(connection, StreamConnection):
                    await connection.run()
                return True
            line.unread = await self.http.serve(line.stream, data + line.unread)
            if not line.unread:
                return True

    async def _read_head(self, line: Line) -> tuple[bytes, bytes]:
        with self.room, trio.move_on_after(self.rules.limits.head):
            if isinstance(line.stream, trio.SSLStream):
                try:
                    await line.stream.do_handshake()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return b"", b""
            return await read_head(line.stream, line.unread or b"")
        raise _too_slow()

    def _parsed(self, data: bytes) -> Head:
        head = parse_head(data)
        if self.open_now() > self.rules.limits.connections:
            if head.path == LONGPOLL_PATH:
                raise TryPollingLater
            raise Refusal(503, "unavailable", "The server is full. Try again.")
        return head

    def _open(self, line: Line, head: Head, unread: bytes) -> WebSocketConnection:
        handshake = shake_hands(head, self.rules.origins)
        user = None if handshake.token is None else self._user(handshake.token)
        connection = self._connection(line, handshake)
        session = self._session(connection, user)
        self.accepted += 1
        connection.open(session, unread)
        return connection

    def _user(self, token: str) -> User:
        try:
            return self.rules.house.authenticate(token)
        except Unauthorized as error:
            raise Refusal(403, "forbidden", str(error)) from error

    def _session(self, connection: WebSocketConnection, user: User | None) -> Ref[Any]:
        if self.shut:
            raise Refusal(503, "unavailable", "The server is stopping.")
        try:
            return self.rules.house.welcome(connection, user)
        except Unavailable as error:
            raise Refusal(503, "unavailable", str(error)) from error

    def _connection(self, line: Line, shaken: Handshake) -> WebSocketConnection:
        id, codec, response, limits = self.rules.new_id(), shaken.codec, shaken.response, self.rules.limits
        if line.plain is None or self.poller is None:
            return StreamConnection(line.stream, response, id, codec, self.sweeper, limits)
        return SocketConnection(line.plain, response, id, codec, self.sweeper, limits, self.poller)


def _too_slow() -> Refusal:
    return Refusal(408, "invalid", "The request took too long.")


def _what_is_there(plain: socket.socket) -> bytes | None:
    try:
        return plain.recv(READ_SIZE)
    except BlockingIOError:
        return None
    except OSError:
        return b""
