"""`POST /api/guests`: a name makes somebody a guest, and the token says so from then on."""

import attrs
from quart import Blueprint, Response

from chatter.core import policy
from chatter.core.model import User, new_id
from chatter.errors import NameTaken
from chatter.rest import asking
from chatter.rest.answers import answer
from chatter.rest.house import House


@attrs.frozen
class NewGuest:
    name: str


def blueprint(house: House) -> Blueprint:
    """The name is not held: of two guests who got a token for it, the one who connects first has it."""
    routes = Blueprint("guests", __name__)

    @routes.post("/api/guests")
    async def welcome() -> Response:
        asked = await asking.body(NewGuest)
        name = policy.checked_user_name(asked.name)
        if await house.claims.in_use(name):
            raise NameTaken(f"Somebody else is called {name}.")
        guest = User(new_id(), name)
        return answer({"user": guest.as_payload(), "token": house.tokens.mint(guest)}, 201)

    return routes
