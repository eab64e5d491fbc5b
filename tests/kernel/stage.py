"""Children that act on cue, and what can be seen of them: the cast of the kernel's tests."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import attrs
import trio
import trio.testing

from chatter.actors.actor import Actor
from chatter.actors.child import (
    Child,
    ChildEnded,
    ChildSpec,
    ChildStarted,
    GaveUp,
    Intensity,
    Restart,
    SupervisorError,
    SupervisorEvent,
    actor,
)
from chatter.actors.exits import Down
from chatter.actors.mailbox import Mailbox, Request
from chatter.actors.overseer import Overseer

PATIENT = Intensity(restarts=100, within=1.0, backoff=0.0)
RESTARTED = (
    (Restart.PERMANENT, "crash", True),
    (Restart.PERMANENT, "finish", True),
    (Restart.TRANSIENT, "crash", True),
    (Restart.TRANSIENT, "finish", False),
    (Restart.TEMPORARY, "crash", False),
    (Restart.TEMPORARY, "finish", False),
)
"""OTP's table: whether a child of a restart type is started again after an end."""


class Stumble(Exception):
    """A crash on cue."""


@attrs.define(eq=False)
class Part:
    """What the child called `name` does in each of its incarnations, and the cues to the one on stage."""

    name: str
    diary: list[str]
    slow_start: float = 0.0
    slow_stop: float = 0.0
    bad_starts: frozenset[int] = frozenset()  # which of its incarnations crash while they start
    bad_stop: bool = False
    deaf: bool = False
    starts: int = 0
    player: "Player | None" = None

    def __call__(self) -> Child:
        self.player = Player(self)
        return self.player

    def spec(self, restart: Restart = Restart.PERMANENT, shutdown: float = 5.0) -> ChildSpec:
        return ChildSpec(self.name, self, restart, shutdown)

    def crash(self) -> None:
        self._cue(Stumble(self.name))

    def interrupt(self, error: BaseException) -> None:
        self._cue(error)

    def finish(self) -> None:
        self._cue(None)

    def _cue(self, error: BaseException | None) -> None:
        assert self.player is not None
        self.player.error = error
        self.player.cue.set()

    def note(self, what: str) -> None:
        self.diary.append(f"{self.name} {what}")


class Player:
    def __init__(self, part: Part) -> None:
        self.part = part
        self.cue = trio.Event()
        self.error: BaseException | None = None
        self.told_to_stop = False

    async def run(self, started: Callable[[], Any]) -> None:
        part = self.part
        part.starts += 1
        if part.slow_start:
            await self._or_note_cancelled(trio.sleep, part.slow_start)
        if part.starts in part.bad_starts:
            part.note("fails to start")
            raise Stumble(part.name)
        started()
        part.note("up")
        await self._or_note_cancelled(self.cue.wait)
        if self.error is not None:
            part.note("crashes")
            raise self.error
        if self.told_to_stop and part.slow_stop:
            await self._or_note_cancelled(trio.sleep, part.slow_stop)
        if self.told_to_stop and part.bad_stop:
            part.note("crashes")
            raise Stumble(part.name)
        part.note("down")

    async def _or_note_cancelled(self, wait: Callable[..., Any], *args: Any) -> None:
        try:
            await wait(*args)
        except trio.Cancelled:
            self.part.note("cancelled")
            raise

    def stop(self) -> None:
        if not self.part.deaf:
            self.told_to_stop = True
            self.cue.set()


@attrs.define(eq=False)
class Performance:
    """A supervisor as it runs, and how that ended."""

    supervisor: Overseer
    error: BaseException | None = None
    over: trio.Event = attrs.field(factory=trio.Event)
    started: trio.Event = attrs.field(factory=trio.Event)

    async def run(self) -> None:
        try:
            await self.supervisor.run(self.started.set)
        except SupervisorError as error:
            self.error = error
        finally:
            self.over.set()

    async def end(self) -> None:
        self.supervisor.stop()
        await self.over.wait()


async def settle() -> None:
    """Let everybody act who can, without the clock moving."""
    await trio.testing.wait_all_tasks_blocked()


async def perform(nursery: trio.Nursery, supervisor: Overseer) -> Performance:
    """Start a supervisor; returns when nothing more happens by itself."""
    performance = Performance(supervisor)
    nursery.start_soon(performance.run)
    await settle()
    return performance


class Audience:
    """An observer that writes events down as short strings."""

    def __init__(self) -> None:
        self.saw: list[str] = []

    def __call__(self, event: SupervisorEvent) -> None:
        match event:
            case ChildStarted(child=child):
                self.saw.append(f"{child} started")
            case ChildEnded(child=child, exit=exit, restarting_in=None):
                self.saw.append(f"{child} {exit.kind.value}")
            case ChildEnded(child=child, exit=exit, restarting_in=delay):
                self.saw.append(f"{child} {exit.kind.value}, again in {delay}")
            case GaveUp(child=child):
                self.saw.append(f"{child} given up")

    def count(self, what: str) -> int:
        return Counter(self.saw)[what]


@attrs.define(eq=False)
class Echo(Request[Any]):
    """Is answered with its word, unless the word is a cue: see `Parrot`."""

    word: Any = None
    refused: Exception | None = None

    def refuse(self, error: Any) -> None:
        self.refused = error
        super().refuse(error)


class Parrot(Actor[Any]):
    """Says back what it hears; some words are cues."""

    def __init__(self, mailbox: Mailbox[Any], heard: list[Any]) -> None:
        super().__init__(mailbox)
        self.heard = heard

    async def handle(self, message: Any) -> None:
        word = message.word if isinstance(message, Echo) else message
        self.heard.append(word)
        match word:
            case "crash":
                raise Stumble(word)
            case "think":
                await trio.sleep(1.0)
            case "hang":
                await trio.sleep_forever()
            case "ignore":
                return
        if isinstance(message, Echo):
            message.reply(word)


class CarefulParrot(Parrot):
    """Is given again what it crashed of."""

    redeliver = True


class BatchParrot(CarefulParrot):
    """Takes all at once, and notes the batches."""

    async def serve(self) -> None:
        while True:
            batch = await self.mailbox.get_all()
            self.heard.append(list(batch))
            if "crash" in batch:
                raise Stumble


@attrs.define(eq=False)
class Perch:
    """A parrot's mailbox, spec, and what was heard on it and told of it."""

    name: str = "polly"
    kind: type[Parrot] = Parrot
    capacity: int = 1024
    restart: Restart = Restart.PERMANENT
    shutdown: float = 5.0
    heard: list[Any] = attrs.field(factory=list)
    downs: list[Down] = attrs.field(factory=list)
    mailbox: Mailbox[Any] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.mailbox = Mailbox(self.name, self.capacity)
        self.mailbox.monitor(self.downs.append)

    @property
    def ref(self) -> Any:
        return self.mailbox.ref

    @property
    def spec(self) -> ChildSpec:
        return actor(
            self.mailbox, lambda: self.kind(self.mailbox, self.heard), restart=self.restart, shutdown=self.shutdown
        )

    @property
    def told(self) -> list[str]:
        return [f"{down.exit.kind.value}{', restarting' * down.restarting}" for down in self.downs]
