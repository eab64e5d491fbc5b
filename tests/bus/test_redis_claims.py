"""Names in Redis when Redis, or a node, goes away."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from chatter.bus.claims import LEASE
from chatter.bus.redis import RedisBus
from tests.bus.test_redis_breaks import eventually
from tests.contracts.test_bus import running
from tests.redis_server import RedisServer, redis_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    with redis_server(tmp_path) as server:
        await server.start()
        yield server


async def reaching(*buses: RedisBus) -> None:
    await eventually(lambda: all(bus.connected for bus in buses))


async def test_names_are_claimed_again_when_redis_forgot_everything(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url)) as two:
        await reaching(one, two)
        assert await one.claims.claim("Ann", "u1", "s1")
        server.kill()
        await eventually(lambda: not one.connected and not two.connected)
        await server.start()
        await reaching(one, two)
        assert not await two.claims.claim("Ann", "u2", "s2")


async def test_thousands_of_names_are_claimed_again_long_before_the_lease_ends(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url)) as two:
        await reaching(one, two)
        server.kill()
        await eventually(lambda: not one.connected and not two.connected)
        for number in range(5000):
            assert await one.claims.claim(f"Ann{number}", f"u{number}", f"s{number}")
        await server.start()
        with trio.fail_after(LEASE):
            await reaching(one, two)
        for number in (0, 499, 500, 4999):
            assert not await two.claims.claim(f"Ann{number}", "u", "s")
        assert await two.claims.claim("Ann5000", "u", "s")


async def test_what_is_given_back_while_names_are_claimed_again_is_free(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url)) as two:
        await reaching(one, two)
        for number in range(1200):
            assert await one.claims.claim(f"Ann{number}", f"u{number}", f"s{number}")
        server.kill()
        await eventually(lambda: not one.connected and not two.connected)
        await server.start()
        while not one.connected:
            await trio.sleep(0)
            for number in range(1200):
                one.claims.release(f"s{number}")
        await reaching(two)
        with trio.fail_after(5):
            for number in range(1200):
                while not await two.claims.claim(f"Ann{number}", f"v{number}", f"t{number}"):  # noqa: ASYNC110
                    await trio.sleep(0.05)


async def test_without_redis_each_node_decides_for_itself(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one:
        await reaching(one)
        server.kill()
        await eventually(lambda: not one.connected)
        assert await one.claims.claim("Ann", "u1", "s1")
        assert not await one.claims.claim("Ann", "u2", "s2")
        assert await one.claims.in_use("Ann")
        assert not await one.claims.in_use("Bob")


async def test_what_was_given_back_while_redis_was_away_is_free_afterwards(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url)) as two:
        await reaching(one, two)
        assert await one.claims.claim("Ann", "u1", "s1")
        server.kill()
        await eventually(lambda: not one.connected)
        one.claims.release("s1")
        await server.start()
        await reaching(one, two)
        assert await two.claims.claim("Ann", "u2", "s2")


async def test_the_names_of_a_node_that_died_are_free_when_its_lease_is_over(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one:
        await reaching(one)
        async with trio.open_nursery() as nursery:
            dying = RedisBus(server.url)
            started = trio.Event()
            nursery.start_soon(dying.run, started.set)
            await started.wait()
            await reaching(dying)
            assert await dying.claims.claim("Ann", "u1", "s1")
            nursery.cancel_scope.cancel()
        assert not await one.claims.claim("Ann", "u2", "s2")
        died = trio.current_time()
        with trio.fail_after(2 * LEASE):
            while not await one.claims.claim("Ann", "u2", "s2"):  # noqa: ASYNC110 — Redis counts
                await trio.sleep(0.1)
        assert trio.current_time() - died <= LEASE + 1
