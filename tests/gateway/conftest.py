from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.stage import Stage, staged
from tests.virtual_time import make_virtual

VIRTUAL = Path(__file__).parent / "test_longpoll.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path == VIRTUAL:
            make_virtual(item)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A gateway on a real port."""
    async with staged() as stage:
        yield stage


@pytest.fixture
async def memory_stage() -> AsyncIterator[Stage]:
    """A gateway without a port. In virtual time, if the test itself asks for `autojump_clock`."""
    async with staged(host=None) as stage:
        yield stage
