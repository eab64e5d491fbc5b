"""Several nodes on PostgreSQL and Redis, started for a test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from pathlib import Path

import trio

from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer, redis_server

from .client import Client, Place
from .conftest import Connect, calling
from .disk import PostgresTruth
from .server import Server


class Cluster:
    """Whoever asks for an address gets the next node that runs."""

    def __init__(self, nodes: list[Server], redis: RedisServer, truth: PostgresTruth) -> None:
        self.nodes = nodes
        self.redis = redis
        self.truth = truth
        self._turn = cycle(nodes)

    @property
    def url(self) -> str:
        return self._next().url

    @property
    def socket_url(self) -> str:
        return self._next().socket_url

    def _next(self) -> Server:
        for node in self._turn:
            if node.running:
                return node
        raise AssertionError("no nodes")


@asynccontextmanager
async def clustered(folder: Path, postgres: PostgresServer, nodes: int = 2) -> AsyncIterator[Cluster]:
    truth = PostgresTruth(postgres, postgres.new_database())
    with redis_server(folder) as redis:
        await redis.start()
        async with AsyncExitStack() as stack:
            servers = []
            for number in range(1, nodes + 1):
                home = folder / f"node{number}"
                home.mkdir()
                options = ("--message-rate", "0", "--node", f"node{number}", "--bus", redis.url)
                server = Server(home, *options, DATABASE_URL=postgres.tcp_url(truth.database))
                servers.append(await stack.enter_async_context(server))
            await _know_each_other(servers)
            yield Cluster(servers, redis, truth)


async def _know_each_other(servers: list[Server]) -> None:
    names = [f"node{number}" for number in range(1, len(servers) + 1)]
    with trio.fail_after(20):
        for server in servers:
            async with calling(server) as rest:
                while (await rest.get("/api/health"))["nodes"] != names:  # noqa: ASYNC110 — another process
                    await trio.sleep(0.1)


async def arrive(dial: Connect, server: Server, name: str) -> Place:
    client: Client = await dial(server.socket_url)
    place = await client.join("chat:lobby")
    await place.identify(name)
    return place
