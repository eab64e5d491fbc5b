"""The writer: one transaction for all who wait, whoever else writes there, and whatever becomes of the server."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import asyncpg
import pytest
import trio
import trio.lowlevel

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.model import User
from chatter.errors import AlreadyExists, NotFound, Unavailable
from chatter.stores.port import Known, Outcome, Store, Stored
from chatter.stores.postgres import Address, PostgresStore
from chatter.stores.postgres.connection import Connection
from chatter.stores.postgres.pool import Job
from tests.postgres_server import PostgresServer
from tests.stores.running import eventually, running

ANN = User("u-ann", "Ann")


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.url(postgres.new_database())


def a_store(url: str, patience: float = 20, capacity: int = 4096) -> PostgresStore:
    return PostgresStore(Address(url), patience=patience, capacity=capacity)


class Locked:
    """Somebody else holds a room's row, in a transaction of another connection of the store's."""

    def __init__(self, store: PostgresStore, room: str = "lobby") -> None:
        self._store = store
        self._room = room
        self._let_go = trio.Event()

    async def __aenter__(self) -> None:
        self._nursery_manager = trio.open_nursery()
        nursery = await self._nursery_manager.__aenter__()
        held = trio.Event()
        nursery.start_soon(self._hold, held)
        await held.wait()

    async def __aexit__(self, *error: object) -> None:
        self._let_go.set()
        await self._nursery_manager.__aexit__(None, None, None)

    async def _hold(self, held: trio.Event) -> None:
        async def hold(connection: Connection) -> None:
            async with connection.transaction():
                await connection.execute("select 1 from rooms where name = $1 for update", self._room)
                held.set()
                while not self._let_go.is_set():
                    await connection.fetchval("select pg_sleep(0.01)")

        await self._store._running.pool.run(hold, within=60)


class Posters:
    """Many who post at once, and what they were told."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.told: list[Outcome] = []
        self.failed: list[BaseException] = []

    async def post(self, text: str = "hello", room: str = "lobby") -> None:
        try:
            self.told += await self.store.append(room, [Post(user=ANN, text=text)])
        except (Unavailable, NotFound, ValueError, asyncpg.PostgresError) as error:
            self.failed.append(error)


# -- group commit


async def test_who_waits_together_is_stored_in_one_commit_whatever_the_room(url: str) -> None:
    async with running(a_store(url)) as store:
        for number in range(9):
            await store.create_room(f"room{number}", "")
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            async with Locked(store):
                nursery.start_soon(posters.post)
                await eventually(lambda: store.statistics()[1].requests == 1)
                for number in range(90):
                    nursery.start_soon(posters.post, str(number), f"room{number % 9}")
                await eventually(lambda: store.statistics()[1].waiting == 91)
                assert store.statistics()[1].commits == 0
        assert len(posters.told) == 91
        assert store.statistics()[1].commits == 2
        assert [room.last_seq for room in await store.rooms()] == [1] + [10] * 9


async def test_a_retry_does_not_break_its_group_apart(url: str) -> None:
    async with running(a_store(url)) as store:
        known = Post(user=ANN, text="hello")
        await store.append("lobby", [known])
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            async with Locked(store):
                nursery.start_soon(posters.post)
                await eventually(lambda: store.statistics()[1].requests == 2)
                nursery.start_soon(store.append, "lobby", [known])
                for number in range(50):
                    nursery.start_soon(posters.post, str(number))
                await eventually(lambda: store.statistics()[1].waiting == 52)
        assert store.statistics()[1].commits == 3
        assert len(posters.told) == 51
        assert (await store.tail("lobby", events=0, messages=0)).last_seq == 52


async def test_a_queue_that_is_full_refuses_and_recovers(url: str) -> None:
    async with running(a_store(url, capacity=10)) as store:
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            async with Locked(store):
                nursery.start_soon(posters.post)
                await eventually(lambda: store.statistics()[1].requests == 1)
                for _ in range(15):
                    nursery.start_soon(posters.post)
                await eventually(lambda: len(posters.failed) == 5)
        assert len(posters.told) == 11
        assert {type(error) for error in posters.failed} == {Unavailable}
        await posters.post()
        assert len(posters.told) == 12


