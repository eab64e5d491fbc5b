"""The web application: one blueprint a noun, and what all of them share.

Accounts (`/register`, `/login`, `/logout`, `/api/me`) will be one more blueprint here.
"""

from typing import Any, Final

import trio
from quart import request
from quart_trio import QuartTrio

from chatter.errors import Unavailable
from chatter.rest import channels, guests, health, members, messages, metrics, page, search, users
from chatter.rest.answers import refuse_with_json
from chatter.rest.asking import MAX_BODY
from chatter.rest.headers import secure
from chatter.rest.house import House

LONGEST: Final = 15.0  # more than a room takes at the most, so that its own refusal comes first
SLOWEST_BODY: Final = 10.0


class Web(QuartTrio):
    """Quart on Trio, with a deadline for every answer and nothing of strangers in the log.

    `given` is what Quart hands to each: not the same in 0.22 (for Python 3.11, 3.12) and 0.23.
    """

    async def dispatch_request(self, *given: Any) -> Any:
        with trio.move_on_after(LONGEST):
            return await super().dispatch_request(*given)
        raise Unavailable("That took too long. Try again.")

    def log_exception(self, *given: Any) -> None:
        """The rule and not the path, which a stranger chose."""
        self.logger.error("%s %s crashed", request.method, request.url_rule, exc_info=given[-1])


def build(house: House) -> QuartTrio:
    """The application that serves `house`. It keeps no state of its own, and needs no lifespan events."""
    app = Web("chatter", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, BODY_TIMEOUT=SLOWEST_BODY)
    app.url_map.merge_slashes = False
    refuse_with_json(app)
    secure(app)
    for noun in ("channels", "rooms"):
        app.register_blueprint(channels.blueprint(house, noun), url_prefix=f"/api/{noun}")
        app.register_blueprint(members.blueprint(house, noun), url_prefix=f"/api/{noun}/<name>/members")
        app.register_blueprint(messages.blueprint(house, noun), url_prefix=f"/api/{noun}/<name>/messages")
    for blueprint in (health, search, guests, users, metrics, page):
        app.register_blueprint(blueprint.blueprint(house))
    return app
