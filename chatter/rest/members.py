"""Members of a room: whoever has read there, the last one to come first. Who is on now is told by the room itself."""

from typing import Annotated

import attrs
import msgspec
from quart import Blueprint, Response

from chatter.rest import asking
from chatter.rest.answers import answer
from chatter.rest.house import House
from chatter.stores.port import MemberPage


@attrs.frozen
class Page:
    """`before` is what the page before this one called `next`."""

    before: Annotated[str, msgspec.Meta(pattern=r"^[0-9TZ:.-]{1,30},[\x21-\x7e]{1,100}$")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


def blueprint(house: House, noun: str) -> Blueprint:
    routes = Blueprint(f"{noun}_members", __name__)

    @routes.get("")
    async def page(name: str) -> Response:
        asking.visitor(house.tokens)
        asked = asking.query(Page)
        found = await house.store.members(name, before=_place(asked.before), limit=asked.limit)
        return answer({"members": [member.as_payload() for member in found.members], "next": _next(found)})

    return routes


def _place(before: str | None) -> tuple[str, str] | None:
    if before is None:
        return None
    at, _, user_id = before.partition(",")
    return at, user_id


def _next(page: MemberPage) -> str | None:
    if not page.more:
        return None
    last = page.members[-1]
    return f"{last.last_seen_at},{last.user.id}"
