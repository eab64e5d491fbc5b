"""The schema goes up and down step by step, and says no to a history that is not its own."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

from chatter.stores.migrations import Migration, load
from chatter.stores.port import StoreUnreachable
from chatter.stores.sqlite import SqliteStore
from chatter.stores.sqlite.connection import open_writer
from chatter.stores.sqlite.migrating import migrate, rollback_one, status
from tests.stores.running import running

FIRST = Migration.parse("0001_cats.sql", "-- up\ncreate table cats (name text);\n-- down\ndrop table cats;\n")
SECOND = Migration.parse("0002_dogs.sql", "-- up\ncreate table dogs (name text);\n-- down\ndrop table dogs;\n")
BROKEN = Migration.parse("0002_broken.sql", "-- up\ncreate table dogs (name text);\nnonsense;\n-- down\n")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writer(tmp_path / "chatter.db", patience=5)) as opened:
        yield opened


def tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("select name from sqlite_schema where type = 'table'")
    return {name for (name,) in rows} - {"migrations"}


def test_what_is_missing_is_applied_once(connection: sqlite3.Connection) -> None:
    assert migrate(connection, [FIRST]) == 1
    assert migrate(connection, [FIRST, SECOND]) == 1
    assert migrate(connection, [FIRST, SECOND]) == 0
    assert tables(connection) == {"cats", "dogs"}


def test_the_newest_step_is_taken_back(connection: sqlite3.Connection) -> None:
    migrate(connection, [FIRST, SECOND])
    step = rollback_one(connection, [FIRST, SECOND])
    assert step is not None
    assert (step.number, step.name) == (2, "dogs")
    assert tables(connection) == {"cats"}
    assert migrate(connection, [FIRST, SECOND]) == 1


def test_the_status_tells_what_waits(connection: sqlite3.Connection) -> None:
    migrate(connection, [FIRST])
    first, second = status(connection, [FIRST, SECOND])
    assert (first.name, second.name) == ("cats", "dogs")
    assert first.applied_at is not None
    assert second.applied_at is None


def test_a_step_that_fails_leaves_nothing_behind(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="nonsense"):
        migrate(connection, [FIRST, BROKEN])
    assert tables(connection) == {"cats"}
    assert [step.applied_at is None for step in status(connection, [FIRST, BROKEN])] == [False, True]


def test_a_migration_that_was_changed_since_stops_the_start(connection: sqlite3.Connection) -> None:
    migrate(connection, [FIRST])
    changed = attrs.evolve(FIRST, checksum="another")
    with pytest.raises(StoreUnreachable, match="cats"):
        migrate(connection, [changed])
    with pytest.raises(StoreUnreachable, match="cats"):
        rollback_one(connection, [changed])


def test_a_database_from_the_future_stops_the_start(connection: sqlite3.Connection) -> None:
    migrate(connection, [FIRST, SECOND])
    for ask in (migrate, rollback_one):
        with pytest.raises(StoreUnreachable, match="newer"):
            ask(connection, [FIRST])


@pytest.mark.parametrize("file", ["1_short.sql", "0001_no_sections.sql"])
def test_a_file_that_is_no_migration_is_a_mistake_of_ours(file: str) -> None:
    with pytest.raises(ValueError, match=file):
        Migration.parse(file, "create table cats (name text);")


def test_every_migration_of_ours_goes_back_to_nothing_and_up_again(connection: sqlite3.Connection) -> None:
    numbers = [migration.number for migration in load("sqlite")]
    assert numbers == list(range(1, len(numbers) + 1))
    for _ in range(2):
        assert migrate(connection) == len(numbers)
        taken_back = [rollback_one(connection) for _ in numbers]
        assert [step.number for step in taken_back if step is not None] == numbers[::-1]
        assert tables(connection) == set()
    assert rollback_one(connection) is None


def test_a_later_step_keeps_the_rooms(connection: sqlite3.Connection) -> None:
    migrate(connection)
    rollback_one(connection)
    assert connection.execute("select name from rooms").fetchall() == [("lobby",)]


async def test_a_store_from_the_future_is_unreachable(tmp_path: Path) -> None:
    path = tmp_path / "chatter.db"
    with closing(open_writer(path, patience=5)) as connection:
        migrate(connection)
        connection.execute("update migrations set number = 9999 where number = 1")
    with pytest.raises(StoreUnreachable, match="9999"):
        await SqliteStore(path).run(pytest.fail)


async def test_several_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "chatter.db"
    script = (
        "import sys; from pathlib import Path; from chatter.stores.sqlite.connection import open_writer; "
        "from chatter.stores.sqlite.migrating import migrate; print(migrate(open_writer(Path(sys.argv[1]), 20)))"
    )
    taken: list[int] = []

    async def start() -> None:
        run = partial(trio.run_process, [sys.executable, "-c", script, str(path)], capture_stdout=True)
        taken.append(int((await run()).stdout))

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(start)
    assert sum(taken) == len(load("sqlite"))
    async with running(SqliteStore(path)) as store:
        assert [room.name for room in await store.rooms()] == ["lobby"]
