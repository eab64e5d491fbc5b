"""A session: what one socket may do and does. It reads its connection's frames, checks them, and acts on them.

The socket is the connection's, and what the session must not forget is its `Seat`'s; both outlive a crash. So the
next incarnation goes on with the very frame at which the last one crashed; a frame that crashes it twice is refused
with `unavailable`. Members of rooms stay members meanwhile, and miss nothing.

Rooms answer and tell members directly, without passing the session again.
"""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

import attrs
import trio

from chatter.actors.actor import Actor
from chatter.actors.connection import Connection, Frame, Input
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Mailbox, Ref
from chatter.actors.member import Member, PushReceipt
from chatter.actors.presence import Claim, PresenceMessage, Release
from chatter.actors.room import Join, Leave, MemberChanged, RoomMessage, Submit, TypingChanged
from chatter.actors.rooms import Rooms
from chatter.core import policy
from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.log import Dialect
from chatter.core.model import ROOM_NAME, User, new_id
from chatter.core.rate import RateLimit
from chatter.errors import BadFrame, Invalid, NameTaken, NotFound, Refused, Unauthorized, Unavailable
from chatter.tokens import Tokens
from chatter.wire import phoenix, pushes
from chatter.wire.phoenix import Push, encode

MAX_TOPICS: Final = 100
FRAMES_A_TURN: Final = 64
MAX_ATTEMPTS: Final = 2


@attrs.frozen
class TellNames:
    """The presence registry forgot: claim the name again."""


SessionMessage = Input | TellNames


@attrs.frozen
class Means:
    """What every session needs, the same for all."""

    rooms: Rooms
    presence: Ref[PresenceMessage]
    tokens: Tokens
    messages: RateLimit
    actions: RateLimit


@attrs.define(eq=False)
class Place:
    """A topic that the socket joined, and the room behind it."""

    member: Member
    room: Ref[RoomMessage]


@attrs.define(eq=False)
class Seat:
    """What a session must not forget in a crash. `suspect`: the frame it is at, for the `attempts`-th time."""

    user: User | None = None
    places: dict[str, Place] = attrs.Factory(dict)
    suspect: Frame | None = None
    attempts: int = 0
    claimed: bool = False


_Wait = Callable[["Session", Push, Place], Awaitable[None]]


