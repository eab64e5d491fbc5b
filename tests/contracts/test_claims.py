"""Which names are in use on any node: what `chatter.bus.claims` promises, of every adapter."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trio

from chatter.bus.port import Bus
from tests.contracts.test_bus import ADAPTERS, PATIENCE, Cluster, running


@pytest.fixture(params=ADAPTERS)
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with ADAPTERS[request.param](tmp_path) as make, trio.open_nursery() as nursery:
        yield Cluster(make, nursery)
        nursery.cancel_scope.cancel()


async def nodes(cluster: Cluster, count: int = 2) -> list[Bus]:
    """Whose claims reach each other."""
    return [await cluster.node() for _ in range(count)]


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    with trio.fail_after(PATIENCE):
        while not await true():  # noqa: ASYNC110 — what it waits for is in another process
            await trio.sleep(0.02)


async def test_a_name_is_one_users_on_all_nodes(cluster: Cluster) -> None:
    one, two = await nodes(cluster)
    assert await one.claims.claim("Ann", "u1", "s1")
    assert not await two.claims.claim("ANN", "u2", "s2")
    assert await two.claims.in_use("ann")
    assert not await two.claims.in_use("bob")


async def test_a_user_may_be_on_several_nodes(cluster: Cluster) -> None:
    one, two = await nodes(cluster)
    assert await one.claims.claim("Ann", "u1", "s1")
    assert await two.claims.claim("ann", "u1", "s2")
    one.claims.release("s1")
    for _ in range(5):
        assert not await one.claims.claim("Ann", "u2", "s3")
        await trio.sleep(0.01)
    two.claims.release("s2")
    await eventually(lambda: one.claims.claim("Ann", "u2", "s3"))


async def test_a_name_that_was_released_is_free_everywhere(cluster: Cluster) -> None:
    one, two = await nodes(cluster)
    assert await one.claims.claim("Ann", "u1", "s1")
    one.claims.release("s1")
    one.claims.release("s1")
    await eventually(lambda: two.claims.claim("Ann", "u2", "s2"))


async def test_who_takes_another_name_gives_the_first_one_back(cluster: Cluster) -> None:
    one, two = await nodes(cluster)
    assert await one.claims.claim("Ann", "u1", "s1")
    assert await one.claims.claim("Anna", "u1", "s1")
    await eventually(lambda: two.claims.claim("Ann", "u2", "s2"))
    assert not await two.claims.claim("Anna", "u2", "s2")


async def test_a_claim_that_fails_leaves_the_name_one_has(cluster: Cluster) -> None:
    one, two = await nodes(cluster)
    assert await one.claims.claim("Ann", "u1", "s1")
    assert await two.claims.claim("Bob", "u2", "s2")
    assert not await two.claims.claim("Ann", "u2", "s2")
    assert not await one.claims.claim("Bob", "u1", "s1")


async def test_a_claim_whose_answer_got_lost_may_be_made_again_as_somebody_new(cluster: Cluster) -> None:
    one, two = await nodes(cluster)
    assert await one.claims.claim("Ann", "u1", "s1")
    assert await one.claims.claim("Ann", "u2", "s1")
    assert not await two.claims.claim("Ann", "u1", "s2")
    assert await two.claims.claim("Ann", "u2", "s2")


async def test_of_many_who_claim_a_name_at_once_one_gets_it(cluster: Cluster) -> None:
    buses = await nodes(cluster, 3)
    for race in range(20):
        won: list[int] = []

        async def run(number: int, race: int = race, won: list[int] = won) -> None:
            if await buses[number % 3].claims.claim(f"name{race}", f"u{number}", f"s{number}"):
                won.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(12):
                nursery.start_soon(run, number)
        assert len(won) == 1
        for number in range(12):
            buses[number % 3].claims.release(f"s{number}")


async def test_a_node_that_stops_gives_all_names_back(cluster: Cluster) -> None:
    (one,) = await nodes(cluster, 1)
    async with running(cluster.make()) as two:
        assert await two.claims.claim("Ann", "u1", "s1")
        await eventually(lambda: one.claims.in_use("Ann"))
    await eventually(lambda: one.claims.claim("Ann", "u2", "s2"))
