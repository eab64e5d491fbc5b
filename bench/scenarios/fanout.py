"""Fan-out: server CPU for one text to reach one member, while one text is in flight."""

from contextlib import closing
from dataclasses import dataclass

from bench.dialects import Dialect
from bench.load import beside, one_in_flight
from bench.scenarios.scenario import Figure, Goal, Samples, room
from bench.server import UnderTest

MANY = 5_000


@dataclass(frozen=True)
class Fanout:
    members: int = 1_000
    seconds: float = 1.5
    windows: int = 3
    limit: str = "limit"
    targets: tuple[str, ...] = (
        "chatter", "limit", "bare-python", "picows", "fastapi", "socketio-python", "socketio-node",
    )  # fmt: skip
    figures: tuple[Figure, ...] = (Figure("cpu", "CPU µs/delivery", Goal(1.25, ratio=True)),)
    kind: str = "fanout"

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.members}"

    @property
    def title(self) -> str:
        return f"Fan-out: an 80-byte text to {self.members:,} members, one in flight"

    def run(self, server: UnderTest, dialect: Dialect) -> Samples:
        with closing(room(server, dialect, self.members, senders=1)) as fleet:
            one_in_flight(server, fleet, self.seconds / 4)
            windows = [one_in_flight(server, fleet, self.seconds) for _ in range(self.windows)]
        return {"cpu": [window.cpu / 1e3 / window.deliveries for window in windows], **beside(windows)}


def fanout(members: int) -> Fanout:
    """Beside those who bear so many."""
    if members <= MANY:
        return Fanout(members)
    goal = Goal(1.4, ratio=True)
    targets = ("chatter", "limit", "bare-python", "picows")
    return Fanout(members, targets=targets, figures=(Figure("cpu", "CPU µs/delivery", goal),))
