"""Where whole connections are fuzzed: a stage that lasts, strangers who come one after the other, and for the chat a
bystander who must not notice. No actor may crash, and all that is said is of the contract."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from queue import SimpleQueue
from typing import Any, Final, Protocol, Self

import attrs
import trio
from outcome import Outcome
from trio.testing import MockClock, wait_all_tasks_blocked

from chatter.actors.child import ChildEnded
from tests.actors.stage import Person, Stage, staged
from tests.memory_store import MemoryStore

SCRIPTS_A_STAGE: Final = 500
REASONS: Final = {
    *("unauthorized", "forbidden", "name_taken", "invalid", "too_long", "rate_limited", "not_found", "unavailable"),
    "unmatched topic",
}
TOLD: Final = {
    *("phx_close", "presence_state", "presence_diff"),
    *("new_message", "message_edited", "message_deleted", "reaction", "typing"),
}


class Player(Protocol):
    async def play(self, data: bytes) -> None:
        """Be the stranger that `data` makes of you, leave, and see that all is as it was."""
        ...


Cast = Callable[[], AbstractAsyncContextManager[Player]]


class Theatre:
    """A Trio that runs beside its caller, step by step: so that a fuzzer, which calls and waits, has one that lasts.

    Time jumps when everybody waits.
    """

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._steps: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._asked: list[bytes] = []
        self._closing = False
        self._played = 0
        self._outcome: Outcome[None] | None = None

    def __enter__(self) -> Self:
        trio.lowlevel.start_guest_run(
            self._run,
            run_sync_soon_threadsafe=self._steps.put,
            done_callback=self._done,
            clock=MockClock(autojump_threshold=0),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        while self._outcome is None:
            self._steps.get()()

    def check(self, data: bytes) -> None:
        before = self._played
        self._asked.append(data)
        while self._played == before and self._outcome is None:
            self._steps.get()()
        if self._outcome is not None:
            self._outcome.unwrap()

    def _done(self, outcome: Outcome[None]) -> None:
        self._outcome = outcome

    async def _run(self) -> None:
        while not self._closing:
            async with self._cast() as player:
                await self._a_while(player)

    async def _a_while(self, player: Player) -> None:
        until = self._played + SCRIPTS_A_STAGE
        while self._played < until and not self._closing:
            if self._asked:
                await player.play(self._asked.pop())
                self._played += 1
            else:
                await trio.lowlevel.checkpoint()


@attrs.frozen
class Watched:
    """A player in the chat, and the bystander."""

    stage: Stage
    player: Player
    bystander: Person

    async def play(self, data: bytes) -> None:
        await self.player.play(data)
        await wait_all_tasks_blocked()
        await check_quiet(self.stage, self.bystander)


@asynccontextmanager
async def chat(player: Callable[[Stage], Player]) -> AsyncIterator[Player]:
    async with staged(MemoryStore()) as stage:
        yield Watched(stage, player(stage), await stage.visitor())


async def check_quiet(stage: Stage, bystander: Person) -> None:
    """Nobody crashed, nobody is left but the bystander, who is answered."""
    crashes = [event for event in stage.observed if isinstance(event, ChildEnded) and event.exit.abnormal]
    assert not crashes, crashes
    assert len(stage.sessions) == 1
    await bystander.heartbeat()
    stage.observed.clear()
    bystander.received.clear()


def check_said(said: Any, *, v1: bool) -> None:
    event, payload = (said["event"], said["payload"]) if v1 else said[3:]
    if event == "phx_reply":
        assert payload["status"] in ("ok", "error")
        assert payload["status"] == "ok" or payload["response"]["reason"] in REASONS
    else:
        assert event in TOLD


@cache
def lasting(made: Callable[[], Theatre]) -> Theatre:
    """Opened, for as long as the process lives."""
    return made().__enter__()