async def test_only_the_guilty_one_of_a_group_fails(url: str) -> None:
    async with running(a_store(url)) as store:
        posters = Posters(store)
        async with trio.open_nursery() as nursery:
            async with Locked(store):
                nursery.start_soon(posters.post)
                await eventually(lambda: store.statistics()[1].requests == 1)
                for text in ["one", "not \ud800 text", "no \x00 character", "two"]:
                    nursery.start_soon(posters.post, text)
                nursery.start_soon(posters.post, "nobody hears it", "nowhere")
                await eventually(lambda: store.statistics()[1].waiting == 6)
        assert len(posters.failed) == 3
        assert [type(outcome) for outcome in posters.told] == [Stored] * 3
        assert [event.seq for event in await store.events_after("lobby", 0, 10)] == [1, 2, 3]


async def test_a_large_batch_is_one_round_trip(url: str) -> None:
    async with running(a_store(url)) as store:
        posts = [Post(user=ANN, text=f"number {n}") for n in range(3_000)]
        assert {type(outcome) for outcome in await store.append("lobby", posts)} == {Stored}
        assert store.statistics()[1].commits == 1
        assert len(await store.events_after("lobby", 0, 5_000)) == 3_000


# -- two nodes, the same rooms


async def test_two_nodes_that_write_to_the_same_rooms_share_their_numbers(url: str) -> None:
    rooms = ["lobby", "kitchen", "attic"]
    async with running(a_store(url)) as here, running(a_store(url)) as there:
        for room in rooms[1:]:
            await here.create_room(room, "")

        async def write(store: Store, number: int) -> None:
            """In an order of its own, all kinds of commands."""
            for turn in range(20):
                room = rooms[(number + turn) % 3]
                post = Post(user=User(f"u{number}", f"User{number}"), text=f"{number} {turn}", client_id=str(turn))
                commands: list[Command] = [post]
                if turn % 3 == 0:
                    commands.append(React(user=ANN, message_id=post.id, emoji="x", on=True))
                    commands.append(Edit(user=post.user, message_id=post.id, text="edited"))
                if turn % 5 == 0:
                    commands.append(Delete(user=post.user, message_id=post.id))
                assert {type(outcome) for outcome in await store.append(room, commands)} == {Stored}

        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                for number in range(20):
                    nursery.start_soon(write, here if number % 2 else there, number)
        for store in (here, there):
            assert store.statistics()[1].commits >= 20
        total = 0
        for room in rooms:
            events = await here.events_after(room, 0, 10_000)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert events == await there.events_after(room, 0, 10_000)
            total += len(events)
        assert total == 20 * (20 + 7 * 2 + 4)


async def test_a_retry_at_another_node_is_known_while_the_first_is_still_on_its_way(url: str) -> None:
    async with running(a_store(url)) as here, running(a_store(url)) as there:
        for number in range(20):
            outcomes: list[Outcome] = []

            async def post(store: Store, number: int = number, outcomes: list[Outcome] = outcomes) -> None:
                outcomes += await store.append("lobby", [Post(user=ANN, text="hello", client_id=str(number))])

            async with trio.open_nursery() as nursery:
                nursery.start_soon(post, here)
                nursery.start_soon(post, there)
            first, second = sorted(outcomes, key=lambda outcome: type(outcome).__name__, reverse=True)
            assert isinstance(first, Stored)
            assert second == Known(first.event.seq, first.event.message)  # type: ignore[union-attr]
        assert (await here.tail("lobby", events=0, messages=0)).last_seq == 20


async def test_many_rooms_made_at_once_by_two_nodes_are_made_once(url: str) -> None:
    made: list[str] = []
    async with running(a_store(url)) as here, running(a_store(url)) as there:

        async def make(store: Store, name: str) -> None:
            with suppress(AlreadyExists):
                made.append((await store.create_room(name, "")).name)

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(make, here, f"room{number}")
                nursery.start_soon(make, there, f"room{number}")
    assert sorted(made) == sorted(f"room{number}" for number in range(20))


# -- somebody else holds a room


async def test_a_room_that_somebody_holds_is_unavailable_and_holds_up_no_other(url: str) -> None:
    async with running(a_store(url)) as store:
        await store.create_room("kitchen", "")
        posters = Posters(store)
        async with Locked(store):
            with trio.fail_after(10):
                async with trio.open_nursery() as nursery:
                    for number in range(10):
                        nursery.start_soon(posters.post, "hello", "lobby" if number % 2 else "kitchen")
            assert len(posters.told) == len(posters.failed) == 5
            assert {type(error) for error in posters.failed} == {Unavailable}
        await posters.post()
        assert [room.last_seq for room in await store.rooms()] == [5, 1]


