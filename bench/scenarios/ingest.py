"""Ingest: server CPU for one text stored, acknowledged, and delivered to a room of ten.

Once with eight senders that keep eight texts in flight each, once with one sender that waits for each, which is for
comparison only: waking and sleeping for each text costs even the limit what is the goal for all of it. The limits
store nothing.
"""

from contextlib import closing
from dataclasses import dataclass

from bench.dialects import Dialect
from bench.load import Window, beside, in_flight, one_in_flight
from bench.scenarios.scenario import Figure, Goal, Samples, room
from bench.server import UnderTest


@dataclass(frozen=True)
class Ingest:
    members: int = 10
    senders: int = 8
    each: int = 8
    seconds: float = 1.5
    windows: int = 3
    name: str = "ingest"
    limit: str = "limit"
    targets: tuple[str, ...] = ("chatter", "limit", "bare-python")
    figures: tuple[Figure, ...] = (Figure("cpu", "CPU µs/text", Goal(50)), Figure("rate", "texts/s"))

    @property
    def _one_in_flight(self) -> bool:
        return self.senders == self.each == 1

    @property
    def title(self) -> str:
        flight = "one" if self._one_in_flight else f"{self.senders} senders with {self.each} each"
        return f"Ingest: stored and acknowledged, {self.members} members, {flight} in flight"

    def run(self, server: UnderTest, dialect: Dialect) -> Samples:
        with closing(room(server, dialect, self.members, self.senders)) as fleet:

            def window(seconds: float) -> Window:
                if self._one_in_flight:
                    return one_in_flight(server, fleet, seconds)
                return in_flight(server, fleet, self.each, seconds)

            window(self.seconds / 4)
            windows = [window(self.seconds) for _ in range(self.windows)]
        return {
            "cpu": [window.cpu / 1e3 / window.posts for window in windows],
            "rate": [window.posts * 1e9 / window.wall for window in windows],
            **beside(windows),
        }


ONE = Ingest(senders=1, each=1, name="ingest-1", figures=(Figure("cpu", "CPU µs/text"), Figure("rate", "texts/s")))
