"""Every adapter of the store runs the whole contract: to add one, add its line to `ADAPTERS`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

import pytest

from chatter.stores.port import Store
from chatter.stores.postgres import Address, PostgresStore
from chatter.stores.sqlite import SqliteStore
from tests.memory_store import MemoryStore
from tests.postgres_server import PostgresServer
from tests.stores.running import running

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]


def sqlite(request: pytest.FixtureRequest) -> OpenStore:
    folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    return lambda: running(SqliteStore(folders.mktemp("store") / "chatter.db"))


def postgres(request: pytest.FixtureRequest) -> OpenStore:
    """The same database each time, emptied."""
    server: PostgresServer = request.getfixturevalue("postgres")
    name = request.getfixturevalue("contract_database")

    def opened() -> AbstractAsyncContextManager[Store]:
        server.sql("drop schema public cascade; create schema public", name)
        return running(PostgresStore(Address(server.url(name))))

    return opened


def memory(_request: pytest.FixtureRequest) -> OpenStore:
    """The tests' own, so that it can't lie."""
    return lambda: nullcontext(MemoryStore())


ADAPTERS: Final[dict[str, Callable[[pytest.FixtureRequest], OpenStore]]] = {
    "sqlite": sqlite,
    "postgres": postgres,
    "memory": memory,
}


@pytest.fixture(scope="session")
def contract_database(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture(params=ADAPTERS)
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """Opens a fresh store each time, for tests with many examples."""
    return ADAPTERS[request.param](request)


@pytest.fixture
async def store(open_store: OpenStore) -> AsyncIterator[Store]:
    async with open_store() as opened:
        yield opened
