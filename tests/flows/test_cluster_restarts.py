"""What nodes stand on is killed and started again while people talk, and the nodes themselves one after the other."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
import trio

from tests.postgres_server import PostgresServer

from .client import V2, Place, Refusal
from .cluster import Cluster, clustered
from .conftest import Connect, calling
from .crowd import arrive
from .regulars import partying

KILLS: Final = 2
A_WHILE: Final = 20
RACES: Final = 40
FOUND_OUT: Final = 5.0
THE_MACHINES: Final = 2.0
"""Seconds that are not the product's."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """It may be killed, and syncs: what it acknowledged it has to have."""
    with PostgresServer({}) as server:
        assert server.sql("show fsync") == "on"
        yield server


@pytest.fixture
async def cluster(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Cluster]:
    async with clustered(tmp_path, postgres, nodes=3) as cluster:
        yield cluster


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_or_moved_when_postgres_is_killed(
    cluster: Cluster, postgres: PostgresServer
) -> None:
    chance = Random(3)
    async with partying(cluster, writers=6, readers=6, truth=cluster.truth) as party:
        await party.everybody_is_here()
        for _ in range(KILLS):
            with trio.fail_after(60):
                await party.happened(chance.randint(1, 60))
            await trio.to_thread.run_sync(postgres.kill)
            await trio.sleep(chance.uniform(0, 4))
            await trio.to_thread.run_sync(postgres.start)
        with trio.fail_after(60):
            await party.happened(A_WHILE)
        visits = [regular.visits for regular in party.regulars]
    assert visits == [1] * 12
    for node in cluster.nodes:
        assert "PostgreSQL at 127.0.0.1" in node.errors


@pytest.mark.timeout(300)
async def test_nodes_are_restarted_one_after_the_other_and_people_go_on_elsewhere(cluster: Cluster) -> None:
    async with partying(cluster, writers=6, readers=6, truth=cluster.truth) as party:
        for node in cluster.nodes:
            with trio.fail_after(60):
                await party.happened(A_WHILE)
            node.signal(signal.SIGTERM)
            assert await node.ended() == 0
            with trio.fail_after(60):
                await party.happened(A_WHILE)
            await node.again()
        regulars = party.regulars
    assert {code for regular in regulars for code in regular.closed_with} == {1012}
    assert sum(regular.visits for regular in regulars) > len(regulars)


async def test_who_loses_their_node_resumes_on_another_behind_the_last_event_they_heard(
    cluster: Cluster, dial: Connect
) -> None:
    one, two, three = cluster.nodes
    ann, bob = await arrive(dial, one, "ann"), await arrive(dial, two, "bob")
    posted = await ann.say("first", client_id="c1")
    await bob.caught_up(1)
    one.kill()
    await bob.say("second")
    await bob.push("react", id=posted["id"], emoji="👋", on=True)
    query = f"vsn={V2}&token={ann.token}"
    again = await (await dial(three.socket_url, query=query)).join("chat:lobby", after=1)
    assert (again.welcome["resumed"], again.welcome["last_seq"]) == (True, 3)
    missed = [(event, payload["seq"]) for event, payload in again.welcome["events"]]
    assert missed == [("new_message", 2), ("reaction", 3)]
    assert again.welcome["user"] == ann.user
    assert await again.say("first", client_id="c1") == posted
    assert (await again.say("third"))["seq"] == 4
    assert [payload["seq"] for _, payload in await bob.caught_up(4)] == [1, 2, 3, 4]


async def test_each_name_race_over_all_nodes_has_one_winner(cluster: Cluster, dial: Connect) -> None:
    places = [await (await dial(node.socket_url)).join("chat:lobby") for node in [*cluster.nodes, *cluster.nodes]]
    for race in range(RACES):
        outcomes: list[str] = []

        async def run(place: Place, race: int = race, outcomes: list[str] = outcomes) -> None:
            try:
                await place.identify(f"name{race}")
            except Refusal as refusal:
                outcomes.append(refusal.reason)
            else:
                outcomes.append("won")

        async with trio.open_nursery() as nursery:
            for place in places:
                nursery.start_soon(run, place)
        assert sorted(outcomes) == [*["name_taken"] * 5, "won"]


async def test_moderators_are_obeyed_on_all_nodes_while_redis_is_away(cluster: Cluster, dial: Connect) -> None:
    """The database tells it then, five seconds late at most."""
    badge = cluster.token("mia", "--moderator")
    people = [await arrive(dial, node, f"person{number}") for number, node in enumerate(cluster.nodes)]
    cluster.redis.kill()
    async with calling(cluster.nodes[0]) as rest:
        await rest.post("/api/channels", token=people[0].token, name="attic")
        attic = [await place.client.join("chat:attic") for place in people]
        await rest.delete("/api/channels/attic", token=badge)
        with trio.fail_after(FOUND_OUT + THE_MACHINES):
            for place in attic:
                await place.next("phx_close")
        await rest.delete(f"/api/users/{people[2].user['id']}/sessions", token=badge)
        with trio.fail_after(FOUND_OUT + THE_MACHINES):
            assert await people[2].client.closing() == 1001
    for place in people[:2]:
        await place.say("still here")
