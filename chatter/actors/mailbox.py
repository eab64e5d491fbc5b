"""A mailbox is a bounded queue with one reader; a `Ref` is what everybody else may hold of it.

Built on lists and a parked task instead of a memory channel, because every message of the product passes two of
them: a cast costs 0.2 µs here and 3 µs through a channel (`bench/kernel.py`).

Unlike an Erlang process's, a mailbox outlives a crash of its actor: what was not yet taken is handled by the next
incarnation, and refs stay valid. What the actor was working on when it crashed is refused or, where its class says
so (`Actor.redeliver`), delivered once more, alone: if the actor crashes again, it is the one to blame.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final, Generic, TypeVar

import attrs
import trio
from trio.lowlevel import current_task

from chatter.actors.exits import (
    ActorCrashed,
    ActorEnded,
    ActorError,
    ActorKilled,
    ActorStopped,
    Down,
    Exit,
    ExitKind,
    MailboxFull,
)
from chatter.actors.parking import Parking, park, parking, wake
from chatter.actors.request import DEFAULT_DEADLINE, Refusable, Request

__all__ = ["DEFAULT_CAPACITY", "DEFAULT_DEADLINE", "Mailbox", "MailboxStatistics", "Ref", "Refusable", "Request"]

M = TypeVar("M")
R = TypeVar("R")

DEFAULT_CAPACITY: Final = 1024

_NOTHING: list[Any] = []  # shared by all mailboxes; never appended to. An empty list of its own weighs 56 bytes


@attrs.frozen
class MailboxStatistics:
    """`waiting` counts the messages not yet taken, `handled` those taken so far, `peak` the most that waited when
    the actor looked."""

    waiting: int
    capacity: int
    handled: int
    peak: int


class Mailbox(Generic[M]):
    """The receiving end: for the actor and its supervisor only. Others get `mailbox.ref`.

    The actor's side is a synchronous core (`idle`, `take`, `take_all`) and what waits for it (`arrival`); `get` and
    `get_all` are both together.
    """

    __slots__ = (
        "_end",
        "_handled",
        "_incoming",
        "_killed",
        "_monitors",
        "_on_trial",
        "_parking",
        "_peak",
        "_reader",
        "_ready",
        "_stopping",
        "_suspects",
        "_taken",
        "capacity",
        "name",
        "redeliver",
    )

    def __init__(self, name: str, capacity: int = DEFAULT_CAPACITY) -> None:
        self.name = name
        self.capacity = capacity
        self.redeliver = False
        self._incoming: list[M] = _NOTHING  # newest last
        self._ready: list[M] = _NOTHING  # oldest last. Two lists, since an idle deque weighs 600 bytes
        self._taken: list[M] = _NOTHING
        self._suspects: list[M] = _NOTHING  # what was being worked on in a crash; oldest last
        self._on_trial = False  # whether what is taken is such a one
        self._reader: trio.lowlevel.Task | None = None
        self._parking: Parking | None = None
        self._monitors: tuple[Callable[[Down], None], ...] = ()
        self._stopping = False
        self._killed: ActorKilled | None = None
        self._end: Exit | None = None
        self._handled = 0
        self._peak = 0

    @property
    def ref(self) -> "Ref[M]":
        return Ref(self)

    def __len__(self) -> int:
        return len(self._incoming) + len(self._ready) + len(self._suspects)

    def put(self, message: M) -> None:
        """Queue `message`; never waits. `MailboxFull` when it is full, `ActorEnded` when it takes nothing new."""
        incoming = self._incoming
        if self._stopping or len(incoming) + len(self._ready) >= self.capacity:
            raise self._reason_not_to_put()
        if incoming:
            incoming.append(message)
        else:
            self._incoming = [message]
        if (reader := self._reader) is not None:
            self._reader = None
            wake(reader)

    def _reason_not_to_put(self) -> ActorError:
        if self._end is not None:
            return ActorEnded(f"{self.name} has ended")
        if self._stopping:
            return ActorEnded(f"{self.name} is stopping")
        return MailboxFull(f"{self.name} has {self.capacity} messages waiting")

    async def get(self) -> M:
        """Take the oldest message, waiting for one. A checkpoint only when there is nothing to take.

        Raises what ends the actor: `ActorKilled` before anything else is taken, `ActorStopped` when it was asked to
        stop and has taken all.
        """
        while self.idle:
            await self.arrival()
        return self.take()

    async def get_all(self) -> list[M]:
        """Take all that waits, oldest first, at least one message. Raises like `get`.

        What is delivered a second time, after a crash, comes alone, so that a poisonous message takes none of its
        neighbours with it.
        """
        while self.idle:
            await self.arrival()
        return self.take_all()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to take or to obey."""
        return not (self._ready or self._incoming or self._suspects or self._stopping or self._killed)

    def arrival(self) -> Awaitable[Any]:
        """Wait, when `idle`, for something to take or to obey. What was taken before counts as done.

        Not a coroutine itself: each one that an idle actor is parked in weighs 200 bytes.
        """
        self._taken = _NOTHING
        self._reader = current_task()
        if self._parking is None:
            self._parking = parking(self._unpark)
        return park(self._parking)

    def take(self) -> M:
        """Take the oldest of what waits, when not `idle`. Raises like `get`."""
        if not self._ready or self._killed:
            self._turn_over()
        self._handled += 1
        message = self._ready.pop()
        self._taken = [message]
        return message

    def take_all(self) -> list[M]:
        """Take all that waits, when not `idle`. Raises like `get`."""
        if not self._ready or self._killed:
            self._turn_over()
        batch = self._ready[::-1]
        self._ready = _NOTHING
        self._handled += len(batch)
        self._taken = batch
        return batch

    def _turn_over(self) -> None:
        """Make something ready, or raise what ends the actor."""
        self._taken = _NOTHING
        if self._killed is not None:
            raise self._killed
        self._on_trial = bool(self._suspects)
        if self._on_trial:
            self._ready = [self._suspects.pop()]
            return
        incoming = self._incoming
        if not incoming:
            raise ActorStopped
        self._peak = max(self._peak, len(incoming))
        incoming.reverse()
        self._ready, self._incoming = incoming, _NOTHING

    def _unpark(self, _raise_cancel: Any) -> trio.lowlevel.Abort:
        self._reader = None
        return trio.lowlevel.Abort.SUCCEEDED

    def _wake(self) -> None:
        if (reader := self._reader) is not None:
            self._reader = None
            wake(reader)

    def stop(self) -> None:
        """Take nothing new; the actor ends when it has handled what waits."""
        self._stopping = True
        self._wake()

    def kill(self, reason: str) -> None:
        """Crash the actor with `ActorKilled` at its next look for a message: now, if it waits for one."""
        if self._end is None:
            self._killed = ActorKilled(reason)
            self._wake()

    def reopen(self) -> None:
        """Said by the supervisor that starts the actor anew: what it was told to do before is past."""
        self._end = self._killed = None
        self._stopping = False

    def down(self, exit: Exit, *, restarting: bool) -> None:
        """Said by the supervisor: an incarnation ended. When no other follows, the mailbox closes for good."""
        self._killed = None
        self._settle_taken(exit, again=restarting and self.redeliver and exit.abnormal and not self._on_trial)
        if not restarting:
            self._close(exit)
        elif exit.kind is not ExitKind.CRASHED:
            self._stopping = False
        for told in self._monitors:
            told(Down(self.name, exit, restarting))

    def _settle_taken(self, exit: Exit, *, again: bool) -> None:
        taken, self._taken = self._taken, _NOTHING
        if again and taken:
            self._suspects = [m for m in reversed(taken) if not (isinstance(m, Refusable) and m.settled)]
            self._ready, self._incoming = _NOTHING, self._ready[::-1] + self._incoming
        elif exit.kind is ExitKind.CRASHED:
            _refuse(taken, ActorCrashed(f"{self.name} crashed: {exit.error!r}"))
        else:
            _refuse(taken, ActorEnded(f"{self.name} has ended"))

    def _close(self, exit: Exit) -> None:
        self._end, self._stopping = exit, True
        left = self._suspects[::-1] + self._ready[::-1] + self._incoming
        self._suspects = self._ready = self._incoming = _NOTHING
        _refuse(left, ActorEnded(f"{self.name} has ended"))

    def monitor(self, told: Callable[[Down], None]) -> Callable[[], None]:
        """See `Ref.monitor`."""
        if self._end is not None:
            told(Down(self.name, self._end, restarting=False))
        else:
            self._monitors = (*self._monitors, told)
        return lambda: self._demonitor(told)

    def _demonitor(self, told: Callable[[Down], None]) -> None:
        self._monitors = tuple(other for other in self._monitors if other is not told)

    @property
    def closed(self) -> bool:
        return self._end is not None

    def statistics(self) -> MailboxStatistics:
        return MailboxStatistics(len(self), self.capacity, self._handled, max(self._peak, len(self)))


