"""The shape of a scenario, its figures, and the goals that chatter has set itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.dialects import Dialect
from bench.fleet import Fleet
from bench.server import UnderTest

Samples = Mapping[str, Sequence[float]]

TEXT = "A text of eighty bytes, which is about as long as what people write in a chat..."
assert len(TEXT) == 80


@dataclass(frozen=True)
class Goal:
    """`bound` on the figure of the target `of`, or on its ratio to the limit; at most, unless `least`."""

    bound: float
    ratio: bool = False
    least: bool = False
    of: str = "chatter"

    def met(self, value: float, ratio: float | None) -> bool | None:
        figure = ratio if self.ratio else value
        if figure is None:
            return None
        return figure >= self.bound if self.least else figure <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:,g}{' × limit' if self.ratio else ''}"


@dataclass(frozen=True)
class Figure:
    name: str
    unit: str
    goal: Goal | None = None


class Scenario(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def figures(self) -> tuple[Figure, ...]: ...

    @property
    def limit(self) -> str:
        """The target that ratios are taken to."""

    @property
    def targets(self) -> tuple[str, ...]: ...

    def run(self, server: UnderTest, dialect: Dialect) -> Samples: ...


def room(server: UnderTest, dialect: Dialect, members: int, senders: int) -> Fleet:
    """A room of `members`, of whom `senders` also post; all joined, and quiet."""
    fleet = Fleet(server.addresses, dialect)
    fleet.add_visitors(members - senders)
    fleet.add_senders(senders, TEXT)
    fleet.settle()
    return fleet
