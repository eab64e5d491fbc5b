"""Actors under a supervisor: asks, crashes, redelivery, monitors, stopping and killing."""

from collections.abc import Callable
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
    ActorKilled,
    AskTimeout,
    ExitKind,
    MailboxFull,
)
from chatter.actors.mailbox import Mailbox, Ref, Request
from chatter.supervisor import DynamicSupervisor

from .stage import PATIENT, BatchParrot, CarefulParrot, Echo, Perch, Stumble, perform, settle


@pytest.fixture
async def aviary(nursery: trio.Nursery) -> DynamicSupervisor:
    supervisor = DynamicSupervisor("aviary", intensity=PATIENT)
    await perform(nursery, supervisor)
    return supervisor


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


# An ask and its ends


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


# A full mailbox


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


# What a crash leaves


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


# Stop and kill


async def test_a_stop_is_obeyed_after_the_messages_that_wait(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch(restart=Restart.TRANSIENT)
    aviary.start(perch.spec)
    perch.ref.cast("one")
    perch.ref.cast("two")
    perch.ref.stop()
    with pytest.raises(ActorEnded, match="polly is stopping"):
        perch.ref.cast("three")
    await settle()
    assert perch.heard == ["one", "two"]
    assert perch.told == ["normal"]


async def test_a_permanent_actor_that_was_stopped_is_started_again_and_takes_messages(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    perch.ref.stop()
    await settle()
    assert perch.told == ["normal, restarting"]
    assert await perch.ref.ask(Echo("hello")) == "hello"


async def test_a_crash_after_the_stop_leaves_the_rest_and_the_stop_to_the_next_incarnation(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch(restart=Restart.TRANSIENT)
    aviary.start(perch.spec)
    for word in ("one", "crash", "two"):
        perch.ref.cast(word)
    perch.ref.stop()
    await settle()
    assert perch.heard == ["one", "crash", "two"]
    assert perch.told == ["crashed, restarting", "normal"]


async def test_the_stopping_hook_runs_after_the_last_message_but_not_after_a_crash(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    class Tidy(CarefulParrot):
        async def stopping(self) -> None:
            self.heard.append("tidies up")

    perch = Perch(kind=Tidy, restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    perch.ref.cast("one")
    perch.ref.stop()
    await settle()
    assert perch.heard == ["one", "tidies up"]
    perch = Perch(kind=Tidy, restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    perch.ref.cast("crash")
    await settle()
    assert perch.heard == ["crash"]


async def test_a_crash_in_the_stopping_hook_is_a_crash(aviary: DynamicSupervisor, clock: MockClock) -> None:
    class Clumsy(CarefulParrot):
        async def stopping(self) -> None:
            raise Stumble("vase")

    perch = Perch(kind=Clumsy, restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    perch.ref.stop()
    await settle()
    assert perch.told == ["crashed"]
    assert isinstance(perch.downs[0].exit.error, Stumble)


async def test_kill_crashes_an_idle_actor_at_once(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    await settle()
    perch.ref.kill("drill")
    await settle()
    assert perch.told == ["crashed, restarting"]
    assert isinstance(perch.downs[0].exit.error, ActorKilled)
    assert await perch.ref.ask(Echo("hello")) == "hello"


async def test_kill_comes_before_the_messages_that_wait_and_loses_none(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    perch.ref.cast("think")
    await settle()
    for word in ("one", "two"):
        perch.ref.cast(word)
    perch.ref.kill("drill")
    await trio.sleep(2)
    assert perch.heard == ["think", "one", "two"]
    assert perch.told == ["crashed, restarting"]


async def test_a_kill_dies_with_the_incarnation_it_was_meant_for(aviary: DynamicSupervisor, clock: MockClock) -> None:
    class Slow(CarefulParrot):
        async def handle(self, message: Any) -> None:
            await trio.sleep(1)
            self.heard.append(message)
            if self.heard == ["crash"]:
                raise Stumble

    perch = Perch(kind=Slow)
    aviary.start(perch.spec)
    perch.ref.cast("crash")
    await settle()
    perch.ref.kill("drill")
    await trio.sleep(5)
    assert perch.told == ["crashed, restarting"]
    assert isinstance(perch.downs[0].exit.error, Stumble)


async def test_killing_what_has_ended_does_nothing(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch(restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    perch.ref.stop()
    await settle()
    perch.ref.kill("drill")
    aviary.start(perch.spec)
    assert await perch.ref.ask(Echo("hello")) == "hello"


# Monitors


async def test_a_monitor_is_told_of_each_end_and_whether_another_incarnation_follows(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch(restart=Restart.TRANSIENT)
    aviary.start(perch.spec)
    perch.ref.cast("crash")
    perch.ref.cast("crash")
    await settle()
    perch.ref.stop()
    await settle()
    assert perch.told == ["crashed, restarting", "crashed, restarting", "normal"]
    assert {down.name for down in perch.downs} == {"polly"}


async def test_who_demonitors_is_told_no_more(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch()
    aviary.start(perch.spec)
    told: list[Any] = []
    demonitor = perch.ref.monitor(told.append)
    perch.ref.cast("crash")
    await settle()
    assert len(told) == 1
    demonitor()
    demonitor()
    perch.ref.cast("crash")
    await settle()
    assert len(told) == 1
    assert len(perch.downs) == 2


async def test_who_monitors_after_the_end_is_told_at_once_and_why(aviary: DynamicSupervisor, clock: MockClock) -> None:
    perch = Perch(restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    perch.ref.cast("crash")
    await settle()
    told: list[Any] = []
    perch.ref.monitor(told.append)
    assert [(down.exit.kind, down.restarting) for down in told] == [(ExitKind.CRASHED, False)]


async def test_a_monitor_finds_the_mailbox_closed_when_it_is_told_of_the_last_end(
    aviary: DynamicSupervisor, clock: MockClock
) -> None:
    perch = Perch(restart=Restart.TEMPORARY)
    aviary.start(perch.spec)
    found: list[bool] = []
    perch.ref.monitor(lambda down: found.append(perch.ref.ended))
    perch.ref.cast("crash")
    await settle()
    assert found == [True]


# An actor with tasks of its own


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


# Refs


async def test_two_refs_of_one_mailbox_are_equal(clock: MockClock) -> None:
    mailbox: Mailbox[Any] = Mailbox("polly")
    other: Mailbox[Any] = Mailbox("polly")
    assert mailbox.ref == mailbox.ref
    assert len({mailbox.ref, mailbox.ref}) == 1
    assert mailbox.ref != other.ref
    assert mailbox.ref != mailbox
    assert repr(mailbox.ref) == "<Ref polly>"
    assert mailbox.ref.name == "polly"


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
