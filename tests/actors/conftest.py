"""Two stages: `stage` in virtual time on a store in memory, `real_stage` in real time on SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chatter.stores.sqlite import SqliteStore
from tests.actors.stage import Stage, staged
from tests.memory_store import MemoryStore

HERE = Path(__file__).parent


def in_virtual_time(main: Any, *, instruments: Any = (), clock: None = None) -> Any:
    """`trio.run` on a clock that jumps when everybody waits."""
    return trio.run(main, clock=MockClock(autojump_threshold=0), instruments=instruments)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who has a store in memory lives in virtual time. (pytest-trio looks for clocks among a test's arguments only.)"""
    for item in items:
        if item.path.is_relative_to(HERE) and "store" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.trio(run=in_virtual_time), append=False)


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
