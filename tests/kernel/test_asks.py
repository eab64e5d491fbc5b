"""Asks: every end that one can come to, and the deadlines they are kept by."""

from typing import Any

import attrs
import pytest
import trio
import trio.testing
from trio.testing import MockClock

from chatter.actors.actor import Actor
from chatter.actors.child import Intensity, Restart, actor
from chatter.actors.exits import (
    ActorCrashed,
    ActorEnded,
    AskTimeout,
)
from chatter.actors.mailbox import Mailbox, Ref, Request
from chatter.supervisor import DynamicSupervisor

from .stage import Echo, Perch, perform, settle


async def test_an_ask_to_an_actor_that_dies_of_it_fails_at_once(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    before = clock.current_time()
    with pytest.raises(ActorCrashed, match="polly crashed: Stumble"):
        await perch.ref.ask(Echo("crash"))
    assert clock.current_time() == before


async def test_an_ask_behind_a_crash_is_answered_by_the_next_incarnation(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    perch.ref.cast("crash")
    assert await perch.ref.ask(Echo("hello")) == "hello"
    assert perch.told == ["crashed, restarting"]


async def test_an_ask_that_waits_when_its_actor_ends_for_good_fails_at_once(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch(restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    before = clock.current_time()
    perch.ref.cast("crash")
    with pytest.raises(ActorEnded):
        await perch.ref.ask(Echo("hello"))
    assert clock.current_time() == before


async def test_an_ask_to_an_actor_that_has_ended_fails_at_once(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch(restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    perch.ref.stop()
    await settle()
    assert perch.ref.ended
    with pytest.raises(ActorEnded, match="polly has ended"):
        await perch.ref.ask(Echo("hello"))
    with pytest.raises(ActorEnded):
        perch.ref.cast("hello")


async def test_an_ask_to_an_actor_that_returns_without_an_answer_fails_when_it_ends(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    class Leaver(Actor[Any]):
        async def serve(self) -> None:
            await self.mailbox.get()

    for restart in (Restart.TEMPORARY, Restart.PERMANENT):
        mailbox: Mailbox[Any] = Mailbox(restart.name)
        aviary.start(actor(mailbox, lambda mailbox=mailbox: Leaver(mailbox), restart=restart))  # type: ignore[misc]
        with pytest.raises(ActorEnded):
            await mailbox.ref.ask(Echo("hello"))


async def test_an_ask_to_a_slow_actor_ends_with_its_deadline(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    before = clock.current_time()
    with pytest.raises(AskTimeout, match=r"polly did not answer Echo within 0\.25 s"):
        await perch.ref.ask(Echo("think"), deadline=0.25)
    assert clock.current_time() - before == pytest.approx(0.25)


async def test_an_answer_that_comes_after_the_deadline_is_ignored(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    request = Echo("think")
    with pytest.raises(AskTimeout):
        await perch.ref.ask(request, deadline=0.25)
    assert request.settled
    await trio.sleep(2)
    assert await perch.ref.ask(Echo("still here")) == "still here"


async def test_deadlines_of_many_asks_end_each_in_its_own_time(
    aviary: DynamicSupervisor, nursery: trio.Nursery, clock: MockClock
) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    perch.ref.cast("hang")
    before = clock.current_time()
    ends: list[tuple[float, float]] = []

    async def ask(deadline: float) -> None:
        with pytest.raises(AskTimeout):
            await perch.ref.ask(Echo("hello"), deadline)
        ends.append((deadline, clock.current_time() - before))

    for deadline in (3.0, 1.0, 2.0, 1.0, 0.5, 3.0, 0.0):
        nursery.start_soon(ask, deadline)
    await trio.sleep(10)
    assert [deadline for deadline, _ in ends] == [0.0, 0.5, 1.0, 1.0, 2.0, 3.0, 3.0]
    assert all(took == pytest.approx(deadline) for deadline, took in ends)


async def test_a_deadline_counts_from_its_own_ask_though_another_of_the_same_length_came_before(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    assert await perch.ref.ask(Echo("hello"), deadline=2.0) == "hello"
    await trio.sleep(1.5)
    assert await perch.ref.ask(Echo("think"), deadline=2.0) == "think"
    before = clock.current_time()
    with pytest.raises(AskTimeout):
        await perch.ref.ask(Echo("hang"), deadline=2.0)
    assert clock.current_time() - before == pytest.approx(2.0)


async def test_a_short_deadline_does_not_wait_for_a_long_one(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    assert await perch.ref.ask(Echo("hello"), deadline=60) == "hello"
    before = clock.current_time()
    with pytest.raises(AskTimeout):
        await perch.ref.ask(Echo("hang"), deadline=0.5)
    assert clock.current_time() - before == pytest.approx(0.5)


async def test_an_ask_may_wait_for_ever(aviary: DynamicSupervisor, nursery: trio.Nursery, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    with trio.move_on_after(10_000) as given_up:
        await perch.ref.ask(Echo("hang"), deadline=float("inf"))
    assert given_up.cancelled_caught


async def test_when_the_asker_is_cancelled_the_answer_goes_nowhere(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    request = Echo("think")
    with trio.move_on_after(0.25) as left:
        await perch.ref.ask(request)
    assert left.cancelled_caught
    assert request.settled
    await trio.sleep(2)
    assert await perch.ref.ask(Echo("still here")) == "still here"


async def test_what_is_left_of_the_asks_does_not_pile_up(aviary: DynamicSupervisor, clock: MockClock) -> None:
    from chatter.actors.deadlines import Deadlines

    perch = Perch()
    aviary.start(perch.spec)
    for n in range(100):
        await perch.ref.ask(Echo(n), deadline=5 + n / 1000)
    with trio.move_on_after(0.25):
        await perch.ref.ask(Echo("think"))
    assert not any(Deadlines.of_this_run()._lines.values())
    await trio.sleep(20)
    assert Deadlines.of_this_run()._lines == {}


async def test_an_actor_may_answer_with_a_failure_and_live(aviary: DynamicSupervisor, clock: MockClock) -> None:
    class Refuser(Actor[Echo]):
        async def handle(self, message: Echo) -> None:
            message.fail(LookupError(message.word))

    mailbox: Mailbox[Echo] = Mailbox("refuser")
    aviary.start(actor(mailbox, lambda: Refuser(mailbox)))
    for _ in range(2):
        with pytest.raises(LookupError, match="hello"):
            await mailbox.ref.ask(Echo("hello"))


async def test_an_answer_may_come_later_and_a_second_one_is_ignored(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    class Ponderer(Actor[Echo]):
        def __init__(self, mailbox: Mailbox[Echo]) -> None:
            super().__init__(mailbox)
            self.open: list[Echo] = []

        async def handle(self, message: Echo) -> None:
            self.open.append(message)
            if len(self.open) == 2:
                for kept in self.open:
                    kept.reply(kept.word)
                    kept.reply("again")

    mailbox: Mailbox[Echo] = Mailbox("ponderer")
    aviary.start(actor(mailbox, lambda: Ponderer(mailbox)))
    answers: list[Any] = []

    async def ask(word: str) -> None:
        answers.append(await mailbox.ref.ask(Echo(word)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "one")
        await settle()
        assert answers == []
        nursery.start_soon(ask, "two")
    assert sorted(answers) == ["one", "two"]


async def test_a_request_class_that_compares_by_value_can_be_asked(aviary: DynamicSupervisor, clock: MockClock) -> None:
    @attrs.define
    class Sum(Request[int]):
        left: int
        right: int

    class Adder(Actor[Sum]):
        async def handle(self, message: Sum) -> None:
            message.reply(message.left + message.right)

    mailbox: Mailbox[Sum] = Mailbox("adder")
    aviary.start(actor(mailbox, lambda: Adder(mailbox)))
    assert await mailbox.ref.ask(Sum(2, 3)) == 5


async def test_an_ask_to_an_actor_in_its_backoff_waits_for_the_next_incarnation(
    nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("aviary", intensity=Intensity(restarts=3, within=5, backoff=1))
    await perform(nursery, supervisor)
    perch = Perch()
    supervisor.start(perch.spec)
    perch.ref.cast("crash")
    perch.ref.cast("crash")
    ref: Ref[Any] = perch.ref
    assert await ref.ask(Echo("hello")) == "hello"