def _refuse(messages: Iterable[Any], error: ActorError) -> None:
    for message in messages:
        if isinstance(message, Refusable) and not message.settled:
            message.refuse(error)


class Ref(Generic[M]):
    """The sending end of a mailbox: cheap, safe to hand out, valid across restarts of the actor.

    Two refs of one mailbox are equal.
    """

    __slots__ = ("_mailbox", "cast")

    def __init__(self, mailbox: Mailbox[M]) -> None:
        self._mailbox = mailbox
        self.cast = mailbox.put
        """Send and forget: never waits. Raises `MailboxFull`, or `ActorEnded`."""

    @property
    def name(self) -> str:
        return self._mailbox.name

    @property
    def ended(self) -> bool:
        """Whether the actor has ended for good."""
        return self._mailbox.closed

    def ask(self, request: Request[R], deadline: float = DEFAULT_DEADLINE) -> Coroutine[Any, Any, R]:
        """Send `request` and wait for its answer, `deadline` seconds at most.

        Raises `AskTimeout`; `ActorCrashed` when the actor dies of the request; `ActorEnded`, `MailboxFull`; and
        whatever the actor answered with `Request.fail`. Cancelled: the actor may still act on it.

        Not a coroutine function itself: a frame less to make and to pass through.
        """
        self.cast(request)  # type: ignore[arg-type]
        return request.answer(self._mailbox.name, deadline)

    def stop(self) -> None:
        """Ask the actor to end when it has handled what waits; a permanent one is started again."""
        self._mailbox.stop()

    def kill(self, reason: str) -> None:
        """Crash the actor, as Erlang's `exit(Pid, Reason)` does: for tests, drills and the operator."""
        self._mailbox.kill(reason)

    def monitor(self, told: Callable[[Down], None]) -> Callable[[], None]:
        """Call `told` with a `Down` whenever an incarnation ends (synchronously; it must not raise); at once when
        the actor has ended for good. Call what this returns to be told no more."""
        return self._mailbox.monitor(told)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and self._mailbox is other._mailbox

    def __hash__(self) -> int:
        return hash(self._mailbox)

    def __repr__(self) -> str:
        return f"<Ref {self.name}>"
