"""What becomes of a connection: its head is read, and then it is a WebSocket, Hypercorn's, or refused."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

import attrs
import trio
from trio.abc import Stream

from chatter.actors.mailbox import Ref
from chatter.core.model import User
from chatter.errors import Unauthorized, Unavailable
from chatter.gateway.connection import WebSocketConnection
from chatter.gateway.handshake import Handshake, Refusal, is_handshake, shake_hands
from chatter.gateway.head import BadHead, Head, parse_head, read_head
from chatter.gateway.house import House
from chatter.gateway.http import Http
from chatter.gateway.limits import Limits
from chatter.gateway.listening import Room
from chatter.gateway.origins import Origins
from chatter.gateway.poller import Poller, SocketConnection
from chatter.gateway.responses import refusal, send_and_leave
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

    async def admit_socket(self, plain: socket.socket) -> None:
        """Serve a connection that was accepted, until it ends or its socket is the poller's. Closes it otherwise."""
        stream: Stream = trio.SocketStream(trio.socket.from_stdlib_socket(plain))
        if self.rules.tls is not None:
            stream = trio.SSLStream(stream, self.rules.tls, server_side=True, https_compatible=True)
            await self.admit(stream)
        else:
            await self.admit(stream, plain)

    async def admit(self, stream: Stream, plain: socket.socket | None = None) -> None:
        """Serve any stream. `plain`: the socket beneath it, which the poller can take over."""
        handed_over = False
        try:
            handed_over = await self._serve(stream, plain)
        except BadHead as bad:
            await self._refuse(stream, refusal(bad.status, "invalid", f"{str(bad).capitalize()}."))
        except Refusal as refused:
            await self._refuse(stream, refused.response)
        finally:
            if not handed_over:
                await trio.aclose_forcefully(stream)

    async def _refuse(self, stream: Stream, response: bytes) -> None:
        self.refused += 1
        await send_and_leave(stream, response)

    async def _serve(self, stream: Stream, plain: socket.socket | None) -> bool:
        """Whether the socket was handed over."""
        unread = b""
        while True:
            data, unread = await self._read_head(stream, unread)
            if not data:
                return False
            head = parse_head(data)
            if self.open_now() > self.rules.limits.connections:
                raise Refusal(503, "unavailable", "The server is full. Try again.")
            if is_handshake(head):
                return await self._welcome(stream, plain, head, unread)
            unread = await self.http.serve(stream, data + unread)
            if not unread:
                return False

    async def _read_head(self, stream: Stream, already: bytes) -> tuple[bytes, bytes]:
        with self.room, trio.move_on_after(self.rules.limits.head):
            if isinstance(stream, trio.SSLStream):
                try:
                    await stream.do_handshake()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return b"", b""
            return await read_head(stream, already)
        raise BadHead(408, "the request took too long")

    async def _welcome(self, stream: Stream, plain: socket.socket | None, head: Head, unread: bytes) -> bool:
        handshake = shake_hands(head, self.rules.origins)
        user = None if handshake.token is None else self._user(handshake.token)
        connection = self._connection(stream, plain, handshake)
        session = self._session(connection, user)
        self.accepted += 1
        connection.open(session, unread)
        if isinstance(connection, StreamConnection):
            await connection.run()
        return True

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

    def _connection(self, stream: Stream, plain: socket.socket | None, shaken: Handshake) -> WebSocketConnection:
        rules, id = self.rules, self.rules.new_id()
        if plain is None or self.poller is None:
            return StreamConnection(stream, shaken.response, id, shaken.codec, self.sweeper, rules.limits)
        return SocketConnection(plain, shaken.response, id, shaken.codec, self.sweeper, rules.limits, self.poller)
