"""Burst: many senders with several texts in flight each; how many deliveries a second, and what one costs.

The limit here is the C program that joins all texts of one turn of its loop into one `send` a member.
"""

from contextlib import closing
from dataclasses import dataclass

from bench.dialects import Dialect
from bench.load import beside, in_flight
from bench.scenarios.scenario import Figure, Goal, Samples, room
from bench.server import UnderTest


@dataclass(frozen=True)
class Burst:
    members: int = 1_000
    senders: int = 50
    each: int = 4
    seconds: float = 2.0
    windows: int = 3
    name: str = "burst"
    limit: str = "limit-joined"
    targets: tuple[str, ...] = (
        "chatter", "limit-joined", "limit", "bare-python", "picows", "fastapi", "socketio-python", "socketio-node",
    )  # fmt: skip
    figures: tuple[Figure, ...] = (
        Figure("rate", "deliveries/s", Goal(2_000_000, least=True)),
        Figure("cpu", "CPU µs/delivery"),
    )

    @property
    def title(self) -> str:
        return f"Burst: {self.senders} senders with {self.each} texts in flight each, {self.members:,} members"

    def run(self, server: UnderTest, dialect: Dialect) -> Samples:
        with closing(room(server, dialect, self.members, self.senders)) as fleet:
            in_flight(server, fleet, self.each, self.seconds / 4)
            windows = [in_flight(server, fleet, self.each, self.seconds) for _ in range(self.windows)]
        return {
            "rate": [window.deliveries * 1e9 / window.wall for window in windows],
            "cpu": [window.cpu / 1e3 / window.deliveries for window in windows],
            **beside(windows),
        }