async def test_a_node_that_hangs_in_a_transaction_is_thrown_out(url: str, postgres: PostgresServer) -> None:
    async def hang(connection: Connection) -> None:
        await connection.execute("set idle_in_transaction_session_timeout = 300")
        await connection.execute("begin; select 1 from rooms for update")

    async with running(a_store(url)) as store, running(a_store(url)) as hanging:
        pool = hanging._running.pool
        connection = await pool._lease()
        await pool._bridge.call(hang(connection), within=5)
        with trio.fail_after(5):
            await store.append("lobby", [Post(user=ANN, text="hello")])
        connection.terminate()
        pool._permits.release()


# -- cancelled


async def test_cancelled_at_any_moment_a_call_is_stored_whole_or_not_at_all(url: str) -> None:
    async with running(a_store(url)) as store:
        kept = 0
        for number in range(80):
            post = Post(user=ANN, text=f"number {number}")
            commands: list[Command] = [post, React(user=ANN, message_id=post.id, emoji="x", on=True)]
            with trio.move_on_after(number / 8_000) as scope:
                await store.append("lobby", commands if number % 2 else [post, Post(user=ANN, text="and more")])
            kept += not scope.cancelled_caught
        await store.append("lobby", [Post(user=ANN, text="still here")])
        events = await store.events_after("lobby", 0, 1_000)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(events) % 2 == 1
        assert len(events) >= kept * 2 + 1


# -- in doubt


@pytest.fixture(scope="module")
def fragile() -> Iterator[PostgresServer]:
    """A server for those who kill it."""
    with PostgresServer() as server:
        yield server


async def test_what_was_committed_without_an_answer_is_news_when_the_server_is_back(fragile: PostgresServer) -> None:
    """The connection is cut between the commit and its answer, as seen from the server."""
    url = fragile.url(fragile.new_database())
    async with running(a_store(url)) as store:
        post = Post(user=ANN, text="hello", client_id="c1")
        await store.append("lobby", [post])
        commands: list[Command] = [
            Post(user=ANN, text="in doubt", client_id="c2"),
            Edit(user=ANN, message_id=post.id, text="in doubt, too"),
            React(user=ANN, message_id=post.id, emoji="x", on=True),
            Edit(user=ANN, message_id=post.id, text="in doubt, too"),
        ]
        run, cut = store._running.pool.run, [True]

        async def answer_is_lost(job: Job[Any], within: float) -> Any:
            result = await run(job, within=within)
            if cut.pop():
                await run(
                    lambda connection: connection.execute("select pg_terminate_backend(pg_backend_pid())"), within=9
                )
            return result

        cut[:] = [False, True]
        store._running.pool.run = answer_is_lost  # type: ignore[method-assign]
        outcomes = await store.append("lobby", commands)
        store._running.pool.run = run  # type: ignore[method-assign]
        assert store.statistics()[1].retries == 1
        assert [type(outcome) for outcome in outcomes] == [Stored, Stored, Stored, Known]
        events = await store.events_after("lobby", 1, 10)
        assert [outcome.event for outcome in outcomes if isinstance(outcome, Stored)] == events
        assert [type(outcome) for outcome in await store.append("lobby", commands)] == [Known] * 4


async def test_writers_ride_out_a_server_that_is_killed_again_and_again(fragile: PostgresServer) -> None:
    url = fragile.url(fragile.new_database())
    async with running(a_store(url, patience=30)) as store, trio.open_nursery() as nursery:
        stored: list[Outcome] = []

        async def write(user: User) -> None:
            while True:
                stored.extend(await store.append("lobby", [Post(user=user, text="hello") for _ in range(3)]))

        with trio.CancelScope() as writing:
            async with trio.open_nursery() as writers:
                for number in range(10):
                    writers.start_soon(write, User(f"u{number}", f"User{number}"))
                for _ in range(4):
                    at_least = len(stored) + 100
                    await eventually(partial(_has, stored, at_least), 30)
                    fragile.kill()
                    await trio.to_thread.run_sync(fragile.start)
                at_least = len(stored) + 100
                await eventually(partial(_has, stored, at_least), 30)
                writing.cancel()
        nursery.cancel_scope.cancel()
        events = await store.events_after("lobby", 0, 1_000_000)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        told = [outcome.event.seq for outcome in stored if isinstance(outcome, Stored)]
        assert len(told) == len(stored) == len(set(told))
        assert set(told) <= {event.seq for event in events}
        assert len(events) - len(told) <= 3 * 10 * 2  # what was on its way at the end


def _has(items: list[Outcome], count: int) -> bool:
    return len(items) >= count
