"""A barrier through actors: when all have settled, everything that they were told before is done.

For a drain, which must know rather than hope that what was accepted is answered. `settle` has no deadline of its own.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs
import trio

from chatter.actors.exits import ActorCrashed, ActorEnded, ActorError, MailboxFull
from chatter.actors.mailbox import Ref, Refusable

FULL: Final = 0.01


@attrs.define(eq=False)
class Settle(Refusable):
    """To be answered when all that came before it is done. Who ended has nothing left to do; who crashed is asked
    again, since its next incarnation goes on where it was."""

    _asked: Ref[Any]
    _told: Callable[[], object]
    _answered: bool = False

    @property
    def settled(self) -> bool:
        return self._answered

    def reply(self) -> None:
        if not self._answered:
            self._answered = True
            self._told()

    def refuse(self, error: ActorError) -> None:
        if isinstance(error, ActorCrashed):
            self.ask()
        else:
            self.reply()

    def ask(self) -> bool:
        """Whether there was room for it in the actor's mailbox."""
        try:
            self._asked.cast(self)
        except MailboxFull:
            return False
        except ActorEnded:
            self.reply()
        return True


async def settle(actors: Iterable[Ref[Any]]) -> None:
    """Wait until each has answered a `Settle`, or has ended."""
    asked = list(actors)
    left = len(asked)
    done = trio.Event()

    def one_less() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    for actor in asked:
        settle = Settle(actor, one_less)
        while not settle.ask():  # noqa: ASYNC110 — a mailbox does not tell when there is room in it again
            await trio.sleep(FULL)
    if asked:
        await done.wait()
