"""Messages whose senders wait to know what became of them."""

from typing import Any, Final, Generic, TypeVar

import attrs
import trio
from trio.lowlevel import current_task

from chatter.actors.deadlines import Deadlines
from chatter.actors.exits import ActorError
from chatter.actors.parking import park, wake

R = TypeVar("R")

DEFAULT_DEADLINE: Final = 5.0


class Refusable:
    """A message whose sender wants to know that it will not be handled: subclasses say how in `refuse`."""

    __slots__ = ()

    @property
    def settled(self) -> bool:
        """Whether nobody waits for an outcome any more; such a message is not delivered again after a crash."""
        return False

    def refuse(self, error: ActorError) -> None:
        """Called once at most, when the actor ended or crashed first. Synchronous, and must not raise."""
        raise NotImplementedError


@attrs.define(eq=False)
class Request(Refusable, Generic[R]):
    """A question. Subclass it with `@attrs.define` and the question's fields, send it with `Ref.ask`.

    The actor calls `reply` or `fail` once, at once or later. A second answer, or one that comes after the asker
    went away, is ignored. One that the actor keeps for later is its own: should it crash by another message in the
    meantime, the asker learns of it by its deadline.
    """

    _asker: "trio.lowlevel.Task | None" = attrs.field(init=False, default=None, repr=False)
    _value: Any = attrs.field(init=False, default=None, repr=False)
    _error: Exception | None = attrs.field(init=False, default=None, repr=False)

    def reply(self, value: R) -> None:
        if (asker := self._asker) is not None:
            self._asker = None
            self._value = value
            wake(asker)

    def fail(self, error: Exception) -> None:
        if (asker := self._asker) is not None:
            self._asker = None
            self._error = error
            wake(asker)

    def refuse(self, error: ActorError) -> None:
        self.fail(error)

    @property
    def settled(self) -> bool:
        return self._asker is None

    async def answer(self, asked: str, deadline: float) -> R:
        """Wait for the answer: `Ref.ask`, once the request is in the mailbox of the actor called `asked`."""
        self._asker = current_task()
        deadlines = Deadlines.of_this_run()
        ask = deadlines.add(self, asked, deadline)
        try:
            await park(ask.place)
        finally:
            deadlines.remove(ask)
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # or its traceback would keep itself alive
        value: R = self._value
        return value

    def forget_asker(self) -> None:
        """The asker was cancelled."""
        self._asker = None
