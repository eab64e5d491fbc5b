"""An actor: private state, a mailbox, and one message (or one batch) at a time.

Subclass `Actor`, override `handle`, and give it to a supervisor with `spec`. The hooks mirror OTP's `gen_server`:
`started` is `init`, `handle` is `handle_cast` and `handle_call` (a `Request` is answered with `request.reply`),
`stopping` is `terminate` after a shutdown. A hook that raises crashes the actor, and its supervisor decides.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from chatter.actors.exits import ActorStopped
from chatter.actors.mailbox import Mailbox

M = TypeVar("M")


class Actor(Generic[M]):
    """One incarnation. The mailbox is handed in, since it outlives the incarnation."""

    __slots__ = ("mailbox",)

    redeliver: ClassVar[bool] = False
    """Whether what was being handled during a crash is handled once more by the next incarnation. Only for actors
    whose messages are safe to handle twice."""

    def __init__(self, mailbox: Mailbox[M]) -> None:
        self.mailbox = mailbox

    async def started(self) -> None:
        """Before the first message: load what is needed. Until it returns, whoever starts the actor waits."""

    async def handle(self, message: M) -> None:
        """Act on one message."""
        raise NotImplementedError

    async def stopping(self) -> None:
        """After the last message, when asked to stop. Not called after a crash or when cancelled."""

    async def serve(self) -> None:
        """Take messages until told to stop. Override it to take them in batches (`mailbox.get_all`)."""
        while True:
            await self.handle(await self.mailbox.get())

    async def run(self, started: Callable[[], Any]) -> None:
        """The whole life of this incarnation: `Child.run` for the supervisor."""
        self.mailbox.reopen()
        try:
            await self.started()
            started()
            del started  # a frame that lives on holds it: a tenth of an idle actor's weight
            await self.serve()
        except ActorStopped:
            await self.stopping()
        except Exception as crash:
            self.mailbox.recover(crash, redeliver=self.redeliver)
            raise

    def stop(self) -> None:
        """Ask it to end: `Child.stop` for the supervisor."""
        self.mailbox.stop()
