"""Join: server CPU for one client to connect, upgrade and join the room, and the memory that it holds while idle.

A few clients come first, so that what is loaded or allocated once is not counted.
"""

from contextlib import closing
from dataclasses import dataclass

from bench.dialects import Dialect
from bench.scenarios.scenario import Figure, Goal, Samples, room
from bench.server import UnderTest

FIRST = 100


@dataclass(frozen=True)
class Join:
    clients: int = 5_000
    name: str = "join"
    limit: str = "limit"
    targets: tuple[str, ...] = (
        "chatter", "limit", "bare-python", "picows", "fastapi", "socketio-python", "socketio-node",
    )  # fmt: skip
    figures: tuple[Figure, ...] = (
        Figure("cpu", "CPU µs/client", Goal(190)),
        Figure("pss", "PSS KB/client", Goal(10)),
        Figure("rss", "RSS KB/client"),
    )

    @property
    def title(self) -> str:
        return f"Join: {self.clients:,} clients, then idle"

    def run(self, server: UnderTest, dialect: Dialect) -> Samples:
        with closing(room(server, dialect, FIRST, senders=0)) as fleet:
            before, memory = server.spent(), server.memory()
            fleet.add_visitors(self.clients)
            fleet.settle(1.0)
            spent, after = server.spent() - before, server.memory()
        return {
            "cpu": [spent.cpu / 1e3 / self.clients],
            "pss": [(after.pss - memory.pss) / self.clients],
            "rss": [(after.rss - memory.rss) / self.clients],
        }
