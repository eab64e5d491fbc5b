"""Rooms: all of them, and new ones. Anybody may look; whoever has a token may open one, and a moderator may close it.

`/api/channels` and `/api/rooms` are the same; the latter says `rooms` and `room` too.
"""

import attrs
from quart import Blueprint, Response

from chatter.core import policy
from chatter.rest import asking
from chatter.rest.answers import answer, done
from chatter.rest.house import House


@attrs.frozen
class NewChannel:
    name: str
    topic: str = ""


def blueprint(house: House, noun: str) -> Blueprint:
    routes = Blueprint(noun, __name__)

    @routes.get("")
    async def all_of_them() -> Response:
        asking.visitor(house.tokens)
        rooms = [room.as_payload() for room in await house.store.rooms()]
        return answer({"channels": rooms} | {noun: rooms})

    @routes.post("")
    async def create() -> Response:
        user = asking.user(house.tokens)
        asked = await asking.body(NewChannel)
        name, topic = policy.checked_room_name(asked.name), policy.checked_topic(asked.topic)
        house.actions.spend(user.id)
        room = (await house.rooms.create(name, topic)).as_payload()
        return answer({"channel": room} | {noun.removesuffix("s"): room}, 201)

    @routes.delete("/<name>")
    async def close(name: str) -> Response:
        moderator = asking.moderator(house.tokens)
        policy.check_closable(name)
        house.actions.spend(moderator.id)
        await house.rooms.close(name)
        return done()

    return routes
