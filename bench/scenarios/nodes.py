"""Nodes: the other scenarios on PostgreSQL, and on several nodes, whose clients are spread over them.

CPU is that of all nodes together; what PostgreSQL and Redis spend is told apart. `one-node` has a Redis too, and nobody
to tell; `postgres` has none; `chatter` is the node on a file.
"""

from collections.abc import Iterator
from dataclasses import replace

from bench.scenarios.burst import Burst
from bench.scenarios.fanout import Fanout
from bench.scenarios.ingest import ONE, Ingest
from bench.scenarios.join import Join
from bench.scenarios.latency import Latency
from bench.scenarios.scenario import Figure, Goal

ALL = ("chatter", "postgres", "one-node", "two-nodes", "three-nodes")
MANY = 15_000
BESIDE = (Figure("postgres", "PostgreSQL CPU µs/text"), Figure("redis", "Redis CPU µs/text"))
CPU = (Figure("cpu", "CPU µs/delivery", Goal(1.3, ratio=True, of="two-nodes")), *BESIDE)
RATE = Figure("rate", "deliveries/s")
STORED = (Figure("cpu", "CPU µs/text"), Figure("rate", "texts/s"), *BESIDE)
WAITED = (
    Figure("p50", "p50 ms"),
    Figure("p99", "p99 ms", Goal(3, ratio=True, of="two-nodes")),
    Figure("max", "max ms"),
)
HELD = (Figure("cpu", "CPU µs/client"), Figure("pss", "PSS KB/client"))


def scenarios() -> Iterator[Fanout | Burst | Ingest | Latency | Join]:
    yield Fanout(1_000, kind="nodes-fanout", limit="one-node", targets=ALL, figures=CPU)
    yield Burst(name="nodes-burst", limit="one-node", targets=ALL, figures=(RATE, *CPU))
    yield Ingest(name="nodes-ingest", limit="chatter", targets=ALL, figures=STORED)
    yield replace(ONE, name="nodes-ingest-1", limit="chatter", targets=ALL, figures=STORED)
    yield Latency(name="nodes-latency", limit="one-node", targets=ALL, figures=WAITED)
    yield Join(MANY, name="nodes-join", limit="one-node", targets=("one-node", "three-nodes"), figures=HELD)
    yield Fanout(MANY, kind="nodes-fanout", limit="one-node", targets=("one-node", "three-nodes"), figures=CPU)
