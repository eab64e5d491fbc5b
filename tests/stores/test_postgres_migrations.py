"""The schema goes up and down step by step, by one node at a time, and says no to a history that is not its own."""

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import asyncpg
import attrs
import pytest
import trio

from chatter.core.commands import Post
from chatter.core.model import User
from chatter.stores.migrations import Migration, Step, load
from chatter.stores.port import StoreUnreachable
from chatter.stores.postgres import Address, PostgresStore
from chatter.stores.postgres.bridge import open_bridge
from chatter.stores.postgres.connection import Connection, connect
from chatter.stores.postgres.errand import PostgresSchema
from chatter.stores.postgres.migrating import migrate, rollback_one, status
from tests.postgres_server import PostgresServer
from tests.stores.running import running

FIRST = Migration.parse("0001_cats.sql", "-- up\ncreate table cats (name text);\n-- down\ndrop table cats;\n")
SECOND = Migration.parse("0002_dogs.sql", "-- up\ncreate table dogs (name text);\n-- down\ndrop table dogs;\n")
BROKEN = Migration.parse("0002_broken.sql", "-- up\ncreate table dogs (name text);\nnonsense;\n-- down\n")

Do = Callable[..., Awaitable[Any]]


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.url(postgres.new_database())


@pytest.fixture
async def do(url: str, nursery: trio.Nursery) -> Any:
    """Calls across the bridge, with a connection."""
    async with open_bridge() as bridge:
        connection = await bridge.call(connect(Address(url)), within=10)

        async def call(work: Callable[..., Any], *arguments: Any) -> Any:
            return await bridge.call(work(connection, *arguments), within=60)

        yield call
        await bridge.call(connection.close(), within=10)


async def tables(connection: Connection) -> set[str]:
    rows = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {name for (name,) in rows} - {"migrations"}


def numbers(steps: list[Step]) -> list[int]:
    return [step.number for step in steps]


async def test_what_is_missing_is_applied_once(do: Do) -> None:
    assert numbers(await do(migrate, [FIRST])) == [1]
    assert numbers(await do(migrate, [FIRST, SECOND])) == [2]
    assert await do(migrate, [FIRST, SECOND]) == []
    assert await do(tables) == {"cats", "dogs"}


async def test_the_newest_step_is_taken_back(do: Do) -> None:
    await do(migrate, [FIRST, SECOND])
    step = await do(rollback_one, [FIRST, SECOND])
    assert (step.number, step.name) == (2, "dogs")
    assert await do(tables) == {"cats"}
    assert numbers(await do(migrate, [FIRST, SECOND])) == [2]


async def test_the_status_tells_what_waits(do: Do) -> None:
    await do(migrate, [FIRST])
    first, second = await do(status, [FIRST, SECOND])
    assert (first.name, second.name) == ("cats", "dogs")
    assert first.applied_at is not None
    assert second.applied_at is None


async def test_a_step_that_fails_leaves_nothing_behind(do: Do) -> None:
    with pytest.raises(asyncpg.PostgresSyntaxError, match="nonsense"):
        await do(migrate, [FIRST, BROKEN])
    assert await do(tables) == {"cats"}
    assert [step.applied_at is None for step in await do(status, [FIRST, BROKEN])] == [False, True]


async def test_a_migration_that_was_changed_since_stops_the_start(do: Do) -> None:
    await do(migrate, [FIRST])
    for work in (migrate, rollback_one):
        with pytest.raises(StoreUnreachable, match="cats"):
            await do(work, [attrs.evolve(FIRST, checksum="another")])


async def test_a_database_from_the_future_stops_the_start(do: Do, url: str) -> None:
    await do(migrate, [FIRST, SECOND])
    for work in (migrate, rollback_one):
        with pytest.raises(StoreUnreachable, match="newer"):
            await do(work, [FIRST])
    with pytest.raises(StoreUnreachable) as refusal:
        await PostgresStore(Address(url)).run(pytest.fail)
    assert "\n" not in str(refusal.value)


async def test_every_migration_of_ours_goes_back_to_nothing_and_up_again(do: Do, url: str) -> None:
    known = [migration.number for migration in load("postgres")]
    assert known == list(range(1, len(known) + 1))
    schema = PostgresSchema(Address(url))
    for _ in range(2):
        assert numbers(await schema.up()) == known
        assert [step.number for step in [await schema.down() for _ in known] if step is not None] == known[::-1]
        assert await do(tables) == set()
    assert await schema.down() is None
    assert [step.applied_at for step in await schema.status()] == [None] * len(known)


async def test_nodes_that_start_at_once_migrate_once(url: str) -> None:
    script = (
        "import sys, trio; from chatter.stores.postgres.errand import PostgresSchema; "
        "from chatter.stores.postgres import Address; print(len(trio.run(PostgresSchema(Address(sys.argv[1])).up)))"
    )
    taken: list[int] = []

    async def start() -> None:
        run = partial(trio.run_process, [sys.executable, "-c", script, url], capture_stdout=True)
        taken.append(int((await run()).stdout))

    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(start)
    assert sum(taken) == len(load("postgres"))
    async with running(PostgresStore(Address(url))) as store:
        assert [room.name for room in await store.rooms()] == ["lobby"]


async def test_stores_that_start_at_once_in_a_race_all_start(url: str) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(_starts_and_posts, url, User(f"u{number}", f"User{number}"))
    async with running(PostgresStore(Address(url))) as store:
        assert [event.seq for event in await store.events_after("lobby", 0, 10)] == [1, 2, 3, 4, 5]


async def _starts_and_posts(url: str, user: User) -> None:
    async with running(PostgresStore(Address(url))) as store:
        await store.append("lobby", [Post(user=user, text="hello")])


async def test_a_step_waits_for_another_nodes_however_long_that_takes(do: Do, url: str) -> None:
    """Longer than the limit on locks that is set for everything else."""
    slow = Migration.parse("0001_slow.sql", "-- up\nselect pg_sleep(3);\n-- down\n")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(do, migrate, [slow])
        await trio.sleep(0.3)
        assert await _migrate_elsewhere(url, [slow]) == []


async def _migrate_elsewhere(url: str, migrations: list[Migration]) -> list[Step]:
    async with open_bridge() as bridge:
        connection = await bridge.call(connect(Address(url)), within=10)
        try:
            return await bridge.call(migrate(connection, migrations), within=60)
        finally:
            connection.terminate()
