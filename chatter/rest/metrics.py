"""`GET /metrics`: the application's figures for Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST
from quart import Blueprint, Response

from chatter.rest.house import House


def blueprint(house: House) -> Blueprint:
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(house.metrics(), content_type=CONTENT_TYPE_LATEST)

    return routes
