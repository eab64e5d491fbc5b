"""Children that come and go: each restarted, given up and stopped by itself."""

import gc
from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chatter.actors.child import AlreadyStarted, ChildSpec, Intensity, NotRunning, Restart
from chatter.actors.exits import ActorEnded, Exit, ExitKind
from chatter.supervisor import FOREVER, DynamicSupervisor, Supervisor

from .stage import PATIENT, RESTARTED, Audience, Echo, Part, Perch, Stumble, perform, settle

Trio = tuple[Part, Part, Part]
MakePart = Callable[[str], Part]


async def test_children_start_at_any_time_and_leave_no_trace_when_they_end(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions")
    await perform(nursery, supervisor)
    for p in abc:
        supervisor.start(p.spec(Restart.TRANSIENT))
        assert p.name in supervisor
    await settle()
    assert sorted(diary) == ["anna up", "ben up", "cleo up"]
    abc[1].finish()
    await settle()
    assert "ben" not in supervisor
    assert len(supervisor) == 2
    assert [child.name for child in supervisor.tree().children] == ["anna", "cleo"]


@pytest.mark.parametrize(("restart", "end", "again"), RESTARTED)
async def test_a_child_is_restarted_as_its_type_says(
    restart: Restart, end: str, again: bool, part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions")
    await perform(nursery, supervisor)
    anna = part("anna")
    supervisor.start(anna.spec(restart))
    await settle()
    getattr(anna, end)()
    await settle()
    assert anna.starts == 1 + again
    assert ("anna" in supervisor) is again


async def test_a_child_restarted_too_often_is_given_up_alone(
    abc: Trio, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    given_up: list[tuple[str, Exit, bool]] = []

    def gave_up(spec: ChildSpec, exit: Exit) -> None:
        given_up.append((spec.name, exit, spec.name in supervisor))

    supervisor = DynamicSupervisor(
        "sessions", intensity=Intensity(restarts=2, backoff=0), observer=audience, gave_up=gave_up
    )
    performance = await perform(nursery, supervisor)
    for p in abc:
        supervisor.start(p.spec())
    await settle()
    for _ in range(3):
        for p in abc[:2]:
            if p is abc[0] or p.starts < 3:
                p.crash()
        await settle()
    [(name, exit, still_there)] = given_up
    assert name == "anna"
    assert exit.kind is ExitKind.CRASHED
    assert isinstance(exit.error, Stumble)
    assert not still_there
    assert audience.count("anna given up") == 1
    assert supervisor.statistics().given_up == 1
    assert [p.starts for p in abc] == [3, 3, 1]
    assert len(supervisor) == 2
    assert not performance.over.is_set()


async def test_who_is_told_of_a_child_given_up_may_start_it_again(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor(
        "sessions", intensity=Intensity(restarts=0), gave_up=lambda spec, _exit: supervisor.start(spec)
    )
    await perform(nursery, supervisor)
    anna = part("anna")
    supervisor.start(anna.spec())
    await settle()
    anna.crash()
    await settle()
    assert anna.starts == 2
    assert "anna" in supervisor


async def test_the_mailbox_of_a_child_given_up_closes(nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions", intensity=Intensity(restarts=1, backoff=0))
    await perform(nursery, supervisor)
    perch = Perch()
    supervisor.start(perch.spec)
    perch.ref.cast("crash")
    perch.ref.cast("crash")
    with pytest.raises(ActorEnded):
        await perch.ref.ask(Echo("hello"))
    assert perch.told == ["crashed, restarting", "crashed"]


async def test_who_is_told_of_the_last_end_finds_the_name_free(nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions")
    await perform(nursery, supervisor)
    perch = Perch(restart=Restart.TEMPORARY)
    found: list[bool] = []
    perch.ref.monitor(lambda down: found.append(down.name in supervisor))
    supervisor.start(perch.spec)
    perch.ref.cast("crash")
    await settle()
    assert found == [False]


async def test_crashes_long_ago_are_forgiven(part: MakePart, nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions", intensity=Intensity(restarts=1, within=5))
    await perform(nursery, supervisor)
    anna = part("anna")
    supervisor.start(anna.spec())
    for _ in range(5):
        await trio.sleep(6)
        anna.crash()
    await settle()
    assert anna.starts == 6
    anna.crash()
    await settle()
    assert "anna" not in supervisor


async def test_a_child_that_does_not_start_is_tried_again_and_then_given_up(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions", intensity=Intensity(restarts=2, backoff=0), observer=audience)
    await perform(nursery, supervisor)
    anna, ben = part("anna"), part("ben")
    anna.bad_starts, ben.bad_starts = frozenset({1}), frozenset({1, 2, 3})
    supervisor.start(anna.spec())
    supervisor.start(ben.spec())
    await settle()
    assert "anna" in supervisor
    assert "ben" not in supervisor
    assert audience.count("ben given up") == 1


async def test_a_factory_that_raises_is_a_child_that_does_not_start(
    audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    def make() -> None:
        raise Stumble("no parts")

    supervisor = DynamicSupervisor("sessions", observer=audience, intensity=Intensity(restarts=1, backoff=0))
    await perform(nursery, supervisor)
    supervisor.start(ChildSpec("broken", make))  # type: ignore[arg-type]
    await settle()
    assert audience.saw == [
        "broken crashed, again in 0.0",
        "broken crashed",
        "broken given up",
    ]


async def test_a_name_is_taken_until_its_child_has_ended(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions")
    await perform(nursery, supervisor)
    anna = part("anna")
    supervisor.start(anna.spec())
    with pytest.raises(AlreadyStarted, match="sessions: anna is running"):
        supervisor.start(anna.spec())
    await settle()
    supervisor.stop_child("anna")
    await settle()
    supervisor.start(anna.spec())
    await settle()
    assert anna.starts == 2


async def test_it_takes_children_only_while_it_runs(part: MakePart, nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions")
    anna, ben = part("anna"), part("ben")
    with pytest.raises(NotRunning, match="sessions takes no new children"):
        supervisor.start(anna.spec())
    performance = await perform(nursery, supervisor)
    anna.slow_stop = 1.0
    supervisor.start(anna.spec())
    await settle()
    supervisor.stop()
    with pytest.raises(NotRunning):
        supervisor.start(ben.spec())
    await performance.over.wait()
    with pytest.raises(NotRunning):
        supervisor.start(ben.spec())


async def test_a_child_asked_to_stop_is_not_started_again_whatever_its_type(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions", observer=audience)
    await perform(nursery, supervisor)
    anna = part("anna")
    supervisor.start(anna.spec(Restart.PERMANENT))
    await settle()
    supervisor.stop_child("anna")
    supervisor.stop_child("nobody")
    await settle()
    assert audience.saw == ["anna started", "anna shutdown"]


async def test_a_child_stopped_before_it_began_never_runs(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions", observer=audience)
    await perform(nursery, supervisor)
    anna, perch = part("anna"), Perch()
    supervisor.start(anna.spec())
    supervisor.stop_child("anna")
    supervisor.start(perch.spec)
    perch.ref.cast("hello")
    supervisor.stop_child("polly")
    await settle()
    assert anna.starts == 0
    assert perch.heard == []
    assert perch.ref.ended
    assert sorted(audience.saw) == ["anna shutdown", "polly shutdown"]


async def test_a_child_stopped_in_its_backoff_ends_at_once(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions", observer=audience, intensity=Intensity(backoff=60, longest=60))
    await perform(nursery, supervisor)
    anna = part("anna")
    anna.bad_starts = frozenset({2})
    supervisor.start(anna.spec())
    await settle()
    anna.crash()
    await settle()
    assert [child.state for child in supervisor.tree().children] == ["restarting"]
    supervisor.stop_child("anna")
    await settle()
    assert audience.saw[-1] == "anna shutdown"
    assert len(supervisor) == 0


async def test_all_are_stopped_at_once_and_those_that_overrun_are_cancelled(
    abc: Trio, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, cleo = abc
    anna.slow_stop, ben.slow_stop, cleo.deaf = 1.0, 2.0, True
    supervisor = DynamicSupervisor("sessions", shutdown=3, observer=audience)
    performance = await perform(nursery, supervisor)
    for p in abc:
        supervisor.start(p.spec())
    await settle()
    before = clock.current_time()
    await performance.end()
    assert audience.saw[-3:] == ["anna shutdown", "ben shutdown", "cleo killed"]
    assert clock.current_time() - before == pytest.approx(3)
    assert performance.error is None


async def test_an_ask_to_a_child_cancelled_at_the_end_fails_at_once(nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions", shutdown=1)
    await perform(nursery, supervisor)
    perch = Perch()
    supervisor.start(perch.spec)
    nursery.start_soon(_stop_soon, supervisor)
    with pytest.raises(ActorEnded):
        await perch.ref.ask(Echo("hang"), deadline=60)
    assert clock.current_time() == pytest.approx(1)
    assert perch.told == ["killed"]


async def _stop_soon(supervisor: DynamicSupervisor) -> None:
    supervisor.stop()


async def test_a_child_with_its_own_nursery_that_fails_while_it_is_cancelled_harms_nobody(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    class Family:
        async def run(self, started: Callable[[], object]) -> None:
            started()
            async with trio.open_nursery() as own:
                own.start_soon(self._slam)
                await trio.sleep_forever()

        async def _slam(self) -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise Stumble("door")

        def stop(self) -> None:
            pass

    supervisor = DynamicSupervisor("sessions", shutdown=1, observer=audience)
    performance = await perform(nursery, supervisor)
    supervisor.start(ChildSpec("family", Family))
    supervisor.start(part("anna").spec())
    await settle()
    await performance.end()
    assert performance.error is None
    assert sorted(audience.saw[-2:]) == ["anna shutdown", "family crashed"]


async def test_cancelled_from_outside_it_stops_gracefully(
    abc: Trio, diary: list[str], audience: Audience, clock: MockClock
) -> None:
    supervisor = DynamicSupervisor("sessions", observer=audience)
    for p in abc:
        p.slow_stop = 1.0
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            await perform(nursery, supervisor)
            for p in abc:
                supervisor.start(p.spec())
            await settle()
            scope.cancel()
    assert scope.cancelled_caught
    assert sorted(diary[3:]) == ["anna down", "ben down", "cleo down"]
    assert supervisor.statistics().crashed == 0


async def test_an_interrupt_out_of_a_child_is_not_swallowed(part: MakePart, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions")
    anna, ben = part("anna"), part("ben")
    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            await perform(nursery, supervisor)
            supervisor.start(anna.spec())
            supervisor.start(ben.spec())
            await settle()
            anna.interrupt(KeyboardInterrupt())
            await trio.sleep_forever()
    assert len(supervisor) == 0


async def test_restarted_by_its_own_supervisor_it_begins_empty_and_takes_children_again(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    rooms = DynamicSupervisor("rooms")
    top = Supervisor("top", [ChildSpec("rooms", lambda: rooms, shutdown=FOREVER)])
    await perform(nursery, top)
    perch = Perch()
    rooms.start(perch.spec)
    await settle()
    await top.stop_child("rooms")
    assert perch.ref.ended
    await top.restart_child("rooms")
    assert len(rooms) == 0
    rooms.start(perch.spec)
    assert await perch.ref.ask(Echo("hello")) == "hello"


async def test_ten_thousand_children_start_answer_and_stop(nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions")
    performance = await perform(nursery, supervisor)
    perches = [Perch(f"p{n}", restart=Restart.TRANSIENT) for n in range(10_000)]
    for perch in perches:
        supervisor.start(perch.spec)
        perch.ref.cast("hello")
    await settle()
    assert supervisor.statistics().children == 10_000
    assert sum(len(perch.heard) for perch in perches) == 10_000
    await performance.end()
    assert len(supervisor) == 0
    assert all(perch.told == ["shutdown"] for perch in perches)
    gc.collect()


async def test_a_crash_storm_of_a_thousand_is_a_thousand_restarts(nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = DynamicSupervisor("sessions", intensity=PATIENT)
    await perform(nursery, supervisor)
    perches = [Perch(f"p{n}") for n in range(1000)]
    for perch in perches:
        supervisor.start(perch.spec)
        for word in ("crash", "hello", "crash", "hello"):
            perch.ref.cast(word)
    await settle()
    assert all(perch.heard == ["crash", "hello", "crash", "hello"] for perch in perches)
    found = supervisor.statistics()
    assert (found.children, found.crashed, found.restarted, found.given_up) == (1000, 2000, 2000, 0)
