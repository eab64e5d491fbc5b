"""Which ends are followed by a restart, how many restarts there are, and how soon."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chatter.actors.child import (
    Intensity,
    Restart,
    RestartsExceeded,
)
from chatter.supervisor import Supervisor

from .stage import PATIENT, RESTARTED, Audience, Part, Stumble, perform, settle

Trio = tuple[Part, Part, Part]
MakePart = Callable[[str], Part]


@pytest.mark.parametrize(("restart", "end", "again"), RESTARTED)
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
