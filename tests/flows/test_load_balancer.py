"""Two nodes behind nginx with `deploy/nginx.conf`: people know the balancer's address only."""

import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import httpx
import pytest
import trio

from tests.nginx_server import NginxServer
from tests.postgres_server import PostgresServer

from .client import PATIENCE, Place, TurnedAway
from .cluster import Cluster, clustered
from .conftest import Connect, calling
from .polling import Poller
from .regulars import partying
from .server import Server

MOST_A_ROUND: Final = 40
ADDRESSES: Final = tuple(f"127.0.0.{number}" for number in range(2, 10))


@pytest.fixture
async def cluster(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Cluster]:
    async with clustered(tmp_path, postgres) as cluster:
        yield cluster


@pytest.fixture
def balancer(cluster: Cluster) -> Iterator[NginxServer]:
    one, two = cluster.nodes
    with NginxServer(one.address, two.address) as balancer:
        yield balancer


async def sockets(node: Server) -> int:
    """How many are connected to it, WebSocket or long-poll."""
    async with httpx.AsyncClient(trust_env=False) as client:
        lines = (await client.get(f"{node.url}/metrics")).text.splitlines()
    [figure] = [line.split()[1] for line in lines if line.startswith("chatter_sessions ")]
    return int(float(figure))


async def arrive(dial: Connect, balancer: NginxServer, name: str) -> Place:
    place: Place = await (await dial(balancer.socket_url)).join("chat:lobby")
    await place.identify(name)
    return place


async def test_people_are_spread_over_the_nodes_and_it_makes_no_difference(
    cluster: Cluster, balancer: NginxServer, dial: Connect
) -> None:
    people = [await arrive(dial, balancer, f"person{number}") for number in range(6)]
    assert [await sockets(node) for node in cluster.nodes] == [3, 3]
    for number, person in enumerate(people * 2):
        await person.say(str(number))
    for person in people:
        heard = await person.caught_up(12)
        assert [(payload["seq"], payload["text"]) for _, payload in heard] == [(n + 1, str(n)) for n in range(12)]


@pytest.mark.timeout(300)
async def test_who_was_on_a_node_that_is_killed_comes_back_through_the_other(
    cluster: Cluster, balancer: NginxServer
) -> None:
    chance = Random(1)
    async with partying(balancer, writers=4, readers=4, truth=cluster.truth) as party:
        for victim in cluster.nodes:
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_ROUND))
            assert await sockets(victim) > 0
            victim.kill()
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_ROUND))
            await victim.again()
    assert sum(regular.visits for regular in party.regulars) >= 12


@pytest.mark.timeout(300)
async def test_nodes_are_restarted_in_turn_and_no_request_is_turned_away(
    cluster: Cluster, balancer: NginxServer
) -> None:
    async with partying(balancer, writers=4, readers=4, truth=cluster.truth) as party:
        async with asking_all_the_time(balancer) as statuses:
            for node in cluster.nodes:
                with trio.fail_after(60):
                    await party.happened(MOST_A_ROUND)
                node.signal(signal.SIGTERM)
                assert await node.ended() == 0
                with trio.fail_after(60):
                    await party.happened(MOST_A_ROUND)
                await node.again()
    assert statuses
    assert set(statuses) == {200}
    assert {code for regular in party.regulars for code in regular.closed_with} <= {1012, None}


@asynccontextmanager
async def asking_all_the_time(balancer: NginxServer) -> AsyncIterator[list[int]]:
    """Asks the balancer for something, again and again: the statuses of its answers."""
    statuses: list[int] = []

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=balancer.url, timeout=PATIENCE, trust_env=False) as client:
            while True:
                statuses.append((await client.get("/api/channels")).status_code)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        yield statuses
        nursery.cancel_scope.cancel()


# -- long-poll


