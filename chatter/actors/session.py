"""A session: one socket's actor. It reads its connection's frames, and has each handled.

The socket is the connection's, and what the session must not forget is its `Seat`'s; both outlive a crash. So the
next incarnation goes on with the very frame at which the last one crashed; a frame that crashes it twice is refused
with `unavailable`. Members of rooms stay members meanwhile, and miss nothing.

Rooms answer and tell members directly, without passing the session again.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from chatter.actors import handlers, topics
from chatter.actors.actor import Actor
from chatter.actors.client import Channel, Client, Means, Seat
from chatter.actors.connection import Connection, Frame, Input
from chatter.actors.mailbox import Mailbox
from chatter.actors.settling import Settle
from chatter.errors import BadFrame, Invalid, Refused, Unavailable
from chatter.wire import phoenix
from chatter.wire.phoenix import Push

FRAMES_A_TURN: Final = 64
MAX_ATTEMPTS: Final = 2


SessionMessage = Input | Settle


class Session(Actor[SessionMessage]):
    """One incarnation of one socket's session."""

    __slots__ = ("_client",)

    def __init__(self, mailbox: Mailbox[SessionMessage], connection: Connection, seat: Seat, means: Means) -> None:
        super().__init__(mailbox)
        self._client = Client(connection, seat, means)

    async def started(self) -> None:
        """Claim the name that came with the token. Somebody else online has it: then this is a visitor."""
        seat = self._client.seat
        if seat.user is not None and not seat.claimed:
            if not await self._client.claim(seat.user):
                seat.user = None
            seat.claimed = True

    async def serve(self) -> None:
        await self._read()
        while not self._client.connection.closed:
            await self.handle(await self.mailbox.get())

    async def handle(self, message: SessionMessage) -> None:
        match message:
            case Input():
                await self._read()
            case Settle():
                await self._read()
                message.reply()

    async def _read(self) -> None:
        """Handle what waits in the connection, frame by frame; the others get a turn now and then."""
        connection, handled = self._client.connection, 0
        try:
            while (frame := connection.peek()) is not None:
                if (rest := self._handle_frame(frame)) is not None:
                    await rest
                self._client.seat.suspect = None
                connection.advance()
                handled += 1
                if handled % FRAMES_A_TURN == 0:
                    await trio.sleep(0)
        except BadFrame as error:
            connection.close(error.close_code, str(error))

    def _handle_frame(self, frame: Frame) -> Awaitable[None] | None:
        """Act on it at once or, where somebody has to be waited for, return what is left to be awaited."""
        client = self._client
        push = client.connection.codec.decode(frame.data, binary=frame.binary)
        seat = client.seat
        if seat.suspect != frame:
            seat.suspect, seat.attempts = frame, 0
        seat.attempts += 1
        if seat.attempts > MAX_ATTEMPTS:
            client.refuse(push, Unavailable("That could not be handled. Try again."))
            return None
        match push.event:
            case "heartbeat" if push.topic == phoenix.HEARTBEAT_TOPIC:
                client.reply(push, "ok", b"{}")
            case "phx_join":
                return topics.join(client, push)
            case "phx_leave":
                topics.leave(client, push)
            case _:
                return self._hear(push)
        return None

    def _hear(self, push: Push) -> Awaitable[None] | None:
        """Something said on a topic, joined or not."""
        client = self._client
        channel = client.seat.channels.get(push.topic)
        if channel is None or channel.member.left:
            client.reply(push, "error", b'{"reason":"unmatched topic"}')
            return None
        if not channel.admits(push):
            return None
        if (wait := handlers.WAITING.get(push.event)) is not None:
            return self._handle_and_wait(wait, push, channel)
        try:
            handle = handlers.AT_ONCE.get(push.event)
            if handle is None:
                raise Invalid(f"There is no event {push.event[:50]} here.")
            handle(client, push, channel)
        except Refused as refusal:
            client.refuse(push, refusal)
        return None

    async def _handle_and_wait(
        self, handle: Callable[[Client, Push, Channel], Awaitable[None]], push: Push, channel: Channel
    ) -> None:
        try:
            await handle(self._client, push, channel)
        except Refused as refusal:
            self._client.refuse(push, refusal)
