"""A child's place under its supervisor: what stays while incarnations come and go."""

from collections.abc import Callable
from typing import Any

import attrs
import trio

from chatter.actors.child import Child, ChildSpec, Intensity
from chatter.actors.exits import Exit


class Window:
    """The times of recent restarts, held against an intensity."""

    __slots__ = ("_intensity", "_times")

    def __init__(self, intensity: Intensity) -> None:
        self._intensity = intensity
        self._times: list[float] = []

    def another(self) -> float | None:
        """Count one more restart: the seconds to wait before it, or None when it is one too many."""
        now = trio.current_time()
        self._times = [t for t in self._times if t > now - self._intensity.within] + [now]
        return None if self.exceeded else self._intensity.delay(len(self._times))

    @property
    def exceeded(self) -> bool:
        return len(self._times) > self._intensity.restarts


@attrs.define(eq=False, weakref_slot=False)
class Place:
    """`state` is waiting (for its first start), starting, running, restarting (it waits to be started again), or
    ended: then `exit` says why."""

    spec: ChildSpec
    child: Child | None = None
    state: str = "waiting"
    exit: Exit | None = None
    restarts: int = 0
    recent: Window | None = None
    stopping: bool = False
    initial: bool = False  # whoever starts it decides what a crash before it runs means
    resuming: bool = False  # it ends only to be started again with its group
    _changed: trio.Event | None = None

    @property
    def alive(self) -> bool:
        """Whether it has a task."""
        return self.state not in ("waiting", "ended")

    @property
    def start_failed(self) -> bool:
        return self.initial and self.exit is not None and self.exit.abnormal

    def tell(self) -> None:
        """Wake who waits for this place to run, to end, or to be done with backing off."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    async def change(self) -> None:
        if self._changed is None:  # an Event has no truth to ask for
            self._changed = trio.Event()
        await self._changed.wait()

    async def back_off(self, delay: float) -> None:
        with trio.move_on_after(delay):
            while not self.stopping:
                await self.change()

    def ask_to_stop(self) -> None:
        self.stopping = True
        if self.child is not None:
            self.child.stop()
        self.tell()

    async def stop(self, deadline: float) -> None:
        """Stop the child within so many seconds; then cancel it. Returns when it has ended; at once if it had."""
        with trio.move_on_after(deadline):
            self.ask_to_stop()
            await self._end()
        if isinstance(self.child, Cancellable):
            self.child.cancel()
        await self._end()

    async def _end(self) -> None:
        while self.alive:
            await self.change()


class Overdue(BaseException):
    """A child did not stop in time, and was cancelled."""


class Cancellable:
    """A child in a cancel scope of its own, shielded from all others: only `cancel` ends it before its time."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._scope = trio.CancelScope(shield=True)
        self.stop = child.stop
        self.cancel = self._scope.cancel

    async def run(self, started: Callable[[], Any]) -> None:
        with self._scope:
            await self.child.run(started)
        if self._scope.cancelled_caught:
            raise Overdue