@asynccontextmanager
async def polling(balancer: NginxServer, address: str) -> AsyncIterator[Poller]:
    """Somebody at this address who begins a session."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(base_url=balancer.url, transport=transport, timeout=PATIENCE) as client:
        poller = Poller(client)
        await poller.begin()
        yield poller


async def test_a_long_poll_session_needs_its_node_and_is_always_sent_there(
    cluster: Cluster, balancer: NginxServer
) -> None:
    found = set()
    for address in ADDRESSES:
        async with polling(balancer, address) as ann:
            counts = [await sockets(node) for node in cluster.nodes]
            await ann.push("chat:lobby", "phx_join")
            for _ in range(5):
                assert await ann.push("phoenix", "heartbeat") == {}
            found.add(tuple(counts))
            elsewhere = [await _status(node, ann) for node in cluster.nodes]
            assert sorted(elsewhere) == [200, 410]
    assert len(found) > 1


async def _status(node: Server, poller: Poller) -> int:
    """What the node says to something that the session posts."""
    async with httpx.AsyncClient(base_url=node.url, trust_env=False) as client:
        stray = Poller(client)
        stray.token = poller.token
        return await stray.post(poller.encoded("phoenix", "heartbeat", {})[1])


async def test_a_long_poll_session_dies_with_its_node_and_the_next_one_resumes(
    cluster: Cluster, balancer: NginxServer, dial: Connect
) -> None:
    async with polling(balancer, ADDRESSES[0]) as ann:
        await ann.push("chat:lobby", "phx_join")
        [victim] = [node for node in cluster.nodes if await sockets(node)]
        victim.kill()
        bob = await arrive(dial, balancer, "bob")
        await bob.say("where is ann?")
        assert await ann.ending() == 410
        again = Poller(ann.client)
        await again.begin()
        missed = (await again.push("chat:lobby", "phx_join", after=0))["events"]
        assert [(event, payload["text"]) for event, payload in missed] == [("new_message", "where is ann?")]


# -- what the nodes are told of whoever asks


async def test_a_page_may_connect_to_where_it_comes_from_and_others_may_not(
    balancer: NginxServer, dial: Connect
) -> None:
    await origins_are_heeded(balancer, dial)


async def test_tls_ends_at_the_balancer_and_nodes_do_not_notice(
    cluster: Cluster, trusting: ssl.SSLContext, tmp_path: Path, dial: Connect
) -> None:
    one, two = cluster.nodes
    with NginxServer(one.address, two.address, (tmp_path / "chain.pem", tmp_path / "key.pem")) as balancer:
        assert balancer.url.startswith("https:")
        await origins_are_heeded(balancer, dial, trusting)
        async with calling(balancer) as rest:
            assert (await rest.get("/api/health"))["status"] == "ok"


async def origins_are_heeded(balancer: NginxServer, dial: Connect, tls: ssl.SSLContext | None = None) -> None:
    def from_(origin: str) -> list[tuple[bytes, bytes]]:
        return [(b"Origin", origin.encode())]

    await (await dial(balancer.socket_url, headers=from_(balancer.url), tls=tls)).join("chat:lobby")
    other_port = balancer.url.rpartition(":")[0] + ":4000"
    for stranger in ("https://elsewhere.example", other_port):
        with pytest.raises(TurnedAway, match="403"):
            await dial(balancer.socket_url, headers=from_(stranger), tls=tls)


async def test_rest_and_the_page_come_from_any_node_and_metrics_from_none(
    cluster: Cluster, balancer: NginxServer, dial: Connect
) -> None:
    people = [await arrive(dial, balancer, name) for name in ("ann", "bob")]
    async with calling(balancer) as rest:
        assert {(await rest.get("/api/health"))["node"] for _ in range(4)} == {"node1", "node2"}
        token = await rest.guest("script")
        for number in range(4):
            await rest.post("/api/channels/lobby/messages", token=token, text=str(number))
        assert "</html>" in (await rest.client.get("/")).text
        metrics = await rest.client.get("/metrics")
        assert (metrics.status_code, "chatter_" in metrics.text) == (404, False)
    assert [await sockets(node) for node in cluster.nodes] == [1, 1]
    for person in people:
        assert [payload["text"] for _, payload in await person.caught_up(4)] == ["0", "1", "2", "3"]
