"""The writer: it gathers what waits into one commit, finds the guilty one, and knows its limits."""

from pathlib import Path

import pytest
import trio

from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from chatter.stores.port import Outcome, Stored
from chatter.stores.sqlite import SqliteStore
from chatter.stores.sqlite.transaction import Transaction
from tests.stores.running import eventually, locked, running

ANN = User("u-ann", "Ann")
FULL = 2


class Posters:
    """Many who post at once, and what they were told."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.told: list[Outcome] = []
        self.failed: list[BaseException] = []

    async def post(self, text: str) -> None:
        try:
            self.told += await self.store.append("lobby", [Post(user=ANN, text=text)])
        except (Unavailable, UnicodeEncodeError) as error:
            self.failed.append(error)


async def test_who_waits_together_is_stored_in_one_commit(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db", patience=30)) as store:
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            with locked(store.path):
                for number in range(100):
                    nursery.start_soon(posters.post, str(number))
                await eventually(lambda: store.statistics().waiting == 100)
                assert store.statistics().commits == 0
        assert len(posters.told) == 100
        assert store.statistics().commits <= 2


async def test_a_retry_does_not_break_its_group_apart(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db", patience=30)) as store:
        known = Post(user=ANN, text="hello")
        await store.append("lobby", [known])
        commits = store.statistics().commits
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            with locked(store.path):
                nursery.start_soon(store.append, "lobby", [known])
                for number in range(100):
                    nursery.start_soon(posters.post, str(number))
                await eventually(lambda: store.statistics().waiting == 101)
        assert len(posters.told) == 100
        assert store.statistics().commits <= commits + 2


async def test_every_commit_is_synced(tmp_path: Path) -> None:
    def settings(transaction: Transaction) -> list[object]:
        execute = transaction.connection.execute
        return [execute(f"pragma {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]

    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        assert await store._running.writer.submit(settings) == [FULL, "wal"]


async def test_a_queue_that_is_full_refuses_and_recovers(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db", patience=30, capacity=10)) as store:
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            with locked(store.path):
                for number in range(15):
                    nursery.start_soon(posters.post, str(number))
                await eventually(lambda: len(posters.failed) == 5)
        assert len(posters.told) == 10
        assert [type(error) for error in posters.failed] == [Unavailable] * 5
        await posters.post("again")
        assert len(posters.told) == 11


async def test_only_the_guilty_one_of_a_group_fails(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db", patience=30)) as store:
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            with locked(store.path):
                for text in ["one", "not \ud800 text", "two", "three"]:
                    nursery.start_soon(posters.post, text)
                await eventually(lambda: store.statistics().waiting == 4)
        assert [type(error) for error in posters.failed] == [UnicodeEncodeError]
        assert [type(outcome) for outcome in posters.told] == [Stored] * 3
        assert [event.seq for event in await store.events_after("lobby", 0, 10)] == [1, 2, 3]


async def test_a_file_that_another_process_holds_is_unavailable_until_it_is_let_go(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db", patience=0.01)) as store:
        posters = Posters(store)
        with locked(store.path):
            async with trio.open_nursery() as nursery:
                for number in range(10):
                    nursery.start_soon(posters.post, str(number))
            assert [type(error) for error in posters.failed] == [Unavailable] * 10
            with pytest.raises(Unavailable):
                await store.check()
            assert await store.events_after("lobby", 0, 10) == []
        await posters.post("free again")
        assert len(posters.told) == 1
        await store.check()


async def test_two_stores_of_one_file_share_the_numbers_of_its_rooms(tmp_path: Path) -> None:
    path = tmp_path / "chatter.db"
    async with running(SqliteStore(path, patience=30)) as here, running(SqliteStore(path, patience=30)) as there:
        async with trio.open_nursery() as nursery:
            for store in [here, there] * 20:
                nursery.start_soon(Posters(store).post, "hello")
        assert [event.seq for event in await there.events_after("lobby", 0, 100)] == list(range(1, 41))
        assert len(await here.search("hello", room=None, limit=100)) == 40


async def test_the_search_index_fills_by_itself_in_a_quiet_moment(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        await store.append("lobby", [Post(user=ANN, text=str(number)) for number in range(1_200)])
        assert store.statistics().unindexed > 0
        await eventually(lambda: store.statistics().unindexed == 0)
