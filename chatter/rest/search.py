"""`GET /api/search`: messages that hold all the words, newest first, each with the channel it is in."""

from typing import Annotated, Final

import attrs
import msgspec
from quart import Blueprint, Response

from chatter.errors import TooLong
from chatter.rest import asking
from chatter.rest.answers import answer
from chatter.rest.house import House
from chatter.stores.port import Hit

MAX_WORDS: Final = 500


@attrs.frozen
class Search:
    q: str
    channel: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


def blueprint(house: House) -> Blueprint:
    routes = Blueprint("search", __name__)

    @routes.get("/api/search")
    async def search() -> Response:
        asking.visitor(house.tokens)
        asked = asking.query(Search)
        if len(asked.q) > MAX_WORDS:
            raise TooLong(f"A search has at most {MAX_WORDS} characters.")
        hits = await house.store.search(asked.q, room=asked.channel, limit=asked.limit)
        return answer({"results": [_as_payload(hit) for hit in hits]})

    return routes


def _as_payload(hit: Hit) -> dict[str, object]:
    return hit.message.as_payload() | {"channel": hit.room}
