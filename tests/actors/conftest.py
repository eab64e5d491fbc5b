"""Two stages: `stage` in virtual time on a store in memory, `real_stage` in real time on SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio.testing

from chatter.stores.sqlite import SqliteStore
from tests.actors.stage import Stage, staged
from tests.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def stage(store: MemoryStore, autojump_clock: trio.testing.MockClock) -> AsyncIterator[Stage]:
    async with staged(store) as built:
        yield built


@pytest.fixture
async def strict_stage(store: MemoryStore, autojump_clock: trio.testing.MockClock) -> AsyncIterator[Stage]:
    """With the limit on messages that people get by default."""
    async with staged(store, message_rate=2) as built:
        yield built


@pytest.fixture
async def real_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(SqliteStore(tmp_path / "chatter.db")) as built:
        yield built
