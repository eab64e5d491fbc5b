"""The store's life: it starts, stops, is cancelled, crashes, and starts again; nothing acknowledged is lost."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import SQLITE_DENY, DatabaseError, ProgrammingError

import pytest
import trio
import trio.lowlevel

from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from chatter.stores.port import StoreUnreachable
from chatter.stores.sqlite import SqliteStore
from chatter.stores.sqlite.transaction import Transaction
from tests.stores.running import eventually, locked, running

ANN = User("u-ann", "Ann")


def a_post(text: str = "hello") -> list[Post]:
    return [Post(user=ANN, text=text)]


async def ids(path: Path) -> set[str]:
    """What the file holds, numbered without a gap."""
    async with running(SqliteStore(path)) as store:
        events = await store.events_after("lobby", 0, 100_000)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        return {event.message_id for event in events}


async def test_a_store_that_does_not_run_is_unavailable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "chatter.db")
    with pytest.raises(Unavailable):
        await store.append("lobby", a_post())
    with pytest.raises(Unavailable):
        await store.rooms()
    assert not store.path.exists()


async def test_the_same_store_runs_again_after_it_was_stopped(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "chatter.db")
    for number in range(3):
        async with running(store):
            await store.append("lobby", a_post())
            assert len(await store.events_after("lobby", 0, 10)) == number + 1
        with pytest.raises(Unavailable):
            await store.append("lobby", a_post())


async def test_a_stopped_store_leaves_one_file(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        await store.append("lobby", a_post())
        await store.rooms()
        assert len(os.listdir(tmp_path)) == 3
    assert os.listdir(tmp_path) == ["chatter.db"]


async def test_stop_finishes_what_was_queued(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "chatter.db", patience=30)
    async with running(store), trio.open_nursery() as nursery:
        with locked(store.path):
            for _ in range(50):
                nursery.start_soon(store.append, "lobby", a_post())
            await eventually(lambda: store.statistics().waiting == 50)
            store.stop()
            with pytest.raises(Unavailable):
                await store.append("lobby", a_post("too late"))
    assert len(await ids(store.path)) == 50


class Posters:
    """Tasks that post, what they were told, and how many were told no."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.acknowledged: list[str] = []
        self.refused = 0

    async def post(self) -> None:
        command = Post(user=ANN, text="hello")
        try:
            await self.store.append("lobby", [command])
            self.acknowledged.append(command.id)
        except Unavailable:
            self.refused += 1

    async def post_until_refused(self) -> None:
        while not self.refused:
            await self.post()


async def test_a_cancelled_store_finishes_what_was_queued(tmp_path: Path) -> None:
    posters = Posters(SqliteStore(tmp_path / "chatter.db", patience=30))
    async with trio.open_nursery() as nursery, trio.open_nursery() as supervisor:
        started = trio.Event()
        supervisor.start_soon(posters.store.run, started.set)
        await started.wait()
        with locked(posters.store.path):
            for _ in range(50):
                nursery.start_soon(posters.post)
            await eventually(lambda: posters.store.statistics().waiting == 50)
            supervisor.cancel_scope.cancel()
    assert len(posters.acknowledged) == 50
    assert await ids(posters.store.path) == set(posters.acknowledged)


