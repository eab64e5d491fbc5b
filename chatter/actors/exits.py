"""How actors end, and what those who talk to them are told.

ActorError
├── MailboxFull     more waits than may: try again later
├── ActorEnded      it ended, or is about to, before it could answer or be sent anything
├── ActorCrashed    it crashed while it worked on this very message
├── AskTimeout      no answer within the deadline; whether it acts on the request is unknown
└── ActorKilled     what an actor dies of when somebody calls `Ref.kill`
"""

from enum import Enum

import attrs


class ActorError(Exception):
    """The root of what sending to an actor can raise."""


class MailboxFull(ActorError):
    """More waits than may: the actor's load, not the message's fault."""


class ActorEnded(ActorError):
    """The actor ended before it answered, or takes nothing new: it has ended for good, or is stopping."""


class ActorCrashed(ActorError):
    """The actor crashed while it worked on this very message."""


class AskTimeout(ActorError):
    """The answer did not come within the deadline."""


class ActorKilled(ActorError):
    """Somebody called `Ref.kill`."""


class ActorStopped(BaseException):
    """Unwinds an actor that was asked to stop; only `Actor.run` catches it. Not an error, so not an `Exception`."""


class ExitKind(Enum):
    """OTP's exit reasons. Only `CRASHED` and `KILLED` are abnormal."""

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    KILLED = "killed"
    CRASHED = "crashed"


@attrs.frozen
class Exit:
    """Why an incarnation ended; `error` when it crashed. `KILLED`: it did not stop in time and was cancelled."""

    kind: ExitKind
    error: Exception | None = None

    @property
    def abnormal(self) -> bool:
        return self.kind in (ExitKind.CRASHED, ExitKind.KILLED)

    def __str__(self) -> str:
        return self.kind.value if self.error is None else f"{self.kind.value}: {self.error!r}"


@attrs.frozen
class Down:
    """What a monitor is told: who ended, why, and whether its supervisor starts it again."""

    name: str
    exit: Exit
    restarting: bool
