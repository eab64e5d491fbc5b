from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatter import rest
from tests.rest.serving import Client, Clock, running_house


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def house(tmp_path: Path, clock: Clock) -> AsyncIterator[rest.House]:
    async with running_house(tmp_path, clock) as running:
        yield running


@pytest.fixture
def client(house: rest.House) -> Client:
    return Client(rest.build(house))
