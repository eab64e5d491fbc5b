"""The client behind a socket: who it is, which topics it joined, and how it is answered.

What must not be forgotten in a crash of its session is its `Seat`'s, which stays; a `Client` is made anew for each
incarnation.
"""

from typing import Any

import attrs

from chatter.actors.connection import Connection, Frame
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Ref
from chatter.actors.member import Member, PushReceipt
from chatter.actors.room_messages import MemberChanged, RoomMessage, Submit
from chatter.actors.rooms import Rooms
from chatter.bus.claims import Claims
from chatter.core.commands import Command
from chatter.core.model import User
from chatter.core.rate import RateLimit
from chatter.errors import Invalid, Refused, Unauthorized, Unavailable
from chatter.stores.port import Store
from chatter.tokens import Tokens
from chatter.wire.phoenix import Push, encode


@attrs.frozen
class Means:
    """What every session needs, the same for all."""

    rooms: Rooms
    claims: Claims
    tokens: Tokens
    messages: RateLimit
    actions: RateLimit


@attrs.define(eq=False)
class Channel:
    """A topic that the client joined, and the room behind it."""

    member: Member
    room: Ref[RoomMessage]

    @property
    def room_name(self) -> str:
        return self.member.topic.partition(":")[2]

    def admits(self, push: Push) -> bool:
        """Whether `push` is of this join of the topic, not of an earlier one. Without `join_ref` (v1) it can't be
        told, and is taken."""
        return push.join_ref is None or push.join_ref == self.member.join_ref

    def tell(self, message: RoomMessage) -> None:
        try:
            self.room.cast(message)
        except ActorError as error:
            raise Unavailable("The room is too busy. Try again.") from error

    def submit(self, push: Push, command: Command) -> None:
        """Have the room do it; it answers the push."""
        self.tell(Submit(command, PushReceipt(self.member, push.ref)))


@attrs.define(eq=False)
class Seat:
    """What a session must not forget in a crash. `suspect`: the frame it is at, for the `attempts`-th time.
    `claimed`: the user's name was asked for, and is not asked for again."""

    user: User | None = None
    channels: dict[str, Channel] = attrs.Factory(dict)
    suspect: Frame | None = None
    attempts: int = 0
    claimed: bool = False


class Client:
    """See the module."""

    __slots__ = ("connection", "means", "seat")

    def __init__(self, connection: Connection, seat: Seat, means: Means) -> None:
        self.connection = connection
        self.seat = seat
        self.means = means

    @property
    def store(self) -> Store:
        return self.means.rooms.store

    @property
    def rate_key(self) -> str:
        """Whose rate it counts against: the user's or, for a visitor, the socket's."""
        return self.connection.id if self.seat.user is None else self.seat.user.id

    def user(self) -> User:
        if self.seat.user is None:
            raise Unauthorized("Say who you are first: identify.")
        return self.seat.user

    async def claim(self, user: User) -> bool:
        """Whether the user's name is theirs, or is now."""
        return await self.means.claims.claim(user.name, user.id, self.connection.id)

    async def stay(self, user: User | None) -> None:
        """Give a name back that was claimed to become somebody else."""
        if user is None:
            self.means.claims.release(self.connection.id)
        else:
            await self.claim(user)

    def become(self, user: User) -> None:
        """Be that user from now on, in every room; `Unavailable`, and nothing has changed."""
        for channel in self.seat.channels.values():
            channel.tell(MemberChanged(channel.member))
        self.seat.user = user
        self.seat.claimed = True
        for channel in self.seat.channels.values():
            channel.member.user = user

    def ok(self, push: Push, payload: dict[str, Any]) -> None:
        self.reply(push, "ok", encode(payload))

    def refuse(self, push: Push, refusal: Refused) -> None:
        self.reply(push, "error", encode(refusal.as_payload()))

    def reply(self, push: Push, status: str, response: bytes) -> None:
        codec = self.connection.codec
        self.connection.write(codec.reply(push.join_ref, push.ref, push.topic, status, response))


def object_of(push: Push) -> bytes:
    """The payload of a push that has to be JSON."""
    if push.binary:
        raise Invalid("A binary payload does not fit here.")
    return push.payload
