"""Who is restarted along with a crashed child, in which order, and what goes wrong on the way."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chatter.actors.child import Intensity, Restart, RestartsExceeded, StartFailed, Strategy
from chatter.actors.exits import ActorEnded
from chatter.supervisor import Supervisor

from .stage import PATIENT, Audience, BatchParrot, Echo, Part, Perch, perform, settle

Trio = tuple[Part, Part, Part]
MakePart = Callable[[str], Part]
GROUPS = [Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL]


@pytest.mark.parametrize(
    ("strategy", "then"),
    [
        (Strategy.ONE_FOR_ONE, ["ben crashes", "ben up"]),
        (Strategy.REST_FOR_ONE, ["ben crashes", "cleo down", "ben up", "cleo up"]),
        (Strategy.ONE_FOR_ALL, ["ben crashes", "cleo down", "anna down", "anna up", "ben up", "cleo up"]),
    ],
)
async def test_a_crash_restarts_those_the_strategy_names(
    strategy: Strategy, then: list[str], abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = Supervisor("top", [p.spec() for p in abc], strategy=strategy)
    await perform(nursery, supervisor)
    diary.clear()
    abc[1].crash()
    await settle()
    assert diary == then
    assert supervisor.statistics().children == 3


@pytest.mark.parametrize("strategy", GROUPS)
async def test_an_end_that_wants_no_restart_leaves_the_others_alone(
    strategy: Strategy, abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    await perform(nursery, Supervisor("top", [p.spec(Restart.TRANSIENT) for p in abc], strategy=strategy))
    diary.clear()
    abc[0].finish()
    await settle()
    assert diary == ["anna down"]


@pytest.mark.parametrize("strategy", GROUPS)
async def test_a_temporary_sibling_is_stopped_with_the_group_and_stays_so(
    strategy: Strategy, abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, cleo = abc
    supervisor = Supervisor(
        "top", [anna.spec(), ben.spec(Restart.TEMPORARY), cleo.spec(Restart.TRANSIENT)], strategy=strategy
    )
    await perform(nursery, supervisor)
    diary.clear()
    anna.crash()
    await settle()
    assert diary == ["anna crashes", "cleo down", "ben down", "anna up", "cleo up"]
    assert [child.state for child in supervisor.tree().children] == ["running", "ended", "running"]


async def test_a_crash_of_a_temporary_child_restarts_nobody(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    await perform(nursery, Supervisor("top", [p.spec(Restart.TEMPORARY) for p in abc], strategy=Strategy.ONE_FOR_ALL))
    diary.clear()
    abc[0].crash()
    await settle()
    assert diary == ["anna crashes"]


async def test_a_transient_child_that_was_done_is_started_again_with_its_group(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, _cleo = abc
    supervisor = Supervisor("top", [p.spec(Restart.TRANSIENT) for p in abc], strategy=Strategy.ONE_FOR_ALL)
    await perform(nursery, supervisor)
    ben.finish()
    await settle()
    diary.clear()
    anna.crash()
    await settle()
    assert diary == ["anna crashes", "cleo down", "anna up", "ben up", "cleo up"]


@pytest.mark.parametrize("strategy", GROUPS)
async def test_a_group_restart_counts_once_and_one_too_many_escalates(
    strategy: Strategy, abc: Trio, diary: list[str], audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    performance = await perform(
        nursery,
        Supervisor(
            "top",
            [p.spec() for p in abc],
            strategy=strategy,
            intensity=Intensity(restarts=2, backoff=0),
            observer=audience,
        ),
    )
    for _ in range(2):
        abc[0].crash()
        await settle()
    assert not performance.over.is_set()
    diary.clear()
    abc[0].crash()
    await performance.over.wait()
    assert isinstance(performance.error, RestartsExceeded)
    assert diary == ["anna crashes", "cleo down", "ben down"]
    assert audience.count("anna given up") == 1


async def test_crashes_of_a_whole_group_at_once_are_one_restart(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = Supervisor(
        "top", [p.spec() for p in abc], strategy=Strategy.ONE_FOR_ALL, intensity=Intensity(restarts=1)
    )
    performance = await perform(nursery, supervisor)
    for p in abc:
        p.crash()
    await settle()
    assert [p.starts for p in abc] == [2, 2, 2]
    assert diary[-3:] == ["anna up", "ben up", "cleo up"]
    assert not performance.over.is_set()


async def test_a_crash_of_a_member_whose_turn_to_stop_has_not_come_is_no_second_restart(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, cleo = abc
    cleo.slow_stop = 2.0
    supervisor = Supervisor(
        "top", [p.spec() for p in abc], strategy=Strategy.ONE_FOR_ALL, intensity=Intensity(restarts=1)
    )
    performance = await perform(nursery, supervisor)
    ben.crash()
    await trio.sleep(1)
    anna.crash()
    await trio.sleep(5)
    assert [p.starts for p in abc] == [2, 2, 2]
    assert not performance.over.is_set()


async def test_a_crash_while_stopping_for_the_group_is_no_second_restart(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, _ben, cleo = abc
    cleo.bad_stop = True
    performance = await perform(
        nursery,
        Supervisor("top", [p.spec() for p in abc], strategy=Strategy.ONE_FOR_ALL, intensity=Intensity(restarts=1)),
    )
    anna.crash()
    await settle()
    assert [p.starts for p in abc] == [2, 2, 2]
    assert not performance.over.is_set()


async def test_an_actor_that_crashes_while_stopping_for_the_group_serves_again_after_it(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, perch = part("anna"), Perch(restart=Restart.TRANSIENT)
    await perform(nursery, Supervisor("top", [anna.spec(), perch.spec], strategy=Strategy.ONE_FOR_ALL))
    perch.ref.cast("crash")
    anna.crash()
    await settle()
    assert await perch.ref.ask(Echo("hello")) == "hello"
    assert perch.told == ["crashed, restarting"]


async def test_a_member_that_does_not_stop_in_time_is_cancelled_and_started_again(
    abc: Trio, diary: list[str], audience: Audience, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, _ben, cleo = abc
    cleo.deaf = True
    supervisor = Supervisor("top", [p.spec(shutdown=1) for p in abc], strategy=Strategy.ONE_FOR_ALL, observer=audience)
    await perform(nursery, supervisor)
    anna.crash()
    await trio.sleep(2)
    assert audience.count("cleo killed") == 1
    assert [p.starts for p in abc] == [2, 2, 2]


async def test_what_an_actor_cancelled_for_the_group_was_working_on_is_answered_for(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, perch = part("anna"), Perch(shutdown=1)
    await perform(nursery, Supervisor("top", [anna.spec(), perch.spec], strategy=Strategy.ONE_FOR_ALL))
    anna.crash()
    with pytest.raises(ActorEnded):
        await perch.ref.ask(Echo("hang"), deadline=60)
    assert clock.current_time() == pytest.approx(1)
    await settle()
    assert await perch.ref.ask(Echo("hello")) == "hello"
    assert perch.told == ["killed, restarting"]


# A member that does not start again


async def test_a_member_that_does_not_start_again_restarts_the_group_once_more(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, _cleo = abc
    ben.bad_starts = frozenset({2})
    supervisor = Supervisor("top", [p.spec() for p in abc], strategy=Strategy.ONE_FOR_ALL, intensity=PATIENT)
    await perform(nursery, supervisor)
    diary.clear()
    anna.crash()
    await settle()
    assert diary == [
        "anna crashes",
        "cleo down",
        "ben down",
        "anna up",
        "ben fails to start",
        "anna down",
        "anna up",
        "ben up",
        "cleo up",
    ]


async def test_with_rest_for_one_those_before_it_run_on(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, _cleo = abc
    ben.bad_starts = frozenset({2})
    supervisor = Supervisor("top", [p.spec() for p in abc], strategy=Strategy.REST_FOR_ONE, intensity=PATIENT)
    await perform(nursery, supervisor)
    diary.clear()
    anna.crash()
    await settle()
    assert diary == [
        "anna crashes",
        "cleo down",
        "ben down",
        "anna up",
        "ben fails to start",
        "ben up",
        "cleo up",
    ]


@pytest.mark.parametrize("strategy", GROUPS)
async def test_a_member_that_never_starts_again_escalates_and_all_mailboxes_close(
    strategy: Strategy, part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, polly = part("anna"), part("ben"), Perch()
    ben.bad_starts = frozenset(range(2, 100))
    performance = await perform(
        nursery,
        Supervisor(
            "top",
            [anna.spec(), ben.spec(), polly.spec],
            strategy=strategy,
            intensity=Intensity(restarts=3, backoff=0),
        ),
    )
    ben.crash()
    with pytest.raises(ActorEnded):
        await polly.ref.ask(Echo("hang"), deadline=60)
    await performance.over.wait()
    assert isinstance(performance.error, RestartsExceeded)
    assert ben.starts == 4
    assert polly.ref.ended
    assert polly.told == ["killed, restarting", "killed"]
    assert performance.supervisor.statistics().children == 0


async def test_a_crash_right_after_the_start_in_a_group_is_a_fall_like_any_other(
    part: MakePart, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, polly = part("anna"), Perch()
    await perform(
        nursery,
        Supervisor("top", [anna.spec(), polly.spec], strategy=Strategy.ONE_FOR_ALL, intensity=PATIENT),
    )
    for word in ("crash", "crash", "crash", "hello"):
        polly.ref.cast(word)
    await settle()
    assert polly.heard == ["crash", "crash", "crash", "hello"]
    assert anna.starts == 4
    assert await polly.ref.ask(Echo("hello")) == "hello"


async def test_a_temporary_member_that_could_not_be_started_by_name_does_not_disturb_its_group(
    abc: Trio, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, ben, cleo = abc
    ben.bad_starts = frozenset({2})
    supervisor = Supervisor(
        "top", [anna.spec(), ben.spec(Restart.TEMPORARY), cleo.spec()], strategy=Strategy.ONE_FOR_ALL
    )
    performance = await perform(nursery, supervisor)
    await supervisor.stop_child("ben")
    with pytest.raises(StartFailed):
        await supervisor.restart_child("ben")
    anna.crash()
    await settle()
    assert [p.starts for p in abc] == [2, 2, 2]
    assert not performance.over.is_set()


# What the refs of a group's actors see


@pytest.mark.parametrize("strategy", GROUPS)
async def test_messages_and_refs_outlive_the_restart_of_the_group(
    strategy: Strategy, nursery: trio.Nursery, clock: MockClock
) -> None:
    polly, coco = Perch("polly"), Perch("coco", kind=BatchParrot)
    await perform(nursery, Supervisor("top", [polly.spec, coco.spec], strategy=strategy))
    polly.ref.cast("crash")
    polly.ref.cast("hello")
    await settle()
    coco.ref.cast("hello")
    await settle()
    assert polly.heard == ["crash", "hello"]
    assert coco.heard == [["hello"]]
    assert polly.told == ["crashed, restarting"]
    assert coco.told == ["shutdown, restarting"]


# Stopping in the middle of it


async def test_a_stop_during_the_backoff_of_a_group_ends_it_at_once(
    abc: Trio, diary: list[str], nursery: trio.Nursery, clock: MockClock
) -> None:
    perch = Perch()
    performance = await perform(
        nursery,
        Supervisor(
            "top",
            [*(p.spec() for p in abc), perch.spec],
            strategy=Strategy.ONE_FOR_ALL,
            intensity=Intensity(backoff=60, longest=60),
        ),
    )
    for _ in range(2):
        abc[0].crash()
        await settle()
    assert [child.state for child in performance.supervisor.tree().children] == ["ended"] * 4
    before = clock.current_time()
    await performance.end()
    assert clock.current_time() == before
    assert performance.error is None
    assert [p.starts for p in abc] == [2, 2, 2]
    assert perch.told == ["shutdown, restarting", "shutdown, restarting", "shutdown"]
    assert perch.ref.ended


async def test_a_stop_while_the_group_stops_starts_nobody_again(
    abc: Trio, nursery: trio.Nursery, clock: MockClock
) -> None:
    anna, _ben, cleo = abc
    cleo.slow_stop = 2.0
    performance = await perform(
        nursery,
        Supervisor("top", [p.spec() for p in abc], strategy=Strategy.ONE_FOR_ALL, intensity=Intensity(restarts=0)),
    )
    anna.crash()
    await trio.sleep(1)
    await performance.end()
    assert performance.error is None  # nor does it give up: it was asked to stop
    assert [p.starts for p in abc] == [1, 1, 1]


async def test_a_child_stopped_by_name_during_the_backoff_is_not_started_with_its_group(
    abc: Trio, nursery: trio.Nursery, clock: MockClock
) -> None:
    supervisor = Supervisor(
        "top", [p.spec() for p in abc], strategy=Strategy.ONE_FOR_ALL, intensity=Intensity(backoff=1)
    )
    await perform(nursery, supervisor)
    for _ in range(2):
        abc[0].crash()
        await settle()
    await supervisor.stop_child("cleo")
    await trio.sleep(2)
    assert [p.starts for p in abc] == [3, 3, 2]
