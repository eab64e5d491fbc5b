"""Fan-out: server CPU for one text to reach one member, while one text is in flight."""

from contextlib import closing
from dataclasses import dataclass

from bench.dialects import Dialect
from bench.load import one_in_flight
from bench.scenarios.scenario import Figure, Goal, Samples, room
from bench.server import Server

MANY = 5_000


@dataclass(frozen=True)
class Fanout:
    members: int = 1_000
    seconds: float = 1.5
    windows: int = 3
    limit: str = "limit"

    @property
    def name(self) -> str:
        return f"fanout-{self.members}"

    @property
    def title(self) -> str:
        return f"Fan-out: an 80-byte text to {self.members:,} members, one in flight"

    @property
    def figures(self) -> tuple[Figure, ...]:
        return (Figure("cpu", "CPU µs/delivery", Goal(1.4 if self.members > MANY else 1.25, ratio=True)),)

    @property
    def targets(self) -> tuple[str, ...]:
        few = ("chatter", "limit", "bare-python", "picows")
        return few if self.members > MANY else (*few, "fastapi", "socketio-python", "socketio-node")

    def run(self, server: Server, dialect: Dialect) -> Samples:
        with closing(room(server, dialect, self.members, senders=1)) as fleet:
            one_in_flight(server, fleet, self.seconds / 4)
            windows = [one_in_flight(server, fleet, self.seconds) for _ in range(self.windows)]
        return {"cpu": [window.cpu / 1e3 / window.deliveries for window in windows]}
