"""Supervisors: they start children in order, restart what crashes, and stop in reverse order.

The semantics are those of OTP's `supervisor` (Erlang/OTP Design Principles, "Supervisor Behaviour"), on Trio's
nurseries. What differs, and why:

* A child is anything with `run(started)` and `stop()`: an `Actor`, a server, another supervisor. A fresh one is made
  for every incarnation; an actor's mailbox and refs outlive it (see `actors.mailbox`).
* Restarts may back off: the first is immediate, those that follow within the window wait longer and longer.
* A `DynamicSupervisor` counts restarts for each child by itself, and gives only that child up. With a thousand
  sessions, one of which crashes again and again, OTP's single count would end all of them.
* Cancelling a supervisor from outside stops it as gracefully as `stop()` does: in reverse order, each child within
  its own time. Only then is the cancellation passed on. The same goes for a KeyboardInterrupt out of a child.
* A child that is restarted alone is restarted by its own task, in a loop: no other task has to run in between, so
  from the crash to running again it takes microseconds (`bench/kernel.py`).

The module knows no chat: with `actors`' `exits`, `parking`, `deadlines`, `request`, `mailbox`, `actor`, `worker`,
`child`, `place` and `overseer` it can be lifted into any project.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import trio

from chatter.actors.child import (
    FOREVER,
    AlreadyStarted,
    Child,
    ChildSpec,
    GaveUp,
    Intensity,
    NotRunning,
    Observer,
    Restart,
    RestartsExceeded,
    StartFailed,
    Strategy,
    SupervisorError,
)
from chatter.actors.exits import Exit
from chatter.actors.overseer import NORMAL, Overseer
from chatter.actors.place import Cancellable, Place, Window

__all__ = ["FOREVER", "DynamicSupervisor", "Supervisor"]


class Supervisor(Overseer):
    """A fixed list of children, started in order and stopped in reverse.

    A child that does not start with the supervisor makes it fail with `StartFailed`, after those that run were
    stopped. More restarts than `intensity` allows, of all children together: it stops them and fails with
    `RestartsExceeded`, so that its own supervisor decides. A child that ended and is not wanted again keeps its
    place; unless it is temporary, it is started again when its group is.
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
        if len({spec.name for spec in self._specs}) < len(self._specs):
            raise AlreadyStarted(f"{name}: two children have one name")
        self._begin()

    def stop(self) -> None:
        super().stop()
        for place in self._places.values():
            place.tell()  # whoever waits for its start waits no more

    def _make(self, spec: ChildSpec) -> Child:
        return Cancellable(spec.start())

    async def _oversee(self, started: Callable[[], Any]) -> SupervisorError | None:
        self._begin()
        await self._start_all()
        if not self._done:
            started()
        while not self._done:
            if self._fallen:
                await self._restart_group()
            else:
                await self._woken()
        if self._last_straw is not None:
            self._given_up += 1
            self._observe(self._last_straw)
        return self._failure

    def _begin(self) -> None:
        self._places = {spec.name: Place(spec) for spec in self._specs}
        self._window = Window(self._intensity)
        self._fallen: list[Place] = []
        self._failure: SupervisorError | None = None
        self._last_straw: GaveUp | None = None

    @property
    def _done(self) -> bool:
        return self._stopping or self._failure is not None

    async def _start_all(self) -> None:
        for place in self._places.values():
            await self._start(place)
            if place.start_failed and self._failure is None:
                self._fail(StartFailed(f"{self.name}: {place.spec.name} did not start"), place.exit)
            if self._done:
                return

    async def _start(self, place: Place) -> None:
        """Start it, and wait until it runs, has ended, or the supervisor is to stop."""
        assert self._nursery is not None
        place.exit, place.stopping, place.initial, place.state = None, False, True, "starting"
        if place.spec.mailbox is not None:
            place.spec.mailbox.reopen()
        self._nursery.start_soon(self._live, place, name=place.spec.name)
        while place.state == "starting" and not self._stopping:
            await place.change()

    def _after(self, place: Place, exit: Exit) -> float | None:
        if place.initial or place.resuming or not place.spec.restart.wants(exit):
            return None
        if self._strategy is Strategy.ONE_FOR_ONE:
            return self._another_restart(place, exit)
        self._fall(place)
        return None

    def _fall(self, place: Place) -> None:
        place.resuming = True
        self._fallen.append(place)

    def _another_restart(self, place: Place, exit: Exit) -> float | None:
        delay = self._window.another()
        if delay is None and self._failure is None:
            self._last_straw = GaveUp(self.name, place.spec.name, exit)
            self._fail(RestartsExceeded(f"{self.name}: {place.spec.name} was restarted too often"), exit)
        return delay

    def _fail(self, failure: SupervisorError, exit: Exit | None) -> None:
        failure.__cause__ = exit.error if exit is not None else None
        self._failure = failure
        self._wake.set()

    async def _restart_group(self) -> None:
        """Restart who fell, and with it those its strategy names. One that does not start counts as fallen again."""
        fallen, group = self._fallen[0], self._group()
        self._fallen.clear()
        for place in group:
            place.resuming = place.spec.restart is not Restart.TEMPORARY
        await self._stop_places(group)
        delay = None if self._done else self._another_restart(fallen, fallen.exit or NORMAL)
        if delay is None:
            return
        with trio.move_on_after(delay):
            while not self._stopping:
                await self._woken()
        await self._start_again(group)

    async def _start_again(self, group: Iterable[Place]) -> None:
        for place in group:
            if self._stopping:
                return
            if not place.resuming:
                continue
            place.restarts += 1
            self._restarted += 1
            await self._start(place)
            if place.start_failed:
                self._fall(place)
                return

    def _group(self) -> list[Place]:
        places = list(self._places.values())
        if self._strategy is Strategy.ONE_FOR_ALL:
            return places
        return places[min(places.index(place) for place in self._fallen) :]

    async def _stop_children(self) -> None:
        await self._stop_places(self._places.values())
        for place in self._places.values():
            self._let_go(place)

    async def _stop_places(self, places: Iterable[Place]) -> None:
        for place in reversed(list(places)):
            await place.stop(place.spec.shutdown)

    def _let_go(self, place: Place) -> None:
        """Who ended only to be started again is not any more: its mailbox closes."""
        if place.resuming and place.exit is not None:
            place.resuming = False
            if (mailbox := place.spec.mailbox) is not None and not mailbox.closed:
                mailbox.down(place.exit, restarting=False)

    async def stop_child(self, name: str) -> None:
        """Stop one child within its `shutdown` time (OTP: `terminate_child`). It is not restarted by itself."""
        place = self._place(name)
        self._let_go(place)
        await place.stop(place.spec.shutdown)

    async def restart_child(self, name: str) -> None:
        """Start a child that has ended (OTP: `restart_child`). `AlreadyStarted` when it runs, `StartFailed`."""
        place = self._place(name)
        if place.alive or place.resuming:
            raise AlreadyStarted(f"{self.name}: {name} is {place.state}")
        place.restarts += 1
        await self._start(place)
        if place.start_failed:
            raise StartFailed(f"{self.name}: {name} did not start") from (place.exit or NORMAL).error

    def _place(self, name: str) -> Place:
        if self._nursery is None or self._stopping or name not in self._places:
            raise NotRunning(f"{self.name} has no child {name}")
        return self._places[name]


