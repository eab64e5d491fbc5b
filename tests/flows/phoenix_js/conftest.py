from collections.abc import AsyncIterator

import pytest

from tests.flows.server import Server
from tests.node import install

from .people import Stage, staged


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    install()


@pytest.fixture(params=[False, True], ids=["websocket", "longpoll"])
def longpoll(request: pytest.FixtureRequest) -> bool:
    """Over which transport."""
    over: bool = request.param
    return over


@pytest.fixture
async def node(server: Server) -> AsyncIterator[Stage]:
    """A Node whose people come to the module's server."""
    async with staged(server.url) as stage:
        yield stage
