"""Cancellation, time limits and lost connections: nothing of it leaks a connection, leaves a lock, or hangs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import attrs
import pytest
import trio
import trio.lowlevel

from chatter.errors import Unavailable
from chatter.stores.port import DatabaseFound, DatabaseLost
from chatter.stores.postgres.bridge import Bridge, TookTooLong, open_bridge
from chatter.stores.postgres.connection import Address, Connection, Lost
from chatter.stores.postgres.pool import Pool
from tests.postgres_server import PostgresServer
from tests.stores.running import eventually

SIZE = 3
LONG = 30.0
FOREVER = "select pg_sleep(1000)"


@pytest.fixture(scope="module")
def server() -> Any:
    """One of our own, since it is killed and frozen here."""
    with PostgresServer() as server:
        server.sql("create table scratch (it int)")
        yield server


@attrs.define
class Scene:
    """A pool, its server, and what it told."""

    server: PostgresServer
    bridge: Bridge
    pool: Pool
    told: list[Any]

    async def run(self, sql: str, within: float = LONG) -> Any:
        return await self.pool.run(_asking(sql), within=within)

    async def sql(self, statement: str) -> str:
        """Asked beside the pool, whose loop goes on meanwhile."""
        return await trio.to_thread.run_sync(self.server.sql, statement)

    async def sessions(self, count: int, condition: str = "true") -> None:
        """Wait until the server has so many of our connections in such a state; not until it gives up by itself."""
        asked = f"select count(*) from pg_stat_activity where application_name = 'chatter' and {condition}"
        with trio.fail_after(4):
            while int(await self.sql(asked)) != count:  # noqa: ASYNC110 (nobody tells us)
                await trio.sleep(0.01)

    async def works(self) -> None:
        """All connections can be used at once, nothing is left of what was cancelled, and no lock is held."""
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                for _ in range(SIZE * 2):
                    nursery.start_soon(self.run, "select pg_sleep(0.01)")
        assert self.pool.statistics().busy == 0
        assert self.pool.statistics().open <= SIZE
        await self.sessions(self.pool.statistics().open)
        await self.sessions(0, "state <> 'idle'")
        await self.sql("begin; set lock_timeout = 1000; lock table scratch in access exclusive mode; commit")


def _asking(sql: str) -> Callable[[Connection], Any]:
    return lambda connection: connection.fetchval(sql)


@asynccontextmanager
async def pooled(server: PostgresServer, patience: float = 2.0, url: str = "") -> AsyncIterator[Scene]:
    told: list[Any] = []
    async with open_bridge() as bridge, trio.open_nursery() as nursery:
        pool = Pool(bridge, Address(url or server.url()), size=SIZE, patience=patience, observer=told.append)
        nursery.start_soon(pool.keep)
        try:
            yield Scene(server, bridge, pool, told)
        finally:
            with trio.CancelScope(shield=True), trio.fail_after(10):
                await pool.close()
            nursery.cancel_scope.cancel()


@pytest.fixture
async def scene(server: PostgresServer) -> AsyncIterator[Scene]:
    async with pooled(server) as scene:
        yield scene


async def in_a_transaction(connection: Connection) -> None:
    """Many awaits, locks, and time for whoever wants to interfere."""
    async with connection.transaction():
        await connection.execute("lock table scratch in exclusive mode")
        await connection.execute("insert into scratch values (1)")
        await connection.fetchval("select pg_sleep(0.005)")
        async with connection.transaction():
            await connection.executemany("insert into scratch values ($1)", [(n,) for n in range(50)])
            await connection.fetchval("select count(*) from scratch")


# -- cancelled


async def test_cancelled_at_any_moment_a_transaction_is_done_or_undone_and_its_connection_is_free(scene: Scene) -> None:
    await scene.sql("truncate scratch")
    done = cancelled = 0
    while done < 10:
        with trio.move_on_after((done + cancelled) / 4_000) as scope:
            await scene.pool.run(in_a_transaction, within=LONG)
        done += not scope.cancelled_caught
        cancelled += scope.cancelled_caught
    assert cancelled > 10
    await scene.works()
    rows = int(await scene.sql("select count(*) from scratch"))
    assert rows % 51 == 0
    assert rows >= done * 51


async def test_cancelled_after_any_number_of_steps_many_at_once_leave_the_pool_whole(scene: Scene) -> None:
    for steps in range(60):
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                for _ in range(SIZE * 3):
                    nursery.start_soon(scene.run, "select pg_sleep(0.002)")
                for _ in range(steps):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
    await scene.works()


async def test_a_cancelled_query_is_cancelled_in_the_server_too(scene: Scene) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.run, FOREVER)
        await scene.sessions(1, "state = 'active'")
        nursery.cancel_scope.cancel()
    await scene.sessions(0, "state = 'active'")
    await scene.works()


async def test_cancelled_while_it_connects_no_connection_is_left_behind(server: PostgresServer) -> None:
    for number in range(60):
        async with pooled(server) as scene:
            with trio.move_on_after(number / 4_000):
                await scene.run("select 1")
            assert scene.pool.statistics().busy == 0
    async with pooled(server) as scene:
        await scene.sessions(0)
        await scene.works()


async def test_a_coroutine_that_holds_on_is_left_behind_and_heard_no_more(server: PostgresServer) -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(1)
            raise ValueError("nobody hears this")

    abandoned: list[bool] = []
    async with open_bridge() as bridge:
        with trio.fail_after(5):
            with pytest.raises(TookTooLong):
                await bridge.call(stubborn(), within=0.01, abandoned=lambda: abandoned.append(True))
            assert abandoned
            await trio.sleep(1.2)


# -- time limits


async def test_what_takes_too_long_is_lost_and_its_connection_replaced(scene: Scene) -> None:
    for _ in range(SIZE + 1):
        with pytest.raises(Lost):
            await scene.run(FOREVER, within=0.05)
    await scene.sessions(0, "state = 'active'")
    await scene.works()


async def test_the_server_gives_a_statement_up_by_itself(scene: Scene) -> None:
    with pytest.raises(asyncpg.QueryCanceledError):
        await scene.pool.run(_impatient, within=LONG)
    await scene.works()


async def _impatient(connection: Connection) -> None:
    async with connection.transaction():
        await connection.execute("set local statement_timeout = 20")
        await connection.execute(FOREVER)


async def test_who_finds_no_free_connection_waits_as_long_as_its_patience_lasts(server: PostgresServer) -> None:
    async with pooled(server, patience=0.2) as scene, trio.open_nursery() as nursery:
        for _ in range(SIZE):
            nursery.start_soon(scene.run, FOREVER)
        await eventually(lambda: scene.pool.statistics().busy == SIZE)
        with pytest.raises(Unavailable):
            await scene.run("select 1")
        nursery.cancel_scope.cancel()
    async with pooled(server, patience=5) as scene, trio.open_nursery() as nursery:
        for _ in range(SIZE):
            nursery.start_soon(scene.run, "select pg_sleep(0.2)")
        await eventually(lambda: scene.pool.statistics().busy == SIZE)
        assert await scene.run("select 1") == 1


async def test_more_tasks_than_connections_take_turns(scene: Scene) -> None:
    answers: list[int] = []

    async def ask() -> None:
        for _ in range(10):
            answers.append(await scene.run("select 1"))

    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(ask)
    assert answers == [1] * 400
    await scene.works()


async def test_a_job_that_leaves_a_transaction_open_loses_its_connection(scene: Scene) -> None:
    async def careless(connection: Connection) -> None:
        await connection.execute("begin; lock table scratch in access exclusive mode")

    await scene.pool.run(careless, within=LONG)
    await scene.works()


async def test_an_error_of_the_servers_costs_no_connection(scene: Scene) -> None:
    for _ in range(SIZE + 1):
        with pytest.raises(asyncpg.UndefinedTableError):
            await scene.run("select * from nowhere")
    assert scene.pool.statistics().open == 1
    await scene.works()


# -- lost


async def test_a_connection_that_the_server_ends_is_lost_and_the_next_is_new(scene: Scene) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_is_lost, scene)
        await scene.sessions(1, "state = 'active'")
        await scene.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chatter'")
    await scene.works()
    assert scene.told == []


async def _is_lost(scene: Scene) -> None:
    with pytest.raises(Lost):
        await scene.run(FOREVER)


@pytest.mark.parametrize("how", ["killed", "stopped", "fast"])
async def test_a_server_that_ends_in_the_middle_is_told_once_and_found_again(server: PostgresServer, how: str) -> None:
    async with pooled(server, patience=20) as scene:
        async with trio.open_nursery() as nursery:
            for _ in range(SIZE):
                nursery.start_soon(_is_lost, scene)
            await scene.sessions(SIZE, "state = 'active'")
            server.kill() if how == "killed" else server.stop("immediate" if how == "stopped" else "fast")
        async with trio.open_nursery() as nursery:
            for _ in range(SIZE * 2):
                nursery.start_soon(scene.run, "select 1")
            await eventually(lambda: len(scene.told) == 1)
            await trio.to_thread.run_sync(server.start)
        assert [type(event) for event in scene.told] == [DatabaseLost, DatabaseFound]
        assert scene.pool.statistics().reachable
        await scene.works()


async def test_a_server_that_is_away_is_unavailable_until_it_is_back(server: PostgresServer) -> None:
    async with pooled(server, patience=0.1) as scene:
        await scene.run("select 1")
        server.stop()
        try:
            with pytest.raises((Lost, Unavailable)):
                await scene.run("select 1")
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await scene.run("select 1")
            assert not scene.pool.statistics().reachable
        finally:
            await trio.to_thread.run_sync(server.start)
        await eventually(lambda: scene.pool.statistics().reachable)
        await scene.works()


async def test_a_server_that_freezes_is_lost_in_time_and_works_when_it_thaws(server: PostgresServer) -> None:
    async with pooled(server, patience=0.2) as scene:
        await scene.run("select 1")
        server.freeze()
        try:
            with trio.fail_after(5), pytest.raises((Lost, Unavailable)):
                await scene.run("select 1", within=0.3)
            with trio.fail_after(5), pytest.raises(Unavailable):
                await scene.run("select 1", within=0.3)
        finally:
            server.thaw()
        await scene.works()


async def test_closing_sends_away_who_is_in_the_middle(server: PostgresServer) -> None:
    async with pooled(server) as scene, trio.open_nursery() as nursery:
        for _ in range(SIZE):
            nursery.start_soon(_is_lost, scene)
        await scene.sessions(SIZE, "state = 'active'")
        with trio.fail_after(5):
            await scene.pool.close()
        with pytest.raises(Unavailable):
            await scene.run("select 1")


async def test_a_server_without_room_for_more_connections_is_not_lost(server: PostgresServer) -> None:
    name = server.new_database()
    server.sql("create role modest login password 'modest'")
    server.sql(f"alter database {name} connection limit 1")
    url = server.url(name).replace("chatter@", "modest@")
    async with pooled(server, patience=5, url=url) as scene, trio.open_nursery() as nursery:
        for _ in range(SIZE):
            nursery.start_soon(scene.run, "select pg_sleep(0.1)")
        with trio.fail_after(5):
            assert await scene.run("select 1") == 1
        assert scene.told == []
