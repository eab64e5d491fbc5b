"""What both supervisors share: living until told to stop, running each child in its place, and telling of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import attrs
import trio

from chatter.actors.child import (
    Branch,
    Child,
    ChildEnded,
    ChildSpec,
    ChildStarted,
    Intensity,
    Node,
    Observer,
    SupervisorError,
    SupervisorEvent,
    SupervisorStatistics,
)
from chatter.actors.exits import Exit, ExitKind
from chatter.actors.place import Cancellable, Overdue, Place

NORMAL: Final = Exit(ExitKind.NORMAL)
SHUTDOWN: Final = Exit(ExitKind.SHUTDOWN)
KILLED: Final = Exit(ExitKind.KILLED)


class Overseer(ABC):
    """A child of another supervisor itself. The same one may be run again when it has ended."""

    kind: str

    def __init__(self, name: str, intensity: Intensity, observer: Observer | None) -> None:
        self.name = name
        self._intensity = intensity
        self._observe = observer or _nobody_listens
        self._places: dict[str, Place] = {}
        self._nursery: trio.Nursery | None = None
        self._stopping = False
        self._wake = trio.Event()
        self._started = self._crashed = self._restarted = self._given_up = 0

    @abstractmethod
    async def _oversee(self, started: Callable[[], Any]) -> SupervisorError | None:
        """Start and mind the children, shielded, until it is time to stop them. What it returns is the failure."""

    @abstractmethod
    async def _stop_children(self) -> None:
        """Return when all have ended, or may be cancelled."""

    @abstractmethod
    def _after(self, place: Place, exit: Exit) -> float | None:
        """An incarnation ended: the seconds until the place's own task starts the next, None when it does not."""

    def _make(self, spec: ChildSpec) -> Child:
        return spec.start()

    async def run(self, started: Callable[[], Any]) -> None:
        """Live until `stop()`, cancellation, or giving up (`RestartsExceeded`, `StartFailed`)."""
        self._stopping = False
        self._wake = trio.Event()
        async with trio.open_nursery() as watch:
            watch.start_soon(self._stop_when_cancelled)
            with trio.CancelScope(shield=True):
                failure = await self._live_with_children(started)
            watch.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _stop_when_cancelled(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            self.stop()

    async def _live_with_children(self, started: Callable[[], Any]) -> SupervisorError | None:
        try:
            async with trio.open_nursery() as self._nursery:
                try:
                    failure = await self._oversee(started)
                finally:  # also for a KeyboardInterrupt out of a child
                    self._stopping = True
                    with trio.CancelScope(shield=True):
                        await self._stop_children()
                self._nursery.cancel_scope.cancel()
        finally:
            self._nursery = None
        return failure

    def stop(self) -> None:
        """Stop all children, then return from `run`. Takes as long as the children's `shutdown` times allow."""
        self._stopping = True
        self._wake.set()

    async def _woken(self) -> None:
        await self._wake.wait()
        self._wake = trio.Event()

    async def _live(self, place: Place) -> None:
        """A child's task: incarnation after incarnation, until one is the last.

        Each variable here is sixteen bytes of every idle child.
        """
        try:
            while not place.stopping:
                place.state = "starting"
                exit = NORMAL
                try:
                    place.child = self._make(place.spec)
                    await place.child.run(partial(self._running, place))
                except (Exception, Overdue, BaseExceptionGroup) as failure:  # noqa: BLE001 — the kernel decides
                    exit = _exit_of(failure)
                place.child = None
                if not await self._goes_on(place, exit):
                    return
            self._closed(place, SHUTDOWN)
        finally:
            if place.alive:
                self._closed(place, KILLED)

    async def _goes_on(self, place: Place, exit: Exit) -> bool:
        """Whether another incarnation follows; if so, once it is time for it."""
        delay = self._ended(place, exit)
        if delay:
            await place.back_off(delay)
        return delay is not None

    def _running(self, place: Place) -> None:
        place.state = "running"
        place.initial = place.resuming = False
        self._started += 1
        self._observe(ChildStarted(self.name, place.spec.name))
        place.tell()

    def _ended(self, place: Place, exit: Exit) -> float | None:
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

    def _closed(self, place: Place, exit: Exit) -> None:
        place.exit = exit
        place.state = "ended"
        self._tell(place, exit, None)
        place.tell()
        self._wake.set()

    def _tell(self, place: Place, exit: Exit, delay: float | None) -> None:
        if place.spec.mailbox is not None:
            place.spec.mailbox.down(exit, restarting=delay is not None or place.resuming)
        self._observe(ChildEnded(self.name, place.spec.name, exit, delay))

    def tree(self) -> Node:
        """The supervision tree below, as it is now."""
        state = "ended" if self._nursery is None else "stopping" if self._stopping else "running"
        return Node(self.name, self.kind, state, 0, None, tuple(map(_node, self._places.values())))

    def statistics(self) -> SupervisorStatistics:
        return SupervisorStatistics(
            children=sum(place.alive for place in self._places.values()),
            started=self._started,
            crashed=self._crashed,
            restarted=self._restarted,
            given_up=self._given_up,
        )


def _nobody_listens(_event: SupervisorEvent) -> None:
    pass


def _exit_of(failure: BaseException) -> Exit:
    """What a child's end by this exception is; raises what is not for a supervisor to decide."""
    match failure:
        case Exception():
            return Exit(ExitKind.CRASHED, failure)
        case Overdue():
            return KILLED
        case BaseExceptionGroup():  # it has a nursery, was cancelled, and something in it failed on the way out
            _cancelled, rest = failure.split(trio.Cancelled)
            if rest is None:
                return KILLED
            if isinstance(rest, ExceptionGroup):
                return Exit(ExitKind.CRASHED, rest)
            raise rest
        case _:
            raise failure


def _node(place: Place) -> Node:
    if (mailbox := place.spec.mailbox) is not None:
        return Node(place.spec.name, "actor", place.state, place.restarts, mailbox.statistics())
    child: object = place.child.child if isinstance(place.child, Cancellable) else place.child
    if isinstance(child, Branch):
        return attrs.evolve(child.tree(), restarts=place.restarts)
    return Node(place.spec.name, "worker", place.state, place.restarts)
