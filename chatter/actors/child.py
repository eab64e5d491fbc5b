"""The vocabulary between supervisors and children: what a child is, how to start one, what is told of it.

The terms are OTP's (Erlang/OTP, `supervisor` reference manual).
"""

import math
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final, Protocol, runtime_checkable

import attrs

from chatter.actors.actor import Actor
from chatter.actors.exits import Exit
from chatter.actors.mailbox import Mailbox, MailboxStatistics

FOREVER: Final = math.inf


class Child(Protocol):
    """What a supervisor can run."""

    async def run(self, started: Callable[[], Any]) -> None:
        """Live: call `started` once when ready, return when done, raise when crashed.

        One that returns before `started`, when its supervisor starts, is passed over (OTP: `ignore`).
        """
        ...

    def stop(self) -> None:
        """Ask it to return soon. Never waits; may come before `started`, and twice."""
        ...


class Restart(Enum):
    """When an ended child is started again: OTP's restart types."""

    PERMANENT = "always"
    TRANSIENT = "after a crash"
    TEMPORARY = "never"

    def wants(self, exit: Exit) -> bool:
        return self is Restart.PERMANENT or (self is Restart.TRANSIENT and exit.abnormal)


class Strategy(Enum):
    """Who is restarted along with a crashed child: OTP's strategies."""

    ONE_FOR_ONE = "nobody"
    REST_FOR_ONE = "those started after it"
    ONE_FOR_ALL = "everybody"


@attrs.frozen(kw_only=True)
class Intensity:
    """At most `restarts` within any `within` seconds; one more, and the supervisor gives up (OTP: MaxR, MaxT).

    The n-th restart within the window waits `backoff * 2 ** (n - 2)` seconds, `longest` at most; the first none.
    """

    restarts: int = 3
    within: float = 5.0
    backoff: float = 0.05
    longest: float = 1.0

    def delay(self, nth: int) -> float:
        return 0.0 if nth <= 1 else min(self.longest, self.backoff * 2.0 ** (nth - 2))


@attrs.frozen
class ChildSpec:
    """How to start a child, and what to do when it ends. `start` makes a fresh incarnation.

    `shutdown`: seconds it has to stop before it is cancelled (supervisors: `FOREVER`; their children have limits).
    `mailbox`: an actor's; kept across restarts, closed when the child has ended for good.
    """

    name: str
    start: Callable[[], Child]
    restart: Restart = Restart.PERMANENT
    shutdown: float = 5.0
    mailbox: Mailbox[Any] | None = None


def actor(
    mailbox: Mailbox[Any],
    start: Callable[[], Actor[Any]],
    *,
    restart: Restart = Restart.PERMANENT,
    shutdown: float = 5.0,
) -> ChildSpec:
    """The spec of an actor, which is named as its mailbox."""
    return ChildSpec(mailbox.name, start, restart, shutdown, mailbox)


@attrs.frozen
class ChildStarted:
    supervisor: str
    child: str


@attrs.frozen
class ChildEnded:
    """`restarting_in`: seconds until it is started again; None when it is not, or when its whole group has to be."""

    supervisor: str
    child: str
    exit: Exit
    restarting_in: float | None


@attrs.frozen
class GaveUp:
    """Too many restarts, told after the `ChildEnded`. A `Supervisor` then ends with `RestartsExceeded`, a
    `DynamicSupervisor` drops the child."""

    supervisor: str
    child: str
    exit: Exit


SupervisorEvent = ChildStarted | ChildEnded | GaveUp
Observer = Callable[[SupervisorEvent], None]
"""Called synchronously, in the order things happen; must not raise."""


class SupervisorError(Exception):
    """The root of what supervisors raise."""


class RestartsExceeded(SupervisorError):
    """A child crashed more often than the supervisor's intensity allows; `__cause__` is the last crash."""


class StartFailed(SupervisorError):
    """A child did not start when the supervisor did, so the supervisor did not either; `__cause__` says why."""


class AlreadyStarted(SupervisorError):
    """A child of that name is running."""


class NotRunning(SupervisorError):
    """The supervisor has not started, or is stopping: it takes no new children."""


@attrs.frozen
class Node:
    """A place in the supervision tree as it is now; `mailbox` for actors, `children` for supervisors."""

    name: str
    kind: str
    state: str
    restarts: int
    mailbox: MailboxStatistics | None = None
    children: tuple["Node", ...] = ()

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child.walk()


@runtime_checkable
class Branch(Protocol):
    """A child that has children of its own to show."""

    def tree(self) -> Node: ...


@attrs.frozen
class SupervisorStatistics:
    """`children` run now; `started`, `crashed`, `restarted` and `given_up` count since the supervisor started."""

    children: int
    started: int
    crashed: int
    restarted: int
    given_up: int
