"""What a crash leaves to the next incarnation: what waited, what was being handled, and no state."""

from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from chatter.actors.actor import Actor
from chatter.actors.child import actor
from chatter.actors.exits import (
    ActorCrashed,
)
from chatter.actors.mailbox import Mailbox
from chatter.supervisor import DynamicSupervisor

from .stage import BatchParrot, CarefulParrot, Echo, Perch, Stumble, settle


async def test_messages_not_yet_taken_survive_a_crash(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    for word in ("one", "crash", "two", "three"):
        perch.ref.cast(word)
    await settle()
    assert perch.heard == ["one", "crash", "two", "three"]


async def test_what_was_handled_in_a_crash_is_delivered_once_more_and_then_refused(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch(kind=CarefulParrot)
    aviary.start(perch.spec)
    request = Echo("crash")
    with pytest.raises(ActorCrashed):
        await perch.ref.ask(request)
    await settle()
    assert perch.heard == ["crash", "crash"]
    assert isinstance(request.refused, ActorCrashed)
    assert await perch.ref.ask(Echo("hello")) == "hello"


async def test_without_redelivery_it_is_refused_the_first_time(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    with pytest.raises(ActorCrashed):
        await perch.ref.ask(Echo("crash"))
    await settle()
    assert perch.heard == ["crash"]


async def test_of_a_batch_each_message_is_delivered_again_alone_and_only_the_guilty_is_refused(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch(kind=BatchParrot)
    for word in ("one", "crash", "two"):
        perch.ref.cast(word)
    aviary.start(perch.spec)
    await settle()
    perch.ref.cast("three")
    await settle()
    assert perch.heard == [["one", "crash", "two"], ["one"], ["crash"], ["two"], ["three"]]


async def test_what_crashed_its_actor_comes_again_before_what_waited_behind_it(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch(kind=CarefulParrot)
    aviary.start(perch.spec)
    for word in ("one", "crash", "two"):
        perch.ref.cast(word)
    await settle()
    assert perch.heard == ["one", "crash", "crash", "two"]


async def test_what_was_handled_long_before_a_crash_is_not_delivered_again(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    class Frail(CarefulParrot):
        async def serve(self) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._ail)
                await super().serve()

        async def _ail(self) -> None:
            await trio.sleep(1)
            raise Stumble

    perch = Perch(kind=Frail)
    aviary.start(perch.spec)
    perch.ref.cast("one")
    await trio.sleep(1.5)
    assert perch.told == ["crashed, restarting"]
    assert perch.heard == ["one"]


async def test_what_was_settled_before_the_crash_is_not_delivered_again(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    heard: list[Any] = []

    class Hasty(Actor[Echo]):
        redeliver = True

        async def handle(self, message: Echo) -> None:
            heard.append(message.word)
            message.reply("done")
            raise Stumble

    mailbox: Mailbox[Echo] = Mailbox("hasty")
    aviary.start(actor(mailbox, lambda: Hasty(mailbox)))
    assert await mailbox.ref.ask(Echo("hello")) == "done"
    await settle()
    assert heard == ["hello"]


async def test_a_message_that_crashed_its_actor_keeps_its_one_more_chance_when_the_next_one_does_not_start(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    heard: list[Any] = []
    starts = iter([None, Stumble("no database"), None, None])

    class Unlucky(BatchParrot):
        async def started(self) -> None:
            if (error := next(starts)) is not None:
                raise error

    perch = Perch(kind=Unlucky, heard=heard)
    for word in ("one", "crash", "two"):
        perch.ref.cast(word)
    aviary.start(perch.spec)
    await settle()
    assert heard == [["one", "crash", "two"], ["one"], ["crash"], ["two"]]


async def test_a_message_that_is_a_list_comes_back_as_that_list(aviary: DynamicSupervisor, clock: MockClock) -> None:
    heard: list[Any] = []

    class Lister(Actor[list[int]]):
        redeliver = True

        async def handle(self, message: list[int]) -> None:
            heard.append(message)
            if len(heard) == 1:
                raise Stumble

    mailbox: Mailbox[list[int]] = Mailbox("lister")
    aviary.start(actor(mailbox, lambda: Lister(mailbox)))
    mailbox.ref.cast([1, 2, 3])
    await settle()
    assert heard == [[1, 2, 3], [1, 2, 3]]


async def test_a_crash_outside_a_message_blames_none(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch(kind=CarefulParrot)
    aviary.start(perch.spec)
    perch.ref.cast("hello")
    await settle()
    perch.ref.kill("drill")
    await settle()
    assert perch.heard == ["hello"]


async def test_state_is_fresh_after_a_crash(aviary: DynamicSupervisor, clock: MockClock) -> None:
    class Counter(Actor[Echo]):
        async def started(self) -> None:
            self.count = 0

        async def handle(self, message: Echo) -> None:
            self.count += 1
            if message.word == "crash":
                raise Stumble
            message.reply(self.count)

    mailbox: Mailbox[Echo] = Mailbox("counter")
    aviary.start(actor(mailbox, lambda: Counter(mailbox)))
    assert [await mailbox.ref.ask(Echo()) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ActorCrashed):
        await mailbox.ref.ask(Echo("crash"))
    assert await mailbox.ref.ask(Echo()) == 1
