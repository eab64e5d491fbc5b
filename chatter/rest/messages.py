"""Messages of a room: a page of them for anybody, a new one for whoever has a token, bots and scripts too."""

from typing import Annotated

import attrs
import msgspec
from quart import Blueprint, Response

from chatter.core import policy
from chatter.core.commands import Post
from chatter.errors import Invalid
from chatter.rest import asking
from chatter.rest.answers import answer
from chatter.rest.house import House
from chatter.wire.pushes import Seq


@attrs.frozen
class Page:
    """Older than `before`, or newer than `after`, or the newest; oldest first in any case."""

    before: Seq | None = None
    after: Seq | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


@attrs.frozen
class NewMessage:
    text: str
    client_id: str | None = None


def blueprint(house: House, noun: str) -> Blueprint:
    routes = Blueprint(f"{noun}_messages", __name__)

    @routes.get("")
    async def page(name: str) -> Response:
        asking.visitor(house.tokens)
        asked = asking.query(Page)
        if asked.before is not None and asked.after is not None:
            raise Invalid("Ask for messages before or after, not both.")
        found = await house.store.page(name, before=asked.before, after=asked.after, limit=asked.limit)
        return answer({"messages": [message.as_payload() for message in found.messages], "more": found.more})

    @routes.post("")
    async def post(name: str) -> Response:
        user = asking.user(house.tokens)
        asked = await asking.body(NewMessage)
        text, client_id = policy.checked_text(asked.text), policy.checked_client_id(asked.client_id)
        house.messages.spend(user.id)
        return answer(await house.rooms.submit(name, Post(user=user, text=text, client_id=client_id)), 201)

    return routes
