"""Stalled: what one member that has stopped reading costs the others, in latency.

Windows without and with it take turns on one server, so that noise hits both; each pair gives one ratio. Before a
window with it counts, so much is said that the server holds bytes for it, and not yet so much that it is closed.
"""

from contextlib import closing
from dataclasses import dataclass
from statistics import median

from bench.dialects import Dialect
from bench.fleet import Fleet
from bench.load import at_rate, said
from bench.scenarios.scenario import Figure, Goal, Samples, room
from bench.server import UnderTest

BACKLOG = 640 * 1024
"""Bytes said to the stalled member: more than the kernel takes for it, less than what it may fall behind."""


@dataclass(frozen=True)
class Stalled:
    members: int = 1_000
    rate: float = 50
    seconds: float = 4.0
    pairs: int = 5
    name: str = "stalled"
    limit: str = "limit"
    targets: tuple[str, ...] = ("chatter",)
    figures: tuple[Figure, ...] = (
        Figure("without", "p99 ms, all read"),
        Figure("with", "p99 ms, one stalled"),
        Figure("ratio", "with / without", Goal(1.1)),
    )

    @property
    def title(self) -> str:
        return f"Stalled: {self.rate:g} texts/s into {self.members:,} members, one of whom has stopped reading"

    def run(self, server: UnderTest, dialect: Dialect) -> Samples:
        with closing(room(server, dialect, self.members - 1, senders=1)) as fleet:
            at_rate(fleet, self.rate, 1.0)
            pairs = [(self._p99(fleet), self._p99_beside_stalled(fleet)) for _ in range(self.pairs)]
        return {
            "without": [without for without, _ in pairs],
            "with": [beside for _, beside in pairs],
            "ratio": [median(beside / without for without, beside in pairs)],
        }

    def _p99(self, fleet: Fleet) -> float:
        waits = sorted(at_rate(fleet, self.rate, self.seconds))
        return waits[len(waits) * 99 // 100] / 1e6

    def _p99_beside_stalled(self, fleet: Fleet) -> float:
        with fleet.stalled_member():
            said(fleet, BACKLOG)
            return self._p99(fleet)
