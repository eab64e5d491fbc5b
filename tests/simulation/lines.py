"""One direction of a connection: pieces that split and merge on their way, that stall, and that are cut off."""

from collections.abc import Callable
from random import Random

import attrs

from tests.simulation.agenda import Agenda


@attrs.frozen(kw_only=True)
class Conditions:
    """How the network is in one run. `buffer`: bytes a line holds for a reader. `latency`: seconds, at most.
    `splitting`, `short`: how often a piece is delivered in two, and how often a socket takes or gives only a part."""

    buffer: int = 65536
    latency: float = 0.02
    splitting: float = 0.1
    short: float = 0.1


class Line:
    """One direction of a connection: bytes, and then maybe an end, arrive as they were sent, later and in pieces."""

    def __init__(self, agenda: Agenda, chance: Random, conditions: Conditions, capacity: int) -> None:
        self.arrive: Callable[[bytes], None] = lambda data: None
        self.ended: Callable[[], None] = lambda: None
        self.eased: Callable[[], None] = lambda: None
        self.sent = 0
        self._agenda = agenda
        self._chance = chance
        self._conditions = conditions
        self._capacity = capacity
        self._pending = bytearray()
        self._finished = False
        self._stalled = False
        self._moving = False
        self._cut_after: tuple[int, Callable[[], None]] | None = None

    @property
    def idle(self) -> bool:
        """Nothing is on its way, and what would be sent would arrive."""
        return not self._stalled and not self._pending

    @property
    def space(self) -> int:
        return max(0, self._capacity - len(self._pending))

    def send(self, data: bytes) -> int:
        """How much of it was taken."""
        taken = data[: self.space]
        self._pending += taken
        self.sent += len(taken)
        self._move()
        return len(taken)

    def finish(self) -> None:
        self._finished = True
        self._move()

    def stall(self) -> None:
        self._stalled = True

    def resume(self) -> None:
        self._stalled = False
        self._move()

    def cut(self, after: int, then: Callable[[], None]) -> None:
        """Deliver so many bytes more, and then call `then`."""
        self._cut_after = (after, then)

    def spare(self) -> None:
        """Not to be cut after all."""
        self._cut_after = None

    def drop(self) -> None:
        """Nothing arrives any more."""
        self._stalled = True
        self._pending.clear()
        self.arrive = lambda data: None
        self.ended = lambda: None

    def _move(self) -> None:
        if not self._moving and not self._stalled and (self._pending or self._finished):
            self._moving = True
            self._agenda.after(self._chance.uniform(0.001, self._conditions.latency), self._deliver)

    def _deliver(self) -> None:
        self._moving = False
        if self._stalled:
            return
        if not self._pending:
            if self._finished:
                self._stalled = True
                self.ended()
            return
        size = len(self._pending)
        if size > 1 and self._chance.random() < self._conditions.splitting:
            size = self._chance.randrange(1, size)
        if self._cut_after is not None:
            left, then = self._cut_after
            size = min(size, left)
            self._cut_after = (left - size, then)
        piece = bytes(self._pending[:size])
        del self._pending[:size]
        if piece:
            self.arrive(piece)
        if self._cut_after is not None and self._cut_after[0] <= 0:
            self._cut_after[1]()
            return
        self.eased()
        self._move()
