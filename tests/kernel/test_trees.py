"""Supervisors of supervisors."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chatter.actors.child import (
    FOREVER,
    ChildSpec,
    Intensity,
    RestartsExceeded,
    StartFailed,
)
from chatter.supervisor import Supervisor

from .stage import Audience, Echo, Part, Perch, Stumble, perform, settle

Trio = tuple[Part, Part, Part]
MakePart = Callable[[str], Part]


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
