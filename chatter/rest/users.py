"""Users, as far as moderators are concerned: their sessions are ended."""

from quart import Blueprint, Response

from chatter.core import policy
from chatter.rest import asking
from chatter.rest.answers import done
from chatter.rest.house import House


def blueprint(house: House) -> Blueprint:
    routes = Blueprint("users", __name__)

    @routes.delete("/api/users/<user_id>/sessions")
    async def disconnect(user_id: str) -> Response:
        """Whether somebody has that id is not known: guests are known to their tokens only."""
        moderator = asking.moderator(house.tokens)
        checked = policy.checked_user_id(user_id)
        house.actions.spend(moderator.id)
        await house.disconnect(checked)
        return done()

    return routes