async def test_cancelled_at_any_time_it_keeps_what_it_acknowledged_and_nothing_hangs(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for patience in range(0, 100, 5):
        posters = Posters(SqliteStore(tmp_path / "chatter.db"))
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery, trio.open_nursery() as supervisor:
                started = trio.Event()
                supervisor.start_soon(posters.store.run, started.set)
                await started.wait()
                for _ in range(5):
                    nursery.start_soon(posters.post_until_refused)
                for _ in range(patience):
                    await trio.lowlevel.checkpoint()
                supervisor.cancel_scope.cancel()
        acknowledged |= set(posters.acknowledged)
    assert len(acknowledged) > 20
    assert await ids(tmp_path / "chatter.db") == acknowledged


async def test_cancelled_while_it_starts_it_ends(tmp_path: Path) -> None:
    for patience in range(10):
        store = SqliteStore(tmp_path / "chatter.db")
        with trio.fail_after(20):
            async with trio.open_nursery() as supervisor:
                supervisor.start_soon(store.run, lambda: None)
                for _ in range(patience):
                    await trio.lowlevel.checkpoint()
                supervisor.cancel_scope.cancel()
        with pytest.raises(Unavailable):
            await store.rooms()


async def test_a_crash_of_the_writer_is_raised_by_run_and_told_to_those_who_wait(tmp_path: Path) -> None:
    posters = Posters(SqliteStore(tmp_path / "chatter.db", patience=30))

    async def crash() -> None:
        with pytest.raises(Unavailable):
            await crash_writer(posters.store)

    async with trio.open_nursery() as nursery:
        with crashes():
            async with running(posters.store):
                with locked(posters.store.path):
                    nursery.start_soon(crash)
                    for _ in range(5):
                        nursery.start_soon(posters.post)
                    await eventually(lambda: posters.store.statistics().waiting == 6)
                await trio.sleep_forever()
    assert posters.refused == 5
    assert await ids(posters.store.path) == set()


async def test_a_store_that_crashed_inside_a_transaction_runs_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "chatter.db", patience=0.01)

    def forbid_everything(transaction: Transaction) -> None:
        transaction.connection.set_authorizer(lambda *_: SQLITE_DENY)

    with pytest.RaisesGroup(pytest.RaisesExc(DatabaseError, match="not authorized")):
        async with running(store):
            with pytest.raises(Unavailable):
                await store._running.writer.submit(forbid_everything)
    async with running(store):
        await store.append("lobby", a_post())


async def crash_writer(store: SqliteStore) -> None:
    """Close the connection under the writer: nothing it can do about it."""
    await store._running.writer.submit(lambda transaction: transaction.connection.close())


def crashes() -> AbstractContextManager[object, bool]:
    return pytest.RaisesGroup(pytest.RaisesExc(ProgrammingError, match="closed database"))


async def test_a_reader_that_was_cancelled_never_shares_its_connection(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        await store.append("lobby", [Post(user=ANN, text=f"word {n}") for n in range(500)])
        for patience in range(40):
            async with trio.open_nursery() as nursery:
                for _ in range(8):
                    nursery.start_soon(_read, store)
                for _ in range(patience):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
        assert len((await store.page("lobby", limit=500)).messages) == 500


async def _read(store: SqliteStore) -> None:
    assert len((await store.page("lobby", limit=500)).messages) == 500


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be taken for one" * 100, b"SQLite format 3\x00"]
)
async def test_a_file_that_is_no_database_is_unreachable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "chatter.db"
    path.write_bytes(content)
    await refuses_to_start(SqliteStore(path), "chatter.db can't be opened")
    assert path.read_bytes() == content


async def test_a_missing_folder_is_unreachable(tmp_path: Path) -> None:
    await refuses_to_start(SqliteStore(tmp_path / "nowhere" / "chatter.db"), "there is no folder")


async def test_a_folder_is_unreachable(tmp_path: Path) -> None:
    await refuses_to_start(SqliteStore(tmp_path), "unable to open")


async def test_a_file_that_another_process_holds_is_unreachable(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        pass
    with locked(store.path):
        await refuses_to_start(SqliteStore(store.path, patience=0.01), "locked")


async def refuses_to_start(store: SqliteStore, why: str) -> None:
    with pytest.raises(StoreUnreachable, match=why) as refusal:
        await store.run(pytest.fail)
    assert "\n" not in str(refusal.value)


async def test_a_file_that_is_gone_fails_the_check(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        await store.check()
        store.path.unlink()
        with pytest.raises(Unavailable):
            await store.check()
