"""Every adapter of the store runs the whole contract: to add one, add its line to `ADAPTERS`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Final

import pytest

from chatter.stores.port import Store
from chatter.stores.sqlite import SqliteStore
from tests.memory_store import MemoryStore
from tests.stores.running import running

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]

ADAPTERS: Final[dict[str, Callable[[Path], AbstractAsyncContextManager[Store]]]] = {
    "sqlite": lambda folder: running(SqliteStore(folder / "chatter.db")),
    "memory": lambda _folder: nullcontext(MemoryStore()),  # the tests' own, so that it can't lie
}


@pytest.fixture(params=ADAPTERS)
def open_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenStore:
    """Opens a fresh store each time, for tests with many examples."""
    adapter = ADAPTERS[request.param]
    return lambda: adapter(tmp_path_factory.mktemp("store"))


@pytest.fixture
async def store(open_store: OpenStore) -> AsyncIterator[Store]:
    async with open_store() as opened:
        yield opened
