"""A supervisor with a fixed list of children: starting, restarting, giving up, stopping, being cancelled."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chatter.actors.child import (
    FOREVER,
    AlreadyStarted,
    ChildSpec,
    Intensity,
    NotRunning,
    Restart,
    RestartsExceeded,
    StartFailed,
)
from chatter.actors.exits import ActorEnded
from chatter.supervisor import DynamicSupervisor, Supervisor

from .stage import PATIENT, Audience, Echo, Part, Perch, Stumble, perform, settle

Trio = tuple[Part, Part, Part]
MakePart = Callable[[str], Part]


# Which ends are followed by a restart: OTP's table


@pytest.mark.parametrize(
    ("restart", "end", "again"),
    [
        (Restart.PERMANENT, "crash", True),
        (Restart.PERMANENT, "finish", True),
        (Restart.TRANSIENT, "crash", True),
        (Restart.TRANSIENT, "finish", False),
        (Restart.TEMPORARY, "crash", False),
        (Restart.TEMPORARY, "finish", False),
    ],
)
async def test_a_child_is_restarted_as_its_type_says(
    restart: Restart, end: str, again: bool, part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    supervisor = Supervisor("top", [anna.spec(restart)])
    performance = await perform(nursery, supervisor)
    getattr(anna, end)()
    await settle()
    assert anna.starts == 1 + again
    assert supervisor.statistics().children == again
    assert not performance.over.is_set()


# Starting


async def test_children_start_in_order_each_when_the_one_before_runs(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, cleo = abc
    anna.slow_start = ben.slow_start = 1.0
    performance = await perform(nursery, Supervisor("top", [p.spec() for p in abc]))
    assert (anna.starts, ben.starts, cleo.starts) == (1, 0, 0)
    await trio.sleep(1.5)
    assert (anna.starts, ben.starts, cleo.starts) == (1, 1, 0)
    assert not performance.started.is_set()
    await trio.sleep(1)
    assert diary == ["anna up", "ben up", "cleo up"]
    assert performance.started.is_set()


async def test_when_a_child_does_not_start_those_before_it_are_stopped_in_reverse_and_the_supervisor_fails(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    _anna, _ben, cleo = abc
    cleo.bad_starts = frozenset({1})
    performance = await perform(nursery, Supervisor("top", [p.spec() for p in abc]))
    assert diary == ["anna up", "ben up", "cleo fails to start", "ben down", "anna down"]
    assert isinstance(performance.error, StartFailed)
    assert str(performance.error) == "top: cleo did not start"
    assert isinstance(performance.error.__cause__, Stumble)
    assert not performance.started.is_set()


async def test_those_after_one_that_does_not_start_are_never_started(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    abc[1].bad_starts = frozenset({1})
    performance = await perform(nursery, Supervisor("top", [p.spec() for p in abc]))
    await performance.over.wait()
    assert diary == ["anna up", "ben fails to start", "anna down"]
    assert abc[2].starts == 0
    assert performance.supervisor.statistics().children == 0


@pytest.mark.parametrize("restart", list(Restart))
async def test_the_first_start_is_not_tried_again_whatever_the_restart_type(
    restart: Restart, part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    anna.bad_starts = frozenset({1})
    performance = await perform(nursery, Supervisor("top", [anna.spec(restart)]))
    assert isinstance(performance.error, StartFailed)
    assert anna.starts == 1


async def test_a_child_that_returns_before_it_runs_is_passed_over(
    part: MakePart, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    class NotToday:
        async def run(self, started: Callable[[], object]) -> None:
            pass

        def stop(self) -> None:
            pass

    anna = part("anna")
    supervisor = Supervisor("top", [ChildSpec("idler", NotToday), anna.spec()])
    performance = await perform(nursery, supervisor)
    assert diary == ["anna up"]
    assert performance.started.is_set()
    assert [(child.name, child.state) for child in supervisor.tree().children] == [
        ("idler", "ended"),
        ("anna", "running"),
    ]


async def test_a_child_whose_factory_raises_does_not_start(nursery: trio.Nursery, clock: MockClock) -> None:
    def make() -> None:
        raise Stumble("no parts")

    performance = await perform(nursery, Supervisor("top", [ChildSpec("broken", make)]))  # type: ignore[arg-type]
    assert isinstance(performance.error, StartFailed)
    assert isinstance(performance.error.__cause__, Stumble)


async def test_a_crash_right_after_the_start_is_a_crash_and_no_failed_start(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    perch = Perch()
    perch.ref.cast("crash")
    anna = part("anna")
    performance = await perform(nursery, Supervisor("top", [perch.spec, anna.spec()]))
    assert performance.started.is_set()
    assert perch.told == ["crashed, restarting"]
    assert await perch.ref.ask(Echo("hello")) == "hello"
    assert anna.starts == 1


async def test_two_children_of_one_name_are_refused(part: MakePart, clock: MockClock) -> None:
    with pytest.raises(AlreadyStarted, match="two children have one name"):
        Supervisor("top", [part("anna").spec(), part("anna").spec()])


# Intensity


async def test_exactly_so_many_restarts_are_allowed_and_one_more_escalates(
    part: MakePart, diary: list[str], audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben = part("anna"), part("ben")
    supervisor = Supervisor(
        "top",
        [anna.spec(), ben.spec()],
        intensity=Intensity(restarts=3, within=5, backoff=0),
        observer=audience,
    )
    performance = await perform(nursery, supervisor)
    for _ in range(3):
        anna.crash()
        await settle()
    assert anna.starts == 4
    assert not performance.over.is_set()
    diary.clear()
    anna.crash()
    await performance.over.wait()
    assert diary == ["anna crashes", "ben down"]
    assert isinstance(performance.error, RestartsExceeded)
    assert isinstance(performance.error.__cause__, Stumble)
    assert audience.count("anna given up") == 1
    assert supervisor.statistics().given_up == 1


async def test_restarts_of_all_children_count_together(abc: Trio, nursery: trio.Nursery, clock: MockClock) -> None:
    performance = await perform(
        nursery, Supervisor("top", [p.spec() for p in abc], intensity=Intensity(restarts=2, within=5, backoff=0))
    )
    for p in abc[:2]:
        p.crash()
        await settle()
    assert not performance.over.is_set()
    abc[2].crash()
    await performance.over.wait()
    assert isinstance(performance.error, RestartsExceeded)


async def test_with_no_restarts_allowed_the_first_crash_escalates(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    performance = await perform(nursery, Supervisor("top", [anna.spec()], intensity=Intensity(restarts=0)))
    anna.crash()
    await performance.over.wait()
    assert isinstance(performance.error, RestartsExceeded)
    assert anna.starts == 1


async def test_normal_ends_of_a_permanent_child_count_as_well(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    performance = await perform(nursery, Supervisor("top", [anna.spec()], intensity=Intensity(restarts=1, backoff=0)))
    anna.finish()
    await settle()
    anna.finish()
    await performance.over.wait()
    assert isinstance(performance.error, RestartsExceeded)
    assert performance.error.__cause__ is None


async def test_ends_that_are_not_restarted_do_not_count(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben = part("anna"), part("ben")
    performance = await perform(
        nursery,
        Supervisor("top", [anna.spec(Restart.TEMPORARY), ben.spec()], intensity=Intensity(restarts=1, backoff=0)),
    )
    anna.crash()
    await settle()
    ben.crash()
    await settle()
    assert ben.starts == 2
    assert not performance.over.is_set()


async def test_the_window_slides(part: MakePart, nursery: trio.Nursery, clock: MockClock) -> None:
    anna = part("anna")
    performance = await perform(
        nursery, Supervisor("top", [anna.spec()], intensity=Intensity(restarts=2, within=5, backoff=0))
    )
    for _ in range(10):  # never three within any five seconds
        await trio.sleep(2.6)
        anna.crash()
        await settle()
    assert anna.starts == 11
    for _ in range(2):
        anna.crash()
        await settle()
    assert isinstance(performance.error, RestartsExceeded)


async def test_the_first_restart_is_immediate_and_the_next_wait_longer_and_longer(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    anna.bad_starts = frozenset({2, 3, 4, 5, 6})
    intensity = Intensity(restarts=6, within=100, backoff=1, longest=5)
    await perform(nursery, Supervisor("top", [anna.spec()], intensity=intensity, observer=audience))
    before = clock.current_time()
    anna.crash()
    await trio.sleep(100)
    again = [saw for saw in audience.saw if "again" in saw]
    assert again == [f"anna crashed, again in {delay}" for delay in (0.0, 1.0, 2.0, 4.0, 5, 5)]
    assert anna.starts == 7
    assert clock.current_time() == before + 100


async def test_after_a_quiet_time_the_first_restart_is_immediate_again(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    await perform(nursery, Supervisor("top", [anna.spec()], intensity=Intensity(), observer=audience))
    for pause in (1, 6, 1):
        anna.crash()
        await trio.sleep(pause)
    assert [saw for saw in audience.saw if "again" in saw] == [
        "anna crashed, again in 0.0",
        "anna crashed, again in 0.05",
        "anna crashed, again in 0.0",
    ]


# Crashes in awkward moments


async def test_a_crash_while_a_restarted_child_starts_counts_and_is_tried_again(
    part: MakePart, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    anna.bad_starts = frozenset({2, 3})
    performance = await perform(nursery, Supervisor("top", [anna.spec()], intensity=PATIENT))
    anna.crash()
    await settle()
    assert diary == ["anna up", "anna crashes", "anna fails to start", "anna fails to start", "anna up"]
    assert performance.supervisor.statistics().restarted == 3
    assert performance.supervisor.statistics().crashed == 3


async def test_a_child_that_never_starts_again_escalates(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    anna.bad_starts = frozenset(range(2, 100))
    performance = await perform(
        nursery, Supervisor("top", [anna.spec()], intensity=Intensity(restarts=3, within=5, backoff=0))
    )
    anna.crash()
    await performance.over.wait()
    assert anna.starts == 4
    assert isinstance(performance.error, RestartsExceeded)


async def test_a_crash_storm_ends_with_the_first_restart_too_many(
    part: MakePart, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    everybody = [part(f"p{n}") for n in range(100)]
    performance = await perform(
        nursery, Supervisor("top", [p.spec() for p in everybody], intensity=Intensity(restarts=50, backoff=0))
    )
    for p in everybody:
        p.crash()
    await performance.over.wait()
    assert isinstance(performance.error, RestartsExceeded)
    assert performance.supervisor.statistics().restarted == 50
    assert performance.supervisor.statistics().children == 0
    assert performance.supervisor.statistics().given_up == 1


async def test_a_crash_while_stopping_stops_the_others_all_the_same(
    abc: Trio, diary: list[str], audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    abc[1].bad_stop = True
    performance = await perform(nursery, Supervisor("top", [p.spec() for p in abc], observer=audience))
    diary.clear()
    await performance.end()
    assert diary == ["cleo down", "ben crashes", "anna down"]
    assert performance.error is None
    assert abc[1].starts == 1
    assert audience.saw[-3:] == ["cleo shutdown", "ben crashed", "anna shutdown"]


async def test_a_crash_of_a_child_whose_turn_to_stop_has_not_come_is_not_followed_by_a_restart(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, _ben, cleo = abc
    cleo.slow_stop = 2.0
    performance = await perform(nursery, Supervisor("top", [p.spec() for p in abc]))
    diary.clear()
    performance.supervisor.stop()
    await trio.sleep(1)
    anna.crash()
    await performance.over.wait()
    assert diary == ["anna crashes", "cleo down", "ben down"]
    assert performance.error is None


# Stopping


async def test_children_stop_in_reverse_each_after_the_one_that_started_later(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    for p in abc:
        p.slow_stop = 1.0
    performance = await perform(nursery, Supervisor("top", [p.spec() for p in abc]))
    diary.clear()
    before = clock.current_time()
    await performance.end()
    assert diary == ["cleo down", "ben down", "anna down"]
    assert clock.current_time() - before == pytest.approx(3.0)


async def test_a_child_that_overruns_its_shutdown_is_cancelled_and_the_others_have_their_own_time(
    abc: Trio, diary: list[str], audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, cleo = abc
    anna.slow_stop, ben.slow_stop, cleo.deaf = 3.0, 3.0, True
    specs = [anna.spec(shutdown=4), ben.spec(shutdown=2), cleo.spec(shutdown=1)]
    performance = await perform(nursery, Supervisor("top", specs, observer=audience))
    before = clock.current_time()
    await performance.end()
    assert audience.saw[-3:] == ["cleo killed", "ben killed", "anna shutdown"]
    assert clock.current_time() - before == pytest.approx(1 + 2 + 3)


async def test_a_child_may_take_for_ever_to_stop_when_its_spec_says_so(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    anna.slow_stop = 10_000
    performance = await perform(nursery, Supervisor("top", [anna.spec(shutdown=FOREVER)], observer=audience))
    await performance.end()
    assert audience.saw[-1] == "anna shutdown"


async def test_a_stop_during_a_slow_start_does_not_wait_for_it_longer_than_the_shutdown_allows(
    abc: Trio, diary: list[str], audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    abc[1].slow_start = 10_000
    performance = await perform(nursery, Supervisor("top", [p.spec(shutdown=2) for p in abc], observer=audience))
    before = clock.current_time()
    await performance.end()
    assert diary == ["anna up", "ben cancelled", "anna down"]
    assert audience.saw == ["anna started", "ben killed", "anna shutdown"]
    assert clock.current_time() - before == pytest.approx(2)
    assert performance.error is None
    assert not performance.started.is_set()


async def test_a_stop_during_a_backoff_ends_it_at_once(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    anna.bad_starts = frozenset({2})
    performance = await perform(
        nursery,
        Supervisor("top", [anna.spec()], intensity=Intensity(backoff=60, longest=60), observer=audience),
    )
    anna.crash()
    await settle()
    before = clock.current_time()
    await performance.end()
    assert clock.current_time() == before
    assert anna.starts == 2
    assert audience.saw[-2:] == ["anna crashed, again in 60", "anna shutdown"]


async def test_a_supervisor_that_ended_can_be_run_again(
    part: MakePart, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    perch = Perch()
    anna = part("anna")
    supervisor = Supervisor("top", [anna.spec(), perch.spec])
    await (await perform(nursery, supervisor)).end()
    assert perch.ref.ended
    with pytest.raises(ActorEnded):
        perch.ref.cast("nobody home")
    performance = await perform(nursery, supervisor)
    assert diary == ["anna up", "anna down", "anna up"]
    assert await perch.ref.ask(Echo("hello")) == "hello"
    await performance.end()


# Cancellation, and what is no error


async def test_cancelled_from_outside_it_stops_gracefully_in_reverse_and_passes_the_cancellation_on(
    abc: Trio, diary: list[str], audience: Audience, clock: MockClock
) -> None:
    for p in abc:
        p.slow_stop = 1.0
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            performance = await perform(nursery, Supervisor("top", [p.spec() for p in abc], observer=audience))
            diary.clear()
            scope.cancel()
    assert scope.cancelled_caught
    assert diary == ["cleo down", "ben down", "anna down"]
    assert audience.saw[-3:] == ["cleo shutdown", "ben shutdown", "anna shutdown"]
    assert performance.error is None
    assert performance.supervisor.statistics().crashed == 0


async def test_a_cancellation_is_never_taken_for_a_crash(part: MakePart, audience: Audience, clock: MockClock) -> None:
    anna = part("anna")
    anna.deaf = True
    with trio.move_on_after(1) as scope:
        await Supervisor("top", [anna.spec(shutdown=2)], observer=audience).run(lambda: None)
    assert scope.cancelled_caught
    assert audience.saw == ["anna started", "anna killed"]
    assert anna.starts == 1
    assert clock.current_time() == pytest.approx(3)


async def test_a_cancellation_while_it_starts_stops_what_had_started(
    abc: Trio, diary: list[str], clock: MockClock
) -> None:
    abc[2].slow_start = 60
    with trio.move_on_after(1) as scope:
        await Supervisor("top", [p.spec(shutdown=3) for p in abc]).run(lambda: None)
    assert scope.cancelled_caught
    assert diary == ["anna up", "ben up", "cleo cancelled", "ben down", "anna down"]
    assert clock.current_time() == pytest.approx(4)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
async def test_an_interrupt_out_of_a_child_stops_the_others_in_reverse_and_is_passed_on(
    error: type[BaseException], abc: Trio, diary: list[str], clock: MockClock
) -> None:
    anna, ben, cleo = abc
    supervisor = Supervisor("top", [p.spec() for p in abc])
    with pytest.RaisesGroup(error, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            await perform(nursery, supervisor)
            ben.interrupt(error())
            await trio.sleep_forever()
    assert diary == ["anna up", "ben up", "cleo up", "ben crashes", "cleo down", "anna down"]
    assert (anna.starts, ben.starts, cleo.starts) == (1, 1, 1)


async def test_a_group_of_errors_out_of_a_childs_own_nursery_is_a_crash(
    nursery: trio.Nursery, clock: MockClock
) -> None:
    runs = 0

    class Family:
        async def run(self, started: Callable[[], object]) -> None:
            nonlocal runs
            runs += 1
            started()
            async with trio.open_nursery() as own:
                if runs == 1:
                    own.start_soon(self._stumble)
                    own.start_soon(self._stumble)
                await trio.sleep_forever()

        async def _stumble(self) -> None:
            raise Stumble

        def stop(self) -> None:
            pass

    supervisor = Supervisor("top", [ChildSpec("family", Family, shutdown=0.1)])
    await perform(nursery, supervisor)
    assert runs == 2
    assert supervisor.statistics().crashed == 1


# Supervisors of supervisors


async def test_a_nested_supervisor_that_gives_up_is_restarted_with_its_children(
    part: MakePart, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, perch = part("anna"), part("ben"), Perch()
    inner = Supervisor("inner", [ben.spec(), perch.spec], intensity=Intensity(restarts=1, backoff=0))
    outer = Supervisor("outer", [anna.spec(), ChildSpec("inner", lambda: inner, shutdown=FOREVER)])
    performance = await perform(nursery, outer)
    for _ in range(2):
        ben.crash()
        await settle()
    assert diary == ["anna up", "ben up", "ben crashes", "ben up", "ben crashes", "ben up"]
    assert not performance.over.is_set()
    assert perch.told == ["shutdown"]
    assert await perch.ref.ask(Echo("hello")) == "hello"
    assert outer.tree().children[1].restarts == 1


async def test_failures_climb_until_somebody_may_still_restart(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    once = Intensity(restarts=1, backoff=0)
    low = Supervisor("low", [anna.spec()], intensity=once)
    middle = Supervisor("middle", [ChildSpec("low", lambda: low, shutdown=FOREVER)], intensity=once)
    top = Supervisor("top", [ChildSpec("middle", lambda: middle, shutdown=FOREVER)], intensity=once)
    performance = await perform(nursery, top)
    for _ in range(7):
        anna.crash()
        await settle()
    assert anna.starts == 8
    assert not performance.over.is_set()
    anna.crash()
    await performance.over.wait()
    causes = []
    error = performance.error
    while error is not None:
        causes.append(type(error))
        error = error.__cause__
    assert causes == [RestartsExceeded, RestartsExceeded, RestartsExceeded, Stumble]


async def test_a_nested_supervisor_that_does_not_start_keeps_the_outer_from_starting(
    part: MakePart, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben = part("anna"), part("ben")
    ben.bad_starts = frozenset({1})
    inner = ChildSpec("inner", lambda: Supervisor("inner", [ben.spec()]), shutdown=FOREVER)
    performance = await perform(nursery, Supervisor("outer", [anna.spec(), inner]))
    assert isinstance(performance.error, StartFailed)
    assert isinstance(performance.error.__cause__, StartFailed)
    assert isinstance(performance.error.__cause__.__cause__, Stumble)
    assert diary == ["anna up", "ben fails to start", "anna down"]


async def test_a_tree_stops_as_one_would_read_it_from_the_bottom_up(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, cleo = abc
    inner = ChildSpec("inner", lambda: Supervisor("inner", [ben.spec(), cleo.spec()]), shutdown=FOREVER)
    performance = await perform(nursery, Supervisor("outer", [anna.spec(), inner]))
    diary.clear()
    await performance.end()
    assert diary == ["cleo down", "ben down", "anna down"]


async def test_a_nested_supervisor_out_of_time_still_gives_each_child_its_own(
    part: MakePart, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna = part("anna")
    anna.slow_stop = 3.0
    inner = Supervisor("inner", [anna.spec(shutdown=4)])
    performance = await perform(
        nursery, Supervisor("outer", [ChildSpec("inner", lambda: inner, shutdown=1)], observer=audience)
    )
    before = clock.current_time()
    await performance.end()
    assert clock.current_time() - before == pytest.approx(3)
    assert anna.diary == ["anna up", "anna down"]


# By name, and to be seen


async def test_one_child_can_be_stopped_and_started_by_name(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = Supervisor("top", [p.spec() for p in abc])
    await perform(nursery, supervisor)
    await supervisor.stop_child("ben")
    await settle()
    assert diary[3:] == ["ben down"]
    assert [child.state for child in supervisor.tree().children] == ["running", "ended", "running"]
    await supervisor.stop_child("ben")
    await supervisor.restart_child("ben")
    assert diary[4:] == ["ben up"]
    with pytest.raises(AlreadyStarted, match="ben is running"):
        await supervisor.restart_child("ben")
    abc[1].crash()
    await settle()
    assert abc[1].starts == 3


async def test_a_child_that_does_not_start_by_name_stays_ended(
    abc: Trio, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = Supervisor("top", [p.spec() for p in abc])
    performance = await perform(nursery, supervisor)
    abc[1].bad_starts = frozenset({2})
    await supervisor.stop_child("ben")
    with pytest.raises(StartFailed, match="ben did not start") as raised:
        await supervisor.restart_child("ben")
    assert isinstance(raised.value.__cause__, Stumble)
    assert not performance.over.is_set()
    await supervisor.restart_child("ben")
    assert supervisor.statistics().children == 3


async def test_names_it_does_not_have_and_times_it_does_not_run_are_told_apart_from_success(
    abc: Trio, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = Supervisor("top", [p.spec() for p in abc])
    with pytest.raises(NotRunning):
        await supervisor.stop_child("ben")
    performance = await perform(nursery, supervisor)
    with pytest.raises(NotRunning):
        await supervisor.restart_child("zoe")
    await performance.end()
    with pytest.raises(NotRunning):
        await supervisor.restart_child("ben")


async def test_the_tree_shows_every_child_with_its_state_restarts_and_mailbox(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, perch = part("anna"), Perch()
    rooms = DynamicSupervisor("rooms")
    supervisor = Supervisor(
        "top", [anna.spec(), perch.spec, ChildSpec("rooms", lambda: rooms, shutdown=FOREVER)], intensity=PATIENT
    )
    performance = await perform(nursery, supervisor)
    lobby = Perch("lobby")
    rooms.start(lobby.spec)
    perch.ref.cast("crash")
    await settle()
    perch.ref.cast("think")
    await settle()
    perch.ref.cast("later")
    seen = [(node.name, node.kind, node.state, node.restarts) for node in supervisor.tree().walk()]
    assert seen == [
        ("top", "supervisor", "running", 0),
        ("anna", "worker", "running", 0),
        ("polly", "actor", "running", 1),
        ("rooms", "dynamic supervisor", "running", 0),
        ("lobby", "actor", "running", 0),
    ]
    mailbox = supervisor.tree().children[1].mailbox
    assert mailbox is not None
    assert (mailbox.waiting, mailbox.handled) == (1, 2)
    await performance.end()
    assert {node.state for node in supervisor.tree().walk()} == {"ended"}


async def test_statistics_count_what_happened(abc: Trio, nursery: trio.Nursery, clock: MockClock) -> None:
    supervisor = Supervisor("top", [p.spec(Restart.TRANSIENT) for p in abc], intensity=PATIENT)
    await perform(nursery, supervisor)
    abc[0].crash()
    await settle()
    abc[1].finish()
    await settle()
    found = supervisor.statistics()
    assert (found.children, found.started, found.crashed, found.restarted, found.given_up) == (2, 4, 1, 1, 0)


async def test_an_observer_is_told_in_the_order_things_happen(
    abc: Trio, audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = Supervisor("top", [p.spec() for p in abc], intensity=Intensity(restarts=1), observer=audience)
    performance = await perform(nursery, supervisor)
    abc[1].crash()
    await settle()
    abc[1].crash()
    await performance.over.wait()
    assert audience.saw == [
        "anna started",
        "ben started",
        "cleo started",
        "ben crashed, again in 0.0",
        "ben started",
        "ben crashed",
        "ben given up",
        "cleo shutdown",
        "anna shutdown",
    ]
