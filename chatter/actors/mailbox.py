"""A mailbox is a bounded queue with one reader; a `Ref` is what everybody else may hold of it.

Built on lists and a parked task instead of a memory channel, because every message of the product passes two of
them: a cast costs 0.2 µs here and 3 µs through a channel (`bench/kernel.py`).

Unlike an Erlang process's, a mailbox outlives a crash of its actor: what was not yet taken is handled by the next
incarnation, and refs stay valid. What the actor was working on when it crashed is refused or, where its class says
so (`Actor.redeliver`), taken once more; see `Mailbox.recover`.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

import attrs
import outcome
import trio

from chatter.actors.exits import (
    ActorCrashed,
    ActorEnded,
    ActorError,
    ActorKilled,
    ActorStopped,
    AskTimeout,
    Down,
    Exit,
    ExitKind,
    MailboxFull,
)

M = TypeVar("M")
R = TypeVar("R")

DEFAULT_CAPACITY: Final = 1024
DEFAULT_DEADLINE: Final = 5.0


class Refusable:
    """A message whose sender wants to know that it will not be handled: subclasses say how in `refuse`."""

    __slots__ = ()

    @property
    def settled(self) -> bool:
        """Whether nobody waits for an outcome any more; such a message is not delivered again after a crash."""
        return False

    def refuse(self, error: ActorError) -> None:
        raise NotImplementedError


@attrs.define(eq=False)
class Request(Refusable, Generic[R]):
    """A question. Subclass it with `@attrs.define` and the question's fields, send it with `Ref.ask`.

    The actor calls `reply` or `fail` once, at once or later. A second answer, or one that comes after the asker
    went away, is ignored.
    """

    _asker: "trio.lowlevel.Task | None" = attrs.field(init=False, default=None, repr=False)

    def reply(self, value: R) -> None:
        self._wake_asker(outcome.Value(value))

    def fail(self, error: Exception) -> None:
        self._wake_asker(outcome.Error(error))

    def refuse(self, error: ActorError) -> None:
        self.fail(error)

    @property
    def settled(self) -> bool:
        return self._asker is None

    def _wake_asker(self, answer: "outcome.Outcome[R]") -> None:
        if (asker := self._asker) is not None:
            self._asker = None
            trio.lowlevel.reschedule(asker, answer)

    async def _asked_of(self, mailbox: "Mailbox[Any]") -> R:
        mailbox.put(self)
        self._asker = trio.lowlevel.current_task()
        answer: R = await trio.lowlevel.wait_task_rescheduled(self._forget_asker)
        return answer

    def _forget_asker(self, _raise_cancel: Any) -> trio.lowlevel.Abort:
        self._asker = None
        return trio.lowlevel.Abort.SUCCEEDED


@attrs.frozen
class MailboxStatistics:
    """`waiting` counts the messages not yet taken, `handled` those taken so far, `peak` the most that waited when
    the actor looked."""

    waiting: int
    capacity: int
    handled: int
    peak: int


class Mailbox(Generic[M]):
    """The receiving end: for the actor and its supervisor only. Others get `mailbox.ref`."""

    __slots__ = (
        "_closed",
        "_handled",
        "_incoming",
        "_killed",
        "_monitors",
        "_on_trial",
        "_peak",
        "_reader",
        "_ready",
        "_stopping",
        "_suspects",
        "_taken",
        "capacity",
        "name",
    )

    def __init__(self, name: str, capacity: int = DEFAULT_CAPACITY) -> None:
        self.name = name
        self.capacity = capacity
        self._incoming: list[M] = []  # newest last
        self._ready: list[M] = _NOTHING  # oldest last. Two lists, since an idle deque weighs 600 bytes
        self._taken: M | list[M] | None = None
        self._suspects = 0  # how many of the oldest were being worked on when the actor crashed
        self._on_trial = False  # whether what is taken is such a one
        self._reader: trio.lowlevel.Task | None = None
        self._monitors: tuple[Callable[[Down], None], ...] = ()
        self._stopping = False
        self._killed: ActorKilled | None = None
        self._closed = False
        self._handled = 0
        self._peak = 0

    @property
    def ref(self) -> "Ref[M]":
        return Ref(self)

    def __len__(self) -> int:
        return len(self._incoming) + len(self._ready)

    def put(self, message: M) -> None:
        """Queue `message`; never waits. `MailboxFull` when it is full, `ActorEnded` when it takes nothing new."""
        incoming = self._incoming
        if self._stopping or len(incoming) >= self.capacity:
            raise self._reason_not_to_put()
        incoming.append(message)
        if (reader := self._reader) is not None:
            self._reader = None
            trio.lowlevel.reschedule(reader)

    def _reason_not_to_put(self) -> ActorError:
        if self._stopping:
            return ActorEnded(f"{self.name} has ended")
        return MailboxFull(f"{self.name} has {self.capacity} messages waiting")

    async def get(self) -> M:
        """Take the oldest message, waiting for one. A checkpoint only when there is nothing to take.

        Raises what ends the actor: `ActorKilled` before anything else is taken, `ActorStopped` when it was asked to
        stop and has taken all.
        """
        if not self._ready or self._killed:
            while self._idle:
                await trio.lowlevel.wait_task_rescheduled(self._unpark)
            self._turn_over()
        self._handled += 1
        if self._suspects or self._on_trial:
            self._mind_suspects()
        message = self._taken = self._ready.pop()
        return message

    async def get_all(self) -> list[M]:
        """Take all that waits, oldest first, at least one message. Raises like `get`.

        What is delivered a second time, after a crash, comes alone, so that a poisonous message takes none of its
        neighbours with it.
        """
        if not self._ready or self._killed:
            while self._idle:
                await trio.lowlevel.wait_task_rescheduled(self._unpark)
            self._turn_over()
        if (self._suspects or self._on_trial) and self._mind_suspects():
            batch = [self._ready.pop()]
        else:
            batch = self._ready[::-1]
            self._ready = _NOTHING
        self._handled += len(batch)
        self._taken = batch
        return batch

    def _mind_suspects(self) -> bool:
        self._on_trial = self._suspects > 0
        self._suspects -= self._on_trial
        return self._on_trial

    @property
    def _idle(self) -> bool:
        """Whether there is nothing to take or obey; then the task is marked as the one to wake."""
        self._taken = None
        if self._incoming or self._ready or self._killed or self._stopping:
            return False
        self._reader = trio.lowlevel.current_task()
        return True

    def _turn_over(self) -> None:
        if (killed := self._killed) is not None:
            self._killed = None
            raise killed
        if self._ready:
            return
        incoming = self._incoming
        if not incoming:
            raise ActorStopped
        if len(incoming) > self._peak:
            self._peak = len(incoming)
        incoming.reverse()
        self._ready, self._incoming = incoming, []

    def _unpark(self, _raise_cancel: Any) -> trio.lowlevel.Abort:
        self._reader = None
        return trio.lowlevel.Abort.SUCCEEDED

    def _wake(self) -> None:
        if (reader := self._reader) is not None:
            self._reader = None
            trio.lowlevel.reschedule(reader)

    def stop(self) -> None:
        """Take nothing new; the actor ends when it has handled what waits."""
        self._stopping = True
        self._wake()

    def kill(self, reason: str) -> None:
        """Crash the actor with `ActorKilled` at its next look for a message: now, if it waits for one."""
        self._killed = ActorKilled(reason)
        self._wake()

    def reopen(self) -> None:
        """Take messages again after having closed: somebody starts the actor anew."""
        if self._closed:
            self._closed = self._stopping = False
            self._killed = None

    def recover(self, error: Exception, *, redeliver: bool) -> None:
        """The actor crashed: refuse what it had taken or, with `redeliver`, put it back in front.

        Each message is put back once. It then comes alone; if the actor crashes again, it is the one to blame, and
        is refused.
        """
        taken, self._taken = self._taken, None
        batch: list[M] = [] if taken is None else taken if isinstance(taken, list) else [taken]
        if redeliver and not self._on_trial:
            left = [m for m in batch if not (isinstance(m, Refusable) and m.settled)]
            self._ready = self._ready + left[::-1]
            self._suspects = len(left)
        else:
            _refuse(batch, ActorCrashed(f"{self.name} crashed: {error!r}"))

    def monitor(self, told: Callable[[Down], None]) -> Callable[[], None]:
        """See `Ref.monitor`."""
        if self._closed:
            told(Down(self.name, Exit(ExitKind.NORMAL), restarting=False))
        else:
            self._monitors = (*self._monitors, told)
        return lambda: self._demonitor(told)

    def _demonitor(self, told: Callable[[Down], None]) -> None:
        self._monitors = tuple(other for other in self._monitors if other is not told)

    def down(self, exit: Exit, *, restarting: bool) -> None:
        """Said by the supervisor: an incarnation ended. When no other follows, the mailbox closes for good."""
        if not restarting:
            self._close()
        elif exit.kind is not ExitKind.CRASHED:
            self._stopping = False
        for told in self._monitors:
            told(Down(self.name, exit, restarting))

    def _close(self) -> None:
        self._closed = self._stopping = True
        taken = self._taken if isinstance(self._taken, list) else [self._taken]
        left = taken + self._ready[::-1] + self._incoming
        self._ready, self._incoming, self._taken = _NOTHING, [], None
        _refuse(left, ActorEnded(f"{self.name} has ended"))

    @property
    def closed(self) -> bool:
        return self._closed

    def statistics(self) -> MailboxStatistics:
        return MailboxStatistics(len(self), self.capacity, self._handled, max(self._peak, len(self)))


_NOTHING: list[Any] = []  # shared by all mailboxes that have nothing ready; never appended to


def _refuse(messages: Iterable[Any], error: ActorError) -> None:
    for message in messages:
        if isinstance(message, Refusable) and not message.settled:
            message.refuse(error)


class Ref(Generic[M]):
    """The sending end of a mailbox: cheap, safe to hand out, valid across restarts of the actor."""

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

    async def ask(self, request: Request[R], deadline: float = DEFAULT_DEADLINE) -> R:
        """Send `request` and wait for its answer, `deadline` seconds at most.

        Raises `AskTimeout`; `ActorCrashed` when the actor dies of the request; `ActorEnded`, `MailboxFull`; and
        whatever the actor answered with `Request.fail`. Cancelled: the actor may still act on it.
        """
        with trio.move_on_after(deadline):
            return await request._asked_of(self._mailbox)
        raise AskTimeout(f"{self.name} did not answer {type(request).__name__} within {deadline} s")

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

    def __repr__(self) -> str:
        return f"<Ref {self.name}>"
