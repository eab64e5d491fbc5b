"""Latency: from the moment a text is due to its receipt by each member, at a fixed rate that no delay slows down."""

from contextlib import closing
from dataclasses import dataclass

from bench.dialects import Dialect
from bench.load import at_rate
from bench.scenarios.scenario import Figure, Goal, Samples, room
from bench.server import UnderTest


@dataclass(frozen=True)
class Latency:
    members: int = 200
    rate: float = 50
    seconds: float = 8.0
    name: str = "latency"
    limit: str = "limit"
    targets: tuple[str, ...] = (
        "chatter", "limit", "bare-python", "picows", "fastapi", "socketio-python", "socketio-node",
    )  # fmt: skip
    figures: tuple[Figure, ...] = (
        Figure("p50", "p50 ms"),
        Figure("p99", "p99 ms", Goal(2, ratio=True)),
        Figure("max", "max ms"),
    )

    @property
    def title(self) -> str:
        return f"Latency: {self.rate:g} texts/s into {self.members} members, send to receipt"

    def run(self, server: UnderTest, dialect: Dialect) -> Samples:
        with closing(room(server, dialect, self.members, senders=1)) as fleet:
            at_rate(fleet, self.rate, 1.0)
            waits = sorted(at_rate(fleet, self.rate, self.seconds))
        return {
            "p50": [waits[len(waits) // 2] / 1e6],
            "p99": [waits[len(waits) * 99 // 100] / 1e6],
            "max": [waits[-1] / 1e6],
        }
