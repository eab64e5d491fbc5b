"""`GET /api/health`: whether this node can serve, for load balancers and people."""

from quart import Blueprint, Response

from chatter import __version__
from chatter.errors import Unavailable
from chatter.rest.answers import answer, refusal
from chatter.rest.house import House


def blueprint(house: House) -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/api/health")
    async def health() -> Response:
        try:
            await house.store.check()
        except Unavailable as unavailable:
            return refusal(unavailable)
        return answer(
            {
                "status": "ok",
                "node": house.node,
                "nodes": house.nodes(),
                "uptime_s": house.uptime_s,
                "version": __version__,
            }
        )

    return routes