class Session(Actor[SessionMessage]):
    """One incarnation of one socket's session."""

    __slots__ = ("_connection", "_frame", "_means", "_seat")

    def __init__(self, mailbox: Mailbox[SessionMessage], connection: Connection, seat: Seat, means: Means) -> None:
        super().__init__(mailbox)
        self._connection = connection
        self._seat = seat
        self._means = means

    async def started(self) -> None:
        """Claim the name that came with the token. Somebody else online has it: then this is a visitor."""
        seat = self._seat
        if seat.user is not None and not seat.claimed:
            if not await self._claim(seat.user):
                seat.user = None
            seat.claimed = True

    async def serve(self) -> None:
        await self._read()
        while not self._connection.closed:
            await self.handle(await self.mailbox.get())

    async def handle(self, message: SessionMessage) -> None:
        match message:
            case Input():
                await self._read()
            case TellNames():
                await self._claim_again()

    async def _read(self) -> None:
        """Handle what waits in the connection, frame by frame; the others get a turn now and then."""
        handled = 0
        try:
            while (frame := self._connection.peek()) is not None:
                if (rest := self._handle_frame(frame)) is not None:
                    await rest
                self._seat.suspect = None
                self._connection.advance()
                handled += 1
                if handled % FRAMES_A_TURN == 0:
                    await trio.sleep(0)
        except BadFrame as error:
            self._connection.close(error.close_code, str(error))

    def _handle_frame(self, frame: Frame) -> Awaitable[None] | None:
        """Act on it at once or, where somebody has to be waited for, return what is left to be awaited."""
        push = self._connection.codec.decode(frame.data, binary=frame.binary)
        seat = self._seat
        if seat.suspect != frame:
            seat.suspect, seat.attempts = frame, 0
        seat.attempts += 1
        if seat.attempts > MAX_ATTEMPTS:
            self._refuse(push, Unavailable("That could not be handled. Try again."))
            return None
        match push.event:
            case "heartbeat" if push.topic == phoenix.HEARTBEAT_TOPIC:
                self._reply(push, "ok", b"{}")
            case "phx_join":
                return self._join(push)
            case "phx_leave":
                self._leave_topic(push)
            case _:
                return self._act(push)
        return None

    # -- topics

    async def _join(self, push: Push) -> None:
        """A second join of a topic closes the first."""
        places = self._seat.places
        if (before := places.pop(push.topic, None)) is not None:
            leave(before)
            before.member.close()
        try:
            if len(places) >= MAX_TOPICS:
                raise Invalid(f"A socket joins {MAX_TOPICS} topics at the most.")
            places[push.topic] = await self._join_room(push)
        except Refused as refusal:
            self._refuse(push, refusal)

    async def _join_room(self, push: Push) -> Place:
        name, dialect = room_of(push.topic)
        asked = pushes.parsed(pushes.Join, _object(push))
        member = Member(
            self._key(dialect),
            push.topic,
            push.join_ref,
            dialect,
            self._connection,
            self._seat.user,
        )
        join = Join(member, PushReceipt(member, push.ref), asked.limit, asked.after)
        return Place(member, await self._means.rooms.cast(name, join))

    def _key(self, dialect: Dialect) -> str:
        connection = self._connection.id
        return connection if dialect is Dialect.CHAT else f"{connection}/{dialect.value}"

    def _leave_topic(self, push: Push) -> None:
        """Leaving what was not joined, or a join that is over (stale `join_ref`), is fine, and does nothing."""
        place = self._seat.places.get(push.topic)
        if place is not None and _is_fresh(push, place):
            del self._seat.places[push.topic]
            leave(place)
            self._reply(push, "ok", b"{}")
            place.member.close()
        elif place is None:
            self._reply(push, "ok", b"{}")

    # -- pushes on a joined topic

    def _act(self, push: Push) -> Awaitable[None] | None:
        place = self._seat.places.get(push.topic)
        if place is None or place.member.left:
            self._reply(push, "error", b'{"reason":"unmatched topic"}')
            return None
        if not _is_fresh(push, place):
            return None
        if (wait := self._waits.get(push.event)) is not None:
            return self._act_and_wait(wait, push, place)
        try:
            act = self._acts.get(push.event)
            if act is None:
                raise Invalid(f"There is no event {push.event[:50]} here.")
            act(self, push, place)
        except Refused as refusal:
            self._refuse(push, refusal)
        return None

    async def _act_and_wait(self, act: "_Wait", push: Push, place: Place) -> None:
        try:
            await act(self, push, place)
        except Refused as refusal:
            self._refuse(push, refusal)

    async def _identify(self, push: Push, place: Place) -> None:
        name = policy.checked_user_name(pushes.parsed(pushes.Identify, _object(push)).name)
        before = self._seat.user
        user = User(new_id(), name) if before is None else attrs.evolve(before, name=name)
        self._means.actions.spend(self._connection.id)
        if not await self._claim(user):
            raise NameTaken(f"Somebody else is called {name}.")
        self._seat.user = user
        for other in self._seat.places.values():
            other.member.user = user
            self._tell(other, MemberChanged(other.member))
        self._ok(push, {"user": user.as_payload(), "token": self._means.tokens.mint(user)})

    async def _claim(self, user: User) -> bool:
        try:
            return await self._means.presence.ask(Claim(user.name, user.id, self._connection.id))
        except ActorError as error:
            raise Unavailable("Names can't be given just now. Try again.") from error

    async def _claim_again(self) -> None:
        try:
            if self._seat.user is not None:
                await self._claim(self._seat.user)
        except Unavailable:  # it forgot again, and asks again
            return

    def _new_message(self, push: Push, place: Place) -> None:
        user, asked = self._user(), pushes.parsed(pushes.NewMessage, _object(push))
        text = policy.checked_text(_text(asked, place))
        client_id = policy.checked_client_id(asked.client_id)
        self._means.messages.spend(user.id)
        self._submit(push, place, Post(user=user, text=text, client_id=client_id))

    def _edit_message(self, push: Push, place: Place) -> None:
        user, asked = self._user(), pushes.parsed(pushes.EditMessage, _object(push))
        text = policy.checked_text(_text(asked, place))
        self._means.actions.spend(user.id)
        self._submit(push, place, Edit(user=user, message_id=asked.id, text=text))

    def _delete_message(self, push: Push, place: Place) -> None:
        user, asked = self._user(), pushes.parsed(pushes.DeleteMessage, _object(push))
        self._means.actions.spend(user.id)
        self._submit(push, place, Delete(user=user, message_id=asked.id))

    def _react(self, push: Push, place: Place) -> None:
        user, asked = self._user(), pushes.parsed(pushes.React, _object(push))
        emoji = policy.checked_emoji(asked.emoji)
        self._means.actions.spend(user.id)
        self._submit(push, place, React(user=user, message_id=asked.id, emoji=emoji, on=asked.on))

    def _typing(self, push: Push, place: Place) -> None:
        user, asked = self._user(), pushes.parsed(pushes.Typing, _object(push))
        self._means.actions.spend(user.id)
        self._tell(place, TypingChanged(place.member, asked.typing))
        self._ok(push, {})

    def _status(self, push: Push, place: Place) -> None:
        user, asked = self._user(), pushes.parsed(pushes.Status, _object(push))
        self._means.actions.spend(user.id)
        place.member.status = asked.status
        self._tell(place, MemberChanged(place.member))
        self._ok(push, {})

    async def _history(self, push: Push, place: Place) -> None:
        asked = pushes.parsed(pushes.History, _object(push))
        self._means.actions.spend(self._who)
        page = await self._store.page(_room_name(place), before=asked.before, limit=asked.limit)
        translate = place.member.dialect.translate
        self._ok(push, {"messages": [translate(m.as_payload()) for m in page.messages], "more": page.more})

    async def _read_up_to(self, push: Push, place: Place) -> None:
        user, asked = self._user(), pushes.parsed(pushes.Read, _object(push))
        self._means.actions.spend(user.id)
        unread = await self._store.mark_read(_room_name(place), user.id, asked.seq)
        self._ok(push, {"unread": unread})

    _acts: "ClassVar[dict[str, Callable[[Session, Push, Place], None]]]" = {
        "new_message": _new_message,
        "edit_message": _edit_message,
        "delete_message": _delete_message,
        "react": _react,
        "typing": _typing,
        "status": _status,
    }
    _waits: "ClassVar[dict[str, _Wait]]" = {
        "identify": _identify,
        "history": _history,
        "read": _read_up_to,
    }

    # -- shared by them

    @property
    def _store(self) -> Any:
        return self._means.rooms.store

    @property
    def _who(self) -> str:
        """Whose rate it counts against: the user's or, for a visitor, the socket's."""
        return self._connection.id if self._seat.user is None else self._seat.user.id

    def _user(self) -> User:
        if self._seat.user is None:
            raise Unauthorized("Say who you are first: identify.")
        return self._seat.user

    def _submit(self, push: Push, place: Place, command: Command) -> None:
        self._tell(place, Submit(command, PushReceipt(place.member, push.ref)))

    def _tell(self, place: Place, message: RoomMessage) -> None:
        try:
            place.room.cast(message)
        except ActorError as error:
            raise Unavailable("The room is too busy. Try again.") from error

    def _ok(self, push: Push, payload: dict[str, Any]) -> None:
        self._reply(push, "ok", encode(payload))

    def _refuse(self, push: Push, refusal: Refused) -> None:
        self._reply(push, "error", encode(refusal.as_payload()))

    def _reply(self, push: Push, status: str, response: bytes) -> None:
        codec = self._connection.codec
        self._connection.write(codec.reply(push.join_ref, push.ref, push.topic, status, response))