class DynamicSupervisor(Overseer):
    """Children that come and go, each by itself (OTP: `simple_one_for_one`; Elixir: `DynamicSupervisor`).

    They are stopped all at once, and those that take longer than `shutdown` seconds are cancelled with the
    supervisor's nursery: a cancel scope of their own would cost each a kilobyte. A child that is restarted more
    often than `intensity` allows is given up alone; `gave_up` is told, synchronously, when it has ended.
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
        place = self._places[spec.name] = Place(spec, state="starting")
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

    async def _stop_children(self) -> None:
        for place in list(self._places.values()):
            place.ask_to_stop()
        with trio.move_on_after(self._shutdown):
            while self._places:
                await self._woken()

    def _after(self, place: Place, exit: Exit) -> float | None:
        if not place.spec.restart.wants(exit):
            return None
        place.recent = place.recent or Window(self._intensity)
        return place.recent.another()

    def _closed(self, place: Place, exit: Exit) -> None:
        del self._places[place.spec.name]
        super()._closed(place, exit)
        if place.recent is not None and place.recent.exceeded:
            self._give_up(place, exit)

    def _give_up(self, place: Place, exit: Exit) -> None:
        self._given_up += 1
        self._observe(GaveUp(self.name, place.spec.name, exit))
        if self._gave_up is not None:
            self._gave_up(place.spec, exit)
