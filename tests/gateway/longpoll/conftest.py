from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.stage import Stage, staged
from tests.virtual_time import make_virtual


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            make_virtual(item)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A gateway without a port, in virtual time."""
    async with staged(host=None) as stage:
        yield stage
