"""What breaks, and when.

Each seed draws which kinds of faults there are at all (swarm testing: Groce et al., 2012), since a run in which all of
them come seldom shows what a few of them do together. Half of what breaks does so in the midst of what people do.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import attrs

from tests.simulation.redis import REFUSED, SILENT

TARGETS = (
    *["session"] * 4,
    *["room"] * 6,
    *["directory", "presence", "store", "gateway"] * 2,
    "poller",
    "sweeper",
    "bus",
)


@attrs.frozen
class Step:
    """Something that is done at a time: by or to client `who`, on or to node `node`, with `what`."""

    at: float
    kind: str
    who: int = 0
    what: tuple[Any, ...] = ()
    node: int = 0

    def __str__(self) -> str:
        what = " ".join(map(str, self.what))
        return f"{self.at:7.3f} s  {self.kind}  client {self.who}  node {self.node}  {what}".rstrip()


_Fault = Callable[[Random, float, int, Sequence[str]], Step]


def _crash(chance: Random, at: float, clients: int, rooms: Sequence[str]) -> Step:
    target = chance.choice(TARGETS)
    after = chance.choice((0, 0, 1, 1, 2, 3, 5, 8))
    return Step(at, "crash", chance.randrange(clients), (target, chance.choice(rooms), after))


def _reset(chance: Random, at: float, clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "reset", chance.randrange(clients))


def _cut(chance: Random, at: float, clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "cut", chance.randrange(clients), (chance.randrange(1, 600),))


def _stall(chance: Random, at: float, clients: int, _rooms: Sequence[str]) -> Step:
    direction = chance.choice(("down", "down", "up"))
    seconds = round(chance.choice((chance.uniform(0.01, 0.5), chance.uniform(1, 20))), 3)
    return Step(at, "stall", chance.randrange(clients), (direction, seconds))


def _vanish(chance: Random, at: float, clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "vanish", chance.randrange(clients))


def _commit(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "commit_fails", 0, (chance.choice(("before", "after", "after")), chance.choice((1, 1, 2))))


def _outage(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "outage", 0, (round(chance.uniform(0.05, 2), 3),))


def _slow(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "slow_store", 0, (round(chance.uniform(0.1, 3), 3), chance.choice((0.1, 1.0))))


def _death(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "death", 0, (round(chance.uniform(0.01, 1.5), 3),))


def _drain(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "drain", 0, (round(chance.uniform(0.0, 1.5), 3),))


_KINDS: Sequence[tuple[_Fault, int]] = (
    (_crash, 12),
    (_crash, 6),
    (_reset, 3),
    (_cut, 3),
    (_stall, 3),
    (_vanish, 1),
    (_commit, 4),
    (_outage, 1),
    (_slow, 1),
    (_death, 1),
    (_drain, 1),
)


def last_word(chance: Random, length: float, clients: int, rooms: Sequence[str]) -> list[Step]:
    """Something is stored, its answer is lost, and nobody says anything after it."""
    at, kind = round(length - 0.3, 3), chance.choice(("edit", "delete", "react"))
    deed = Step(round(at + 0.01, 3), kind, chance.randrange(clients), (chance.choice(rooms), chance.randrange(100)))
    return [Step(at, "commit_fails", 0, ("after", 1)), deed]


def faults(chance: Random, moments: Sequence[float], length: float, clients: int, rooms: Sequence[str]) -> list[Step]:
    if chance.random() < 0.05:
        return []
    return _drawn(chance, _KINDS, chance.randrange(1, 9), moments, length, clients, rooms)


def _drawn(
    chance: Random,
    all_kinds: Sequence[tuple[_Fault, int]],
    count: int,
    moments: Sequence[float],
    length: float,
    clients: int,
    rooms: Sequence[str],
) -> list[Step]:
    kinds = [kind for kind in all_kinds if chance.random() < 0.4] or list(all_kinds)
    found = []
    for _ in range(count):
        near = chance.choice(moments) + chance.choice((0.0, 0.004, 0.02, 0.06)) * chance.random()
        at = round(chance.choice((near, chance.uniform(0.0, length))), 3)
        kind = chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        found.append(kind(chance, at, clients, rooms))
    return found


# -- what breaks between nodes


def _seconds(chance: Random) -> float:
    return round(
        chance.choice((chance.uniform(0.05, 1), chance.uniform(1, 5), chance.uniform(2.5, 4.5), chance.uniform(5, 15))),
        3,
    )


def _bus_cut(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "bus_cut", 0, (chance.choice((REFUSED, SILENT, SILENT)), _seconds(chance)))


def blink(chance: Random, at: float, *_: object) -> Step:
    """Over before anybody compares themselves with the store."""
    return Step(at, "bus_cut", 0, (REFUSED, round(chance.uniform(0.1, 0.4), 3)))


def unanswered(chance: Random, at: float) -> Step:
    """Too long for an answer, and too short to be noticed otherwise."""
    return Step(round(max(0.0, at), 3), "bus_cut", 0, (SILENT, round(chance.uniform(3.05, 3.95), 3)))


def _isolation(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    """From the bus and the database."""
    return Step(at, "isolation", 0, (chance.choice((REFUSED, SILENT)), _seconds(chance)))


def _long_death(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "death", 0, (_seconds(chance),))


def _redis_death(chance: Random, at: float, _clients: int, _rooms: Sequence[str]) -> Step:
    return Step(at, "redis_death", 0, (round(chance.choice((0.0, chance.uniform(0.1, 10))), 3),))


_BETWEEN: Sequence[tuple[_Fault, int]] = (
    (_bus_cut, 4),
    (_bus_cut, 4),
    (blink, 6),
    (_isolation, 2),
    (_long_death, 4),
    (_redis_death, 2),
    (_drain, 6),
    (_outage, 2),
)


def faults_of_several(
    chance: Random, moments: Sequence[float], length: float, clients: int, rooms: Sequence[str], nodes: int
) -> list[Step]:
    """Fewer of those that a single node has too; each befalls one of the nodes."""
    found = _drawn(chance, _BETWEEN, chance.randrange(0, 5), moments, length, clients, rooms)
    found += _drawn(chance, _KINDS, chance.choice((0, 0, 1, 3, 5)), moments, length, clients, rooms)
    return [attrs.evolve(step, node=chance.randrange(nodes)) for step in found]
