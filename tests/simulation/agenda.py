"""What happens when: browsers' timers, bytes that arrive, faults. One task for all of it, since a task for each would
cost more than what they do."""

import math
from collections.abc import Callable
from heapq import heappop, heappush

import trio

GRID = 1000
"""Times are whole milliseconds: so things happen at the same moment, and who is first is for the scheduler to say."""


class Appointment:
    """Something that will happen, unless it is cancelled."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[], object]) -> None:
        self.act: Callable[[], object] | None = act

    def cancel(self) -> None:
        self.act = None


class Agenda:
    """`began`: the virtual time at which it was made; `now` counts from there."""

    def __init__(self) -> None:
        self.began = trio.current_time()
        self._heap: list[tuple[float, int, Appointment]] = []
        self._count = 0
        self._alarm = trio.CancelScope()
        self._rings_at = -math.inf

    @property
    def now(self) -> float:
        return trio.current_time() - self.began

    def after(self, seconds: float, act: Callable[[], object]) -> Appointment:
        appointment = Appointment(act)
        when = math.ceil((trio.current_time() + seconds) * GRID - 1e-6) / GRID
        self._count += 1
        heappush(self._heap, (when, self._count, appointment))
        if when < self._rings_at:
            self._rings_at = self._alarm.deadline = when
        return appointment

    async def run(self) -> None:
        while True:
            self._keep()
            self._rings_at = self._heap[0][0] if self._heap else math.inf
            with trio.CancelScope(deadline=self._rings_at) as self._alarm:
                await trio.sleep_forever()
            self._rings_at = -math.inf

    def _keep(self) -> None:
        """All that is due now; what that makes due at once comes with it."""
        heap = self._heap
        while heap and heap[0][0] <= trio.current_time() + 1e-9:
            act = heappop(heap)[2].act
            if act is not None:
                act()
