from collections.abc import AsyncIterator

import pytest

from tests.gateway.stage import Stage, staged


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
