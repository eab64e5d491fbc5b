"""An actor: private state, a mailbox, and one message (or one batch) at a time.

Subclass `Actor`, override `handle`, and give it to a supervisor with `child.actor`. The hooks mirror OTP's
`gen_server`: `started` is `init`, `handle` is `handle_cast` and `handle_call` (a `Request` is answered with
`request.reply`), `stopping` is `terminate` after a shutdown. A hook that raises crashes the actor, and its supervisor
decides.
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
        """Take messages until told to stop. Override it to take them in batches (`mailbox.get_all`), or to run
        tasks beside it in a nursery. While messages wait this is no checkpoint: an actor that goes on sending to
        itself has to make one."""
        mailbox = self.mailbox
        while True:
            if mailbox.idle:
                await mailbox.arrival()
            await self.handle(mailbox.take())

    async def run(self, started: Callable[[], Any]) -> None:
        """The whole life of this incarnation: `Child.run` for the supervisor."""
        self.mailbox.redeliver = self.redeliver
        stopped = False
        try:
            await self.started()
            started()
            del started  # a frame that lives on holds it: a tenth of an idle actor's weight
            await self.serve()
        except* ActorStopped:  # with a star, since `serve` may raise it through a nursery
            stopped = True
        if stopped:
            await self.stopping()

    def stop(self) -> None:
        """Ask it to end: `Child.stop` for the supervisor."""
        self.mailbox.stop()
