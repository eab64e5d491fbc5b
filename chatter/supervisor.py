"""Supervisors: they start children in order, restart what crashes, and stop in reverse order.

The semantics are those of OTP's `supervisor` (Erlang/OTP Design Principles, "Supervisor Behaviour"), on Trio's
nurseries. What differs, and why:

* A child is anything with `run(started)` and `stop()`: an `Actor`, a server, another supervisor. A fresh one is made
  for every incarnation; an actor's mailbox and refs outlive it (see `actors.mailbox`).
* Restarts may back off: the first is immediate, those that follow within the window wait longer and longer.
* A `DynamicSupervisor` counts restarts for each child by itself, and gives only that child up. With a thousand
  sessions, one of which crashes again and again, OTP's single count would end all of them.
* Cancelling a supervisor from outside stops it as gracefully as `stop()` does: in reverse order, each child within
  its own time. Only then is the cancellation passed on.
* A child that is restarted alone is restarted by its own task, in a loop: no other task has to run in between, so
  from the crash to running again it takes microseconds (`bench/kernel.py`).

The module knows no chat: with `actors`' `exits`, `mailbox`, `actor` and `child` it can be lifted into any project.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import attrs
import trio

from chatter.actors.child import (
    FOREVER,
    AlreadyStarted,
    Child,
    ChildEnded,
    ChildSpec,
    ChildStarted,
    GaveUp,
    Intensity,
    Node,
    NotRunning,
    Observer,
    Restart,
    RestartsExceeded,
    StartFailed,
    Strategy,
    SupervisorError,
    SupervisorEvent,
    SupervisorStatistics,
)
from chatter.actors.exits import Exit, ExitKind

__all__ = ["FOREVER", "DynamicSupervisor", "Supervisor"]

NORMAL: Final = Exit(ExitKind.NORMAL)
SHUTDOWN: Final = Exit(ExitKind.SHUTDOWN)
KILLED: Final = Exit(ExitKind.KILLED)


def _nobody_listens(_event: SupervisorEvent) -> None:
    pass


@attrs.define(eq=False)
class _Place:
    """A child's place under its supervisor; stays while incarnations come and go."""

    spec: ChildSpec
    child: Child | None = None
    state: str = "starting"
    restarts: int = 0
    recent: "_Window | None" = None
    stopping: bool = False
    resuming: bool = False  # ended, or about to be stopped, only to be started again with its group
    initial: bool = False  # whoever starts it decides what a crash during the start means
    exit: Exit | None = None
    changed: trio.Event | None = None

    def tell(self) -> None:
        """Wake who waits for this place to start, to end, or to be done with backing off."""
        if self.changed is not None:
            self.changed.set()
            self.changed = None

    async def change(self) -> None:
        self.changed = self.changed or trio.Event()
        await self.changed.wait()

    def ask_to_stop(self) -> None:
        self.stopping = True
        if self.child is not None:
            self.child.stop()
        self.tell()

    @property
    def ended(self) -> bool:
        return self.exit is not None


class _Overdue(BaseException):
    """A child did not stop in time, and was cancelled."""


class _Cancellable:
    """A child in a cancel scope of its own, shielded from all others: only `cancel` ends it before its time."""

    def __init__(self, start: Callable[[], Child]) -> None:
        self.child = start()
        self._scope = trio.CancelScope(shield=True)
        self.stop = self.child.stop
        self.cancel = self._scope.cancel

    async def run(self, started: Callable[[], Any]) -> None:
        with self._scope:
            await self.child.run(started)
        if self._scope.cancelled_caught:
            raise _Overdue


class _Window:
    """The times of recent restarts, held against an intensity."""

    def __init__(self, intensity: Intensity) -> None:
        self._intensity = intensity
        self._times: list[float] = []

    def another(self) -> float | None:
        """Count one more restart: the seconds to wait before it, or None when it is one too many."""
        now = trio.current_time()
        self._times = [t for t in self._times if t > now - self._intensity.within] + [now]
        nth = len(self._times)
        return None if nth > self._intensity.restarts else self._intensity.delay(nth)


def _cancellable(spec: ChildSpec) -> ChildSpec:
    return attrs.evolve(spec, start=lambda: _Cancellable(spec.start))


