"""What people do and what breaks, and when: made from a seed, and made smaller when something went wrong."""

from collections.abc import Callable, Collection, Sequence
from random import Random

import attrs

from tests.simulation.bounds import Bounds
from tests.simulation.chance import stream
from tests.simulation.faults import Step, blink, faults, faults_of_several, last_word, unanswered
from tests.simulation.lines import Conditions
from tests.simulation.redis import Traffic

ROOMS = ("lobby", "den")
GUESTS = ("sam", "kim")
LONG_PAUSE = 100.0


@attrs.frozen(kw_only=True)
class Schedule:
    """`users`: who each client is at first; None is a visitor. `polled`: whether there is an epoll. `backlog`: bytes
    that may wait for a slow reader. `pace`: the store's. `length`: seconds after which nothing breaks any more.

    `nodes`: how many; `named`: whether a node's next process has its name. `guests`: what visitors want to be called;
    each something else when there are none."""

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
    nodes: int = 1
    named: bool = True
    guests: tuple[str, ...] = ()
    traffic: Traffic = attrs.Factory(Traffic)

    def only(self, kept: Collection[int]) -> "Schedule":
        """The same world with these of its steps, counted from 0."""
        return attrs.evolve(self, steps=tuple(step for nth, step in enumerate(self.steps) if nth in kept))

    def __str__(self) -> str:
        people = ", ".join(user or "a visitor" for user in self.users)
        lines = [f"rooms {', '.join(self.rooms)}; clients: {people}; {self.conditions}; {self.bounds}"]
        if self.nodes > 1:
            lines.append(f"{self.nodes} nodes; {self.traffic}")
        return "\n".join([*lines, *(f"  {step}" for step in self.steps)])


Plan = Callable[[int], Schedule]
"""What a seed means."""


def scheduled(seed: int) -> Schedule:
    """A world of one node."""
    chance = stream(seed, "schedule")
    users = _users(chance)
    rooms = ROOMS[: chance.choice((1, 1, 2))]
    length = round(chance.uniform(3, 10), 3)
    moments = [chance.uniform(0.3, length) for _ in range(chance.randrange(3, 9))]
    steps = [step for moment in moments for step in _burst(chance, moment, len(users), rooms)]
    steps += faults(chance, moments, length, len(users), rooms)
    if chance.random() < 0.15:
        steps += last_word(chance, length, len(users), rooms)
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


def several(seed: int) -> Schedule:
    """A world of two to four nodes, whose visitors want the same names."""
    chance = stream(seed, "nodes")
    one = scheduled(seed)
    nodes = chance.choice((2, 2, 3, 4))
    length = round(chance.uniform(4, 14), 3)
    users = (*one.users, *chance.choices(("ann", "bob", None, None, None), k=chance.randrange(1, 4)))
    moments = [chance.uniform(0.5, length) for _ in range(chance.randrange(3, 9))]
    steps = [step for moment in moments for step in _burst(chance, moment, len(users), one.rooms)]
    for _ in range(chance.choice((0, 1, 2, 3))):
        steps += _contest(chance, length, users, one.rooms, nodes)
    steps += faults_of_several(chance, moments, length, len(users), one.rooms, nodes)
    if chance.random() < 0.25:
        steps += _unheard(chance, length, len(users), one.rooms, nodes)
    steps = [attrs.evolve(step, at=min(step.at, length)) for step in steps]
    return attrs.evolve(
        one,
        users=users,
        length=length,
        nodes=nodes,
        named=chance.random() < 0.5,
        guests=GUESTS,
        traffic=Traffic(
            latency=chance.choice((0.002, 0.02, 0.02, 0.1)),
            lost=chance.choice((0.0, 0.0, 0.1, 0.3)),
            doubled=chance.choice((0.0, 0.2)),
            overtaken=chance.choice((0.0, 0.0, 0.3)),
        ),
        steps=tuple(sorted(steps, key=lambda step: step.at)),
    )


def _contest(
    chance: Random, length: float, users: Sequence[str | None], rooms: Sequence[str], nodes: int
) -> list[Step]:
    """Whoever is nobody wants one name, at about the same time, maybe while a node can't ask for it; or one wants it
    after the other, who closed their tab."""
    visitors = [nth for nth, user in enumerate(users) if user is None]
    if not visitors:
        return []
    at, name = chance.uniform(0.5, length), chance.randrange(len(GUESTS))
    kind = chance.random()
    if kind < 0.4:
        at = chance.uniform(0.5, length / 2)
        gone = at + chance.uniform(0.2, 1)
        again = gone + chance.uniform(3.2, 5)
        one, other = chance.choice(visitors), chance.choice(visitors)
        deeds = [(at, "identify", one), (gone, "reopen", one), (again, "identify", other)]
    else:
        spread = chance.choice((0.0, 0.02, 0.2))
        deeds = [(at + chance.uniform(0, spread), "identify", visitor) for visitor in visitors]
    steps = [Step(round(when, 3), deed, who, (rooms[0], name)) for when, deed, who in deeds]
    if kind > 0.7:
        steps.append(attrs.evolve(unanswered(chance, at - 0.1), node=chance.randrange(nodes)))
    return steps


def _unheard(chance: Random, length: float, clients: int, rooms: Sequence[str], nodes: int) -> list[Step]:
    """Everybody says something while one of the nodes is cut off for a moment."""
    at, node = chance.uniform(0.5, length), chance.randrange(nodes)
    said = [
        Step(round(at + chance.uniform(0.02, 0.2), 3), "say", client, (chance.choice(rooms), chance.randrange(100)))
        for client in range(clients)
    ]
    return [attrs.evolve(blink(chance, round(at, 3)), node=node), *said]


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
