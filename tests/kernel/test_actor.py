"""Actors under a supervisor: messages in order, a full mailbox, tasks of their own, refs."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from chatter.actors.actor import Actor
from chatter.actors.child import Restart, actor
from chatter.actors.exits import (
    ExitKind,
    MailboxFull,
)
from chatter.actors.mailbox import Mailbox
from chatter.supervisor import DynamicSupervisor

from .stage import Echo, Perch, Stumble, settle


async def test_an_ask_is_answered(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    assert await perch.ref.ask(Echo("hello")) == "hello"


async def test_messages_are_handled_in_the_order_they_were_cast(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    for n in range(100):
        perch.ref.cast(n)
    await settle()
    assert perch.heard == list(range(100))


async def test_messages_cast_before_the_actor_starts_wait_for_it(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    perch.ref.cast("early")
    aviary.start(perch.spec)
    await settle()
    assert perch.heard == ["early"]


async def test_a_full_mailbox_refuses_more_and_loses_nothing(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch(capacity=3)
    aviary.start(perch.spec)
    for n in range(3):
        perch.ref.cast(n)
    with pytest.raises(MailboxFull, match="polly has 3 messages waiting"):
        perch.ref.cast(3)
    with pytest.raises(MailboxFull):
        await perch.ref.ask(Echo("hello"))
    await settle()
    assert perch.heard == [0, 1, 2]
    perch.ref.cast(4)


class Ticker(Actor[Any]):
    """Counts seconds beside its messages."""

    ticks = 0
    stopped = False

    async def serve(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tick)
            await super().serve()

    async def handle(self, message: Any) -> None:
        if message == "crash":
            raise Stumble

    async def stopping(self) -> None:
        type(self).stopped = True

    async def _tick(self) -> None:
        while True:
            await trio.sleep(1)
            type(self).ticks += 1
            if type(self).ticks == 5:
                raise Stumble("tick")


@pytest.fixture
def ticker() -> tuple[type[Ticker], Mailbox[Any], list[Any], Callable[[], Any]]:
    class Mine(Ticker):
        pass

    mailbox: Mailbox[Any] = Mailbox("ticker")
    downs: list[Any] = []
    mailbox.monitor(downs.append)
    return Mine, mailbox, downs, lambda: actor(mailbox, lambda: Mine(mailbox), restart=Restart.TRANSIENT)


async def test_an_actor_with_a_nursery_of_its_own_stops_normally(
    aviary: DynamicSupervisor, ticker: Any, clock: MockClock
) -> None:
    mine, mailbox, downs, spec = ticker
    aviary.start(spec())
    await trio.sleep(2.5)
    mailbox.ref.stop()
    await settle()
    assert mine.ticks == 2
    assert mine.stopped
    assert [down.exit.kind for down in downs] == [ExitKind.NORMAL]


async def test_a_crash_in_a_task_of_its_own_is_the_actors_crash(
    aviary: DynamicSupervisor, ticker: Any, clock: MockClock
) -> None:
    mine, _mailbox, downs, spec = ticker
    aviary.start(spec())
    await trio.sleep(5.5)
    assert mine.ticks == 5
    [down] = downs
    assert down.restarting
    assert isinstance(down.exit.error, ExceptionGroup)
    assert down.exit.error.subgroup(Stumble) is not None
    assert not mine.stopped
    assert aviary.statistics().children == 1


async def test_two_refs_of_one_mailbox_are_equal(clock: MockClock) -> None:
    mailbox: Mailbox[Any] = Mailbox("polly")
    other: Mailbox[Any] = Mailbox("polly")
    assert mailbox.ref == mailbox.ref
    assert len({mailbox.ref, mailbox.ref}) == 1
    assert mailbox.ref != other.ref
    assert mailbox.ref != mailbox
    assert repr(mailbox.ref) == "<Ref polly>"
    assert mailbox.ref.name == "polly"


async def test_a_handler_that_never_waits_does_not_hold_up_the_clock(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    for n in range(1000):
        perch.ref.cast(n)
    with trio.testing.assert_checkpoints():
        await perch.ref.ask(Echo("last"))
    assert len(perch.heard) == 1001
