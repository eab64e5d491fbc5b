"""Several nodes of chatter on a PostgreSQL and a Redis of their own: together, one server under test.

PostgreSQL runs as it comes, with `fsync` on. What it and Redis spend is counted apart from what the nodes do.
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import trio

from bench.fleet import Address
from bench.server import Memory, Server, Spent, cpu_ns
from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer, redis_server

COMMAND = ("-m", "chatter", "--port", "0", "--message-rate", "0")
TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Cluster:
    """A context manager, like `Server`. `bus`: whether there is a Redis at all."""

    def __init__(self, folder: Path, nodes: int, *, bus: bool) -> None:
        self._folder, self._count, self._bus = folder, nodes, bus
        self._stack = ExitStack()
        self._nodes: list[Server] = []
        self._redis: RedisServer | None = None

    def __enter__(self) -> "Cluster":
        with ExitStack() as stack:
            self._postgres = stack.enter_context(PostgresServer({}))
            environment = {"DATABASE_URL": self._postgres.url()}
            if self._bus:
                self._redis = stack.enter_context(redis_server(self._folder))
                trio.run(self._redis.start)
                environment["CHATTER_BUS"] = self._redis.url
            for number in range(1, self._count + 1):
                home = self._folder / f"node{number}"
                home.mkdir()
                command = (sys.executable, *COMMAND, "--node", f"node{number}")
                self._nodes.append(stack.enter_context(Server(command, home, environment)))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def addresses(self) -> list[Address]:
        return [address for node in self._nodes for address in node.addresses]

    def spent(self) -> Spent:
        redis = 0 if self._redis is None else cpu_ns(self._redis.pid)
        return Spent(sum(node.spent().cpu for node in self._nodes), _family_cpu_ns(self._postgres), redis)

    def memory(self) -> Memory:
        return sum((node.memory() for node in self._nodes), Memory(0, 0))

    def last_words(self) -> str:
        return "\n".join(node.last_words() for node in self._nodes)


def _family_cpu_ns(postgres: PostgresServer) -> int:
    """Of all its processes: those that run, and, to a clock tick, those that ended."""
    parent, *children = postgres.processes
    ended = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[13:15]
    return sum(int(ticks) * TICK for ticks in ended) + sum(map(_cpu_ns_if_there, (parent, *children)))


def _cpu_ns_if_there(pid: int) -> int:
    try:
        return cpu_ns(pid)
    except OSError:  # it has ended since
        return 0
