"""Several nodes on PostgreSQL and Redis: any of them, or what connects them, may be killed while people talk."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
import trio

from tests.postgres_server import PostgresServer

from .cluster import Cluster, clustered
from .conftest import Connect, calling
from .crowd import arrive, sees
from .regulars import partying

ROUNDS: Final = 3
MOST_A_ROUND: Final = 60
TO_BE_FOUND_DEAD: Final = 10.0


@pytest.fixture
async def cluster(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Cluster]:
    async with clustered(tmp_path, postgres, nodes=3) as cluster:
        yield cluster


async def test_people_on_two_nodes_talk_and_see_each_other(cluster: Cluster, dial: Connect) -> None:
    one, two, _ = cluster.nodes
    ann, bob = await arrive(dial, one, "ann"), await arrive(dial, two, "bob")
    for place in (ann, bob):
        await sees(place, ann, bob)
    for number in range(20):
        await (ann if number % 2 else bob).say(str(number))
    for place in (ann, bob):
        heard = await place.caught_up(20)
        assert [(payload["seq"], payload["text"]) for _, payload in heard] == [(n + 1, str(n)) for n in range(20)]
    await ann.push("typing", typing=True)
    assert (await bob.next("typing"))["user"]["name"] == "ann"


async def test_a_node_that_is_killed_takes_its_people_with_it_and_no_others(cluster: Cluster, dial: Connect) -> None:
    one, two, _ = cluster.nodes
    ann, bob = await arrive(dial, one, "ann"), await arrive(dial, two, "bob")
    await sees(ann, ann, bob)
    two.kill()
    killed = trio.current_time()
    await sees(ann, ann)
    assert trio.current_time() - killed < TO_BE_FOUND_DEAD + 2  # what the machine needs for it is not the lease's
    async with calling(one) as rest:
        assert (await rest.get("/api/health"))["nodes"] == ["node1", "node3"]
    assert (await ann.say("alone"))["seq"] == 1


async def test_a_node_that_stops_politely_takes_its_people_with_it_at_once(cluster: Cluster, dial: Connect) -> None:
    one, two, _ = cluster.nodes
    ann, bob = await arrive(dial, one, "ann"), await arrive(dial, two, "bob")
    await sees(ann, ann, bob)
    assert await trio.to_thread.run_sync(two.stop) == 0
    with trio.fail_after(2):
        await sees(ann, ann)


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_or_moved_when_nodes_are_killed(cluster: Cluster) -> None:
    chance = Random(1)
    async with partying(cluster, writers=6, readers=6, truth=cluster.truth) as party:
        for number in range(ROUNDS):
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_ROUND))
            victim = cluster.nodes[number]
            victim.kill()
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_ROUND))
            await victim.again()
    assert party.done > ROUNDS


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_or_moved_when_redis_is_killed(cluster: Cluster) -> None:
    """Each node serves its own meanwhile; nobody loses their socket, and all hear everything in the end."""
    chance = Random(2)
    async with partying(cluster, writers=6, readers=6, truth=cluster.truth) as party:
        for _ in range(ROUNDS):
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_ROUND))
            cluster.redis.kill()
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_ROUND))
            await cluster.redis.start()
        visits = [regular.visits for regular in party.regulars]
    assert visits == [1] * 12
    for node in cluster.nodes:
        assert "the other nodes can't be reached" in node.errors