def leave(place: Place) -> None:
    place.member.left = True
    try:
        place.room.cast(Leave(place.member))
    except ActorError:  # it has ended, and its audience with it
        return


def give_up(connection: Connection, seat: Seat, means: Means) -> None:
    """The socket is gone for good, or its session is: give back what it held."""
    for place in seat.places.values():
        leave(place)
    seat.places.clear()
    try:
        means.presence.cast(Release(connection.id))
    except ActorError:  # it has ended, and forgotten, too
        return


def room_of(topic: str) -> tuple[str, Dialect]:
    """The room's name and the dialect of a topic such as `chat:lobby`; `NotFound` for what can't be a room's name."""
    prefix, colon, name = topic.partition(":")
    for dialect in Dialect:
        if colon and prefix == dialect.value:
            if ROOM_NAME.fullmatch(name) is None:
                raise NotFound("There is no such room.")
            return name, dialect
    raise UnmatchedTopic


class UnmatchedTopic(Refused):
    """Phoenix's own words for a topic that no channel serves."""

    reason = "unmatched topic"
    status = 404

    def as_payload(self) -> dict[str, Any]:
        return {"reason": self.reason}


def _room_name(place: Place) -> str:
    return place.member.topic.partition(":")[2]


def _is_fresh(push: Push, place: Place) -> bool:
    """A push of an earlier join of the topic is stale. Without `join_ref` (v1) it can't be told, and is taken."""
    return push.join_ref is None or push.join_ref == place.member.join_ref


def _object(push: Push) -> bytes:
    if push.binary:
        raise Invalid("A binary payload does not fit here.")
    return push.payload


def _text(asked: pushes.NewMessage | pushes.EditMessage, place: Place) -> str:
    text = asked.text if place.member.dialect is Dialect.CHAT else asked.content
    if text is None:
        raise Invalid("The payload does not fit: the text is missing.")
    return text
