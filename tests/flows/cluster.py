"""Several nodes on PostgreSQL and Redis, started for a test."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Final

import httpx
import trio

from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer, redis_server

from .client import PATIENCE
from .disk import PostgresTruth
from .server import Server

LOOK_AGAIN: Final = 0.1

Addresses = Callable[[str, str, int], tuple[str, str]]
"""From the database's and the bus's address, and a node's number (from 1): those that this node is given."""


class Cluster:
    """Whoever asks for an address gets that of the next node that runs."""

    def __init__(self, nodes: Sequence[Server], redis: RedisServer, truth: PostgresTruth) -> None:
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

    @property
    def address(self) -> tuple[str, int]:
        return self._next().address

    @property
    def memory(self) -> int:
        """Bytes that all nodes together have in use."""
        return sum(node.memory for node in self.nodes)

    def token(self, name: str, *flags: str) -> str:
        """What the operator's command prints, on whichever node's machine."""
        return self._next().token(name, *flags)

    def _next(self) -> Server:
        for _ in self.nodes:
            node = next(self._turn)
            if node.running:
                return node
        raise AssertionError("no node runs")

    def await_acquaintance(self) -> None:
        """Wait until each node that runs names all that do, and no others, in its health."""
        names = [name_of(number) for number, node in enumerate(self.nodes, 1) if node.running]
        end = time.monotonic() + PATIENCE
        for node in self.nodes:
            while node.running and (heard := nodes_heard_of(node)) != names:
                assert time.monotonic() < end, heard
                time.sleep(LOOK_AGAIN)

    async def know_each_other(self) -> None:
        """`await_acquaintance`, meanwhile others can act."""
        await trio.to_thread.run_sync(self.await_acquaintance)


async def health(node: Server) -> list[str]:
    """The nodes that it names, meanwhile others can act."""
    return await trio.to_thread.run_sync(nodes_heard_of, node)


def nodes_heard_of(node: Server) -> list[str]:
    names: list[str] = httpx.get(f"{node.url}/api/health", trust_env=False, timeout=PATIENCE).json()["nodes"]
    return names


def name_of(number: int) -> str:
    return f"node{number}"


@asynccontextmanager
async def clustered(
    folder: Path, postgres: PostgresServer, nodes: int = 2, addresses: Addresses | None = None
) -> AsyncIterator[Cluster]:
    """So many nodes, which know each other, and `nodeN` is the name of the N-th. They share a new database of
    `postgres`, and a Redis; `addresses`, when something is between them and those."""
    with redis_server(folder) as redis:
        await redis.start()
        cluster = _cluster(folder, postgres, redis, nodes, addresses)
        async with AsyncExitStack() as stack:
            for node in cluster.nodes:
                await stack.enter_async_context(node)
            await cluster.know_each_other()
            yield cluster


@contextmanager
def clustered_for_a_module(folder: Path, postgres: PostgresServer, nodes: int = 2) -> Iterator[Cluster]:
    """`clustered`, outside of trio: when it ends, no client may be there any more."""
    with redis_server(folder) as redis, ExitStack() as stack:
        trio.run(redis.start)
        cluster = _cluster(folder, postgres, redis, nodes, None)
        for node in cluster.nodes:
            stack.enter_context(node)
        cluster.await_acquaintance()
        yield cluster


def _cluster(
    folder: Path, postgres: PostgresServer, redis: RedisServer, nodes: int, addresses: Addresses | None
) -> Cluster:
    truth = PostgresTruth(postgres, postgres.new_database())
    own = postgres.tcp_url(truth.database), redis.url
    numbers = range(1, nodes + 1)
    servers = [_node(folder, number, *(addresses(*own, number) if addresses else own)) for number in numbers]
    return Cluster(servers, redis, truth)


def _node(folder: Path, number: int, database: str, bus: str) -> Server:
    home = folder / name_of(number)
    home.mkdir()
    return Server(home, "--message-rate", "0", "--node", name_of(number), "--bus", bus, DATABASE_URL=database)
