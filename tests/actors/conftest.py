"""Two stages: `stage` in virtual time on a store in memory, `real_stage` in real time on SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatter.stores.sqlite import SqliteStore
from tests.actors.stage import Stage, staged
from tests.memory_store import MemoryStore
from tests.virtual_time import make_virtual

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who has a store in memory lives in virtual time."""
    for item in items:
        if item.path.is_relative_to(HERE) and "store" in getattr(item, "fixturenames", ()):
            make_virtual(item)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def stage(store: MemoryStore) -> AsyncIterator[Stage]:
    async with staged(store) as built:
        yield built


@pytest.fixture
async def strict_stage(store: MemoryStore) -> AsyncIterator[Stage]:
    """With the limit on messages that people get by default."""
    async with staged(store, message_rate=2) as built:
        yield built


@pytest.fixture
async def real_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(SqliteStore(tmp_path / "chatter.db")) as built:
        yield built
