"""What people do and what breaks, and when: made from a seed, and made smaller when something went wrong.

Each seed draws which kinds of faults there are at all (swarm testing: Groce et al., 2012), since a run in which all of
them come seldom shows what a few of them do together. Half of what breaks does so in the midst of what people do.
"""

from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import Any

import attrs

from tests.simulation.bounds import Bounds
from tests.simulation.chance import stream
from tests.simulation.lines import Conditions

ROOMS = ("lobby", "den")
LONG_PAUSE = 100.0
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
    """Something that is done at a time: by or to client `who`, with `what`."""

    at: float
    kind: str
    who: int = 0
    what: tuple[Any, ...] = ()

    def __str__(self) -> str:
        what = " ".join(map(str, self.what))
        return f"{self.at:7.3f} s  {self.kind}  client {self.who}  {what}".rstrip()


@attrs.frozen(kw_only=True)
class Schedule:
    """`users`: who each client is at first; None is a visitor. `polled`: whether there is an epoll. `backlog`: bytes
    that may wait for a slow reader. `pace`: the store's. `length`: seconds after which nothing breaks any more."""

    seed: int
    users: tuple[str | None, ...]
    rooms: tuple[str, ...]
    conditions: Conditions
    polled: bool
    backlog: int
    bounds: Bounds
    pace: float
    length: float
    steps: tuple[Step, ...]

    def only(self, kept: Collection[int]) -> "Schedule":
        """The same world with these of its steps, counted from 0."""
        return attrs.evolve(self, steps=tuple(step for nth, step in enumerate(self.steps) if nth in kept))

    def __str__(self) -> str:
        people = ", ".join(user or "a visitor" for user in self.users)
        lines = [f"rooms {', '.join(self.rooms)}; clients: {people}; {self.conditions}; {self.bounds}"]
        return "\n".join([*lines, *(f"  {step}" for step in self.steps)])


def scheduled(seed: int) -> Schedule:
    chance = stream(seed, "schedule")
    users = _users(chance)
    rooms = ROOMS[: chance.choice((1, 1, 2))]
    length = round(chance.uniform(3, 10), 3)
    moments = [chance.uniform(0.3, length) for _ in range(chance.randrange(3, 9))]
    steps = [step for moment in moments for step in _burst(chance, moment, len(users), rooms)]
    steps += _faults(chance, moments, length, len(users), rooms)
    if chance.random() < 0.15:
        steps += _last_word(chance, length, len(users), rooms)
    steps = [attrs.evolve(step, at=min(step.at, length)) for step in steps]
    if chance.random() < 0.04:
        steps, length = _with_a_pause(steps, moments[0], length, len(users), rooms)
    return Schedule(
        seed=seed,
        users=users,
        rooms=rooms,
        conditions=Conditions(
            buffer=chance.choice((400, 2000, 65536, 65536)),
            latency=chance.choice((0.003, 0.02, 0.1)),
            splitting=chance.choice((0.0, 0.1, 0.6)),
            short=chance.choice((0.0, 0.1, 0.5)),
        ),
        polled=chance.random() < 0.8,
        backlog=chance.choice((3000, 1 << 20, 1 << 20)),
        pace=chance.choice((0.002, 0.002, 0.03)),
        length=length,
        bounds=_bounds(stream(seed, "bounds")),
        steps=tuple(sorted(steps, key=lambda step: step.at)),
    )


def _bounds(chance: Random) -> Bounds:
    """Mostly the server's own."""
    return Bounds(
        events=chance.choice((1000, 1000, 1000, 5)),
        messages=chance.choice((500, 500, 500, 4)),
        waiting=chance.choice((*[None] * 9, 3)),
    )


def _with_a_pause(
    steps: Sequence[Step], pause: float, length: float, clients: int, rooms: Sequence[str]
) -> tuple[list[Step], float]:
    """Everybody leaves, long enough for rooms to end for want of use, and comes back."""
    later = [attrs.evolve(step, at=round(step.at + LONG_PAUSE, 3)) for step in steps if step.at > pause]
    everybody = [(client, (room, 0)) for client in range(clients) for room in rooms]
    leaving = [Step(round(pause, 3), "leave", *who) for who in everybody]
    returning = [Step(round(pause + LONG_PAUSE, 3), "come_back", *who) for who in everybody]
    return [step for step in steps if step.at <= pause] + leaving + returning + later, length + LONG_PAUSE


def _users(chance: Random) -> tuple[str | None, ...]:
    """Two tabs may be one user's."""
    names: list[str | None] = ["ann", "bob", "eve", None]
    chance.shuffle(names)
    users = names[: chance.randrange(2, 5)]
    if all(user is None for user in users) or chance.random() < 0.2:
        users.append("ann")
    return tuple(users)


# -- what people do

_DEEDS: Sequence[tuple[str, int]] = (
    ("say", 30),
    ("edit", 4),
    ("delete", 3),
    ("react", 4),
    ("typing", 2),
    ("status", 3),
    ("identify", 4),
    ("history", 1),
    ("read", 1),
    ("leave", 2),
    ("come_back", 5),
    ("bot", 4),
    ("again", 2),
    ("reopen", 2),
)


def _burst(chance: Random, moment: float, clients: int, rooms: Sequence[str]) -> list[Step]:
    """A few things at nearly the same time."""
    names, weights = zip(*_DEEDS, strict=True)
    spread = chance.choice((0.0, 0.01, 0.2))
    return [
        Step(
            round(moment + chance.uniform(0, spread), 3),
            kind,
            chance.randrange(clients),
            (chance.choice(rooms), chance.randrange(100)),
        )
        for kind in chance.choices(names, weights, k=chance.randrange(1, 7))
    ]


# -- what breaks

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


def _last_word(chance: Random, length: float, clients: int, rooms: Sequence[str]) -> list[Step]:
    """Something is stored, its answer is lost, and nobody says anything after it."""
    at, kind = round(length - 0.3, 3), chance.choice(("edit", "delete", "react"))
    deed = Step(round(at + 0.01, 3), kind, chance.randrange(clients), (chance.choice(rooms), chance.randrange(100)))
    return [Step(at, "commit_fails", 0, ("after", 1)), deed]


def _faults(chance: Random, moments: Sequence[float], length: float, clients: int, rooms: Sequence[str]) -> list[Step]:
    if chance.random() < 0.05:
        return []
    kinds = [kind for kind in _KINDS if chance.random() < 0.4] or list(_KINDS)
    found = []
    for _ in range(chance.randrange(1, 9)):
        near = chance.choice(moments) + chance.choice((0.0, 0.004, 0.02, 0.06)) * chance.random()
        at = round(chance.choice((near, chance.uniform(0.0, length))), 3)
        kind = chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        found.append(kind(chance, at, clients, rooms))
    return found


def minimized(count: int, fails: Callable[[frozenset[int]], bool]) -> frozenset[int]:
    """A small subset of the steps 0…count-1 that still fails: delta debugging (Zeller and Hildebrandt, 2002)."""
    kept = list(range(count))
    pieces = 2
    while len(kept) >= 1:
        size = max(1, len(kept) // pieces)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if fails(frozenset(rest)):
                kept, pieces = rest, max(2, pieces - 1)
                break
        else:
            if size == 1:
                break
            pieces = min(len(kept), pieces * 2)
    return frozenset(kept)