def _node(place: _Place) -> Node:
    child = place.child.child if isinstance(place.child, _Cancellable) else place.child
    if isinstance(child, _Overseer):
        return attrs.evolve(child.tree(), restarts=place.restarts)
    mailbox = place.spec.mailbox
    kind = "worker" if mailbox is None else "actor"
    return Node(
        place.spec.name, kind, place.state, place.restarts, mailbox.statistics() if mailbox is not None else None
    )


class _Overseer(ABC):
    """What both supervisors share: running a child in its place, and telling of it."""

    kind: str

    def __init__(self, name: str, intensity: Intensity, observer: Observer | None) -> None:
        self.name = name
        self._intensity = intensity
        self._observe = observer or _nobody_listens
        self._places: dict[str, _Place] = {}
        self._nursery: trio.Nursery | None = None
        self._stopping = False
        self._wake = trio.Event()
        self._started = self._crashed = self._restarted = self._given_up = 0

    @abstractmethod
    def _after(self, place: _Place, exit: Exit) -> float | None:
        """An incarnation ended: the seconds until the place's own task starts the next, None when it does not."""

    @abstractmethod
    async def _oversee(self, started: Callable[[], Any]) -> SupervisorError | None:
        """Start, mind and stop the children; `self._nursery` is open and shielded. What it returns is the failure."""

    async def run(self, started: Callable[[], Any]) -> None:
        """Live until `stop()`, cancellation, or giving up (`RestartsExceeded`, `StartFailed`)."""
        self._stopping = False
        self._wake = trio.Event()
        async with trio.open_nursery() as watch:
            watch.start_soon(self._stop_when_cancelled)
            with trio.CancelScope(shield=True):
                failure = await self._oversee_in_nursery(started)
            watch.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _oversee_in_nursery(self, started: Callable[[], Any]) -> SupervisorError | None:
        try:
            async with trio.open_nursery() as self._nursery:
                failure = await self._oversee(started)
                self._nursery.cancel_scope.cancel()
        finally:
            self._nursery = None
        return failure

    async def _stop_when_cancelled(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop all children, then return from `run`. Takes as long as the children's `shutdown` times allow."""
        self._stopping = True
        self._wake.set()

    async def _live(self, place: _Place) -> None:
        """A child's task: incarnation after incarnation, until one is the last."""
        spec = place.spec
        try:
            while not place.stopping:
                place.state = "starting"
                exit = NORMAL
                try:
                    place.child = spec.start()
                    await place.child.run(lambda: self._running(place))
                except _Overdue:
                    exit = KILLED
                except Exception as crash:  # noqa: BLE001 — the kernel: what a crash means is decided here
                    exit = Exit(ExitKind.CRASHED, crash)
                place.child = None
                delay = self._ended(place, exit)
                if delay is None:
                    return
                if delay:
                    with trio.move_on_after(delay):
                        await place.change()
            self._closed(place, SHUTDOWN)
        finally:
            if not place.ended:
                self._closed(place, KILLED)

    def _running(self, place: _Place) -> None:
        place.state = "running"
        self._started += 1
        self._observe(ChildStarted(self.name, place.spec.name))
        place.tell()

    def _ended(self, place: _Place, exit: Exit) -> float | None:
        if exit is NORMAL and place.stopping:
            exit = SHUTDOWN
        self._crashed += exit.kind is ExitKind.CRASHED
        delay = None if place.stopping or self._stopping else self._after(place, exit)
        if delay is None:
            self._closed(place, exit)
        else:
            place.state = "restarting"
            place.restarts += 1
            self._restarted += 1
            self._tell(place, exit, delay)
        return delay

    def _closed(self, place: _Place, exit: Exit) -> None:
        place.exit = exit
        place.state = "ended"
        self._tell(place, exit, None)
        place.tell()
        self._wake.set()

    def _tell(self, place: _Place, exit: Exit, delay: float | None) -> None:
        if place.spec.mailbox is not None:
            place.spec.mailbox.down(exit, restarting=delay is not None or place.resuming)
        self._observe(ChildEnded(self.name, place.spec.name, exit, delay))

    def tree(self) -> Node:
        """The supervision tree below, as it is now."""
        state = "stopping" if self._stopping else "ended" if self._nursery is None else "running"
        return Node(self.name, self.kind, state, 0, None, tuple(map(_node, self._places.values())))

    async def _woken(self) -> None:
        await self._wake.wait()
        self._wake = trio.Event()

    def statistics(self) -> SupervisorStatistics:
        return SupervisorStatistics(
            children=sum(not place.ended for place in self._places.values()),
            started=self._started,
            crashed=self._crashed,
            restarted=self._restarted,
            given_up=self._given_up,
        )


class Supervisor(_Overseer):
    """A fixed list of children, started in order and stopped in reverse.

    A child that does not start with the supervisor makes it fail with `StartFailed`, after those that run were
    stopped. More restarts than `intensity` allows, of all children together: it stops them and fails with
    `RestartsExceeded`, so that its own supervisor decides. A child that ended and is not wanted again keeps its place.
    """

    kind = "supervisor"

    def __init__(
        self,
        name: str,
        children: Sequence[ChildSpec],
        *,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        intensity: Intensity | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(name, intensity or Intensity(), observer)
        self._specs = tuple(children)
        self._strategy = strategy
        self._window = _Window(self._intensity)
        self._fallen: list[_Place] = []
        self._failure: SupervisorError | None = None
        if len({spec.name for spec in self._specs}) < len(self._specs):
            raise AlreadyStarted(f"{name}: two children have one name")

    async def _oversee(self, started: Callable[[], Any]) -> SupervisorError | None:
        self._failure = None
        self._window = _Window(self._intensity)
        await self._start_all()
        if not self._stopping and self._failure is None:
            started()
        await self._mind()
        await self._stop_places(self._places.values())
        self._let_go()
        return self._failure

    def _let_go(self) -> None:
        """Who ended only to be started again is not any more: its mailbox closes."""
        for place in self._places.values():
            if place.resuming and place.exit is not None:
                place.resuming = False
                self._tell(place, place.exit, None)

    async def _start_all(self) -> None:
        self._places = {spec.name: _Place(_cancellable(spec)) for spec in self._specs}
        for place in self._places.values():
            if self._stopping:
                return
            await self._start(place)
            if place.exit is not None and place.exit.abnormal:
                self._fail(StartFailed(f"{self.name}: {place.spec.name} did not start"), place.exit)
                return

    async def _start(self, place: _Place) -> None:
        """Start it and wait until it runs, or has ended."""
        assert self._nursery is not None
        place.exit, place.stopping, place.initial, place.state = None, False, True, "starting"
        self._nursery.start_soon(self._live, place, name=place.spec.name)
        while place.state == "starting" and not place.ended:
            await place.change()
        place.initial = place.resuming = False

    async def _mind(self) -> None:
        while not self._stopping and self._failure is None:
            if self._fallen:
                await self._restart_group()
            else:
                await self._woken()

    def _after(self, place: _Place, exit: Exit) -> float | None:
        if place.initial:
            return None
        if not place.spec.restart.wants(exit):
            return None
        if self._strategy is Strategy.ONE_FOR_ONE:
            return self._another_restart(place, exit)
        place.resuming = True
        self._fallen.append(place)
        return None

    def _another_restart(self, place: _Place, exit: Exit) -> float | None:
        delay = self._window.another()
        if delay is None:
            self._given_up += 1
            self._observe(GaveUp(self.name, place.spec.name, exit))
            self._fail(RestartsExceeded(f"{self.name}: {place.spec.name} was restarted too often"), exit)
        return delay

    def _fail(self, failure: SupervisorError, exit: Exit) -> None:
        failure.__cause__ = exit.error
        self._failure = self._failure or failure
        self._wake.set()

    async def _restart_group(self) -> None:
        """Restart who fell, and with it those its strategy names. One that does not start counts as fallen again."""
        fallen = self._fallen[0]
        group = self._group()
        for place in group:
            place.resuming |= not place.ended and place.spec.restart is not Restart.TEMPORARY
        self._fallen.clear()
        await self._stop_places(group)
        delay = self._another_restart(fallen, fallen.exit or NORMAL)
        if delay is None:
            return
        with trio.move_on_after(delay):
            await self._stop_wanted()
        await self._start_group([place for place in group if place.resuming])

    def _group(self) -> list[_Place]:
        places = list(self._places.values())
        if self._strategy is Strategy.ONE_FOR_ALL:
            return places
        return places[min(places.index(place) for place in self._fallen) :]

    async def _start_group(self, group: Sequence[_Place]) -> None:
        for place in group:
            if self._stopping:
                return
            place.restarts += 1
            self._restarted += 1
            await self._start(place)
            if place.exit is not None and place.exit.abnormal:
                place.resuming = True
                self._fallen.append(place)
                return

    async def _stop_wanted(self) -> None:
        while not self._stopping:
            await self._woken()

    async def _stop_places(self, places: Iterable[_Place]) -> None:
        for place in reversed(list(places)):
            if not place.ended:
                await self._stop_place(place)

    async def _stop_place(self, place: _Place) -> None:
        with trio.move_on_after(place.spec.shutdown):
            place.ask_to_stop()
            while not place.ended:
                await place.change()
            return
        if isinstance(place.child, _Cancellable):
            place.child.cancel()
        while not place.ended:
            await place.change()

    async def stop_child(self, name: str) -> None:
        """Stop one child within its `shutdown` time (OTP: `terminate_child`). It is not restarted by itself."""
        place = self._place(name)
        if not place.ended:
            await self._stop_place(place)

    async def restart_child(self, name: str) -> None:
        """Start a child that has ended (OTP: `restart_child`). `AlreadyStarted` when it runs."""
        place = self._place(name)
        if not place.ended:
            raise AlreadyStarted(f"{self.name}: {name} is {place.state}")
        place.restarts += 1
        await self._start(place)

    def _place(self, name: str) -> _Place:
        if self._nursery is None or self._stopping or name not in self._places:
            raise NotRunning(f"{self.name} has no child {name}")
        return self._places[name]


class DynamicSupervisor(_Overseer):
    """Children that come and go, each by itself (OTP: `simple_one_for_one`; Elixir: `DynamicSupervisor`).

    They are stopped all at once, and those that take longer than `shutdown` seconds are cancelled with the
    supervisor's nursery: a cancel scope of their own would cost each a kilobyte. A child that is restarted more
    often than `intensity` allows is given up alone; `gave_up` is told, synchronously.
    """

    kind = "dynamic supervisor"

    def __init__(
        self,
        name: str,
        *,
        shutdown: float = 5.0,
        intensity: Intensity | None = None,
        observer: Observer | None = None,
        gave_up: Callable[[ChildSpec, Exit], None] | None = None,
    ) -> None:
        super().__init__(name, intensity or Intensity(), observer)
        self._shutdown = shutdown
        self._gave_up = gave_up

    def start(self, spec: ChildSpec) -> None:
        """Start a child, without waiting: its mailbox may be sent to at once. `AlreadyStarted`, `NotRunning`."""
        if self._nursery is None or self._stopping:
            raise NotRunning(f"{self.name} takes no new children")
        if spec.name in self._places:
            raise AlreadyStarted(f"{self.name}: {spec.name} is running")
        if spec.mailbox is not None:
            spec.mailbox.reopen()
        place = self._places[spec.name] = _Place(spec)
        self._nursery.start_soon(self._live, place, name=spec.name)

    def stop_child(self, name: str) -> None:
        """Ask one child to stop; it is not started again. Unknown names: nothing."""
        if (place := self._places.get(name)) is not None:
            place.ask_to_stop()

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __len__(self) -> int:
        return len(self._places)

    async def _oversee(self, started: Callable[[], Any]) -> None:
        started()
        while not self._stopping:
            await self._woken()
        for place in list(self._places.values()):
            place.ask_to_stop()
        with trio.move_on_after(self._shutdown):
            while self._places:
                await self._woken()

    def _after(self, place: _Place, exit: Exit) -> float | None:
        if not place.spec.restart.wants(exit):
            return None
        place.recent = place.recent or _Window(self._intensity)
        delay = place.recent.another()
        if delay is None:
            self._give_up(place, exit)
        return delay

    def _give_up(self, place: _Place, exit: Exit) -> None:
        self._given_up += 1
        self._observe(GaveUp(self.name, place.spec.name, exit))
        if self._gave_up is not None:
            self._gave_up(place.spec, exit)

    def _closed(self, place: _Place, exit: Exit) -> None:
        del self._places[place.spec.name]
        super()._closed(place, exit)
