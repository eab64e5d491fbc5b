"""Joining and leaving topics: which room a topic names, and the client's member of it."""

from typing import Any, Final

from chatter.actors.client import Channel, Client, Means, Seat, object_of
from chatter.actors.connection import Connection
from chatter.actors.exits import ActorError
from chatter.actors.member import Member, PushReceipt
from chatter.actors.room_messages import Join, Leave
from chatter.core.log import Dialect
from chatter.core.model import ROOM_NAME
from chatter.errors import Invalid, NotFound, Refused
from chatter.wire import pushes
from chatter.wire.phoenix import Push

MAX_TOPICS: Final = 100


async def join(client: Client, push: Push) -> None:
    """A second join of a topic closes the first."""
    channels = client.seat.channels
    if (before := channels.pop(push.topic, None)) is not None:
        depart(before)
        before.member.close()
    try:
        if len(channels) >= MAX_TOPICS:
            raise Invalid(f"A socket joins {MAX_TOPICS} topics at the most.")
        channels[push.topic] = await _join_room(client, push)
    except Refused as refusal:
        client.refuse(push, refusal)


async def _join_room(client: Client, push: Push) -> Channel:
    name, dialect = room_of(push.topic)
    asked = pushes.parsed(pushes.Join, object_of(push))
    member = Member(
        _key(client.connection, dialect),
        push.topic,
        push.join_ref,
        dialect,
        client.connection,
        client.seat.user,
    )
    joining = Join(member, PushReceipt(member, push.ref), asked.limit, asked.after)
    return Channel(member, await client.means.rooms.admit(name, joining))


def _key(connection: Connection, dialect: Dialect) -> str:
    return connection.id if dialect is Dialect.CHAT else f"{connection.id}/{dialect.value}"


def leave(client: Client, push: Push) -> None:
    """Leaving what was not joined, or a join that is over (stale `join_ref`), is fine, and does nothing."""
    channel = client.seat.channels.get(push.topic)
    if channel is not None and channel.admits(push):
        del client.seat.channels[push.topic]
        depart(channel)
        client.reply(push, "ok", b"{}")
        channel.member.close()
    elif channel is None:
        client.reply(push, "ok", b"{}")


def depart(channel: Channel) -> None:
    """Have the room let the member go."""
    channel.member.leave()
    try:
        channel.room.cast(Leave(channel.member))
    except ActorError:  # it has ended, and its audience with it
        return


def give_up(connection: Connection, seat: Seat, means: Means) -> None:
    """The socket is gone for good, or its session is: give back what it held."""
    for channel in seat.channels.values():
        depart(channel)
    seat.channels.clear()
    means.claims.release(connection.id)


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
