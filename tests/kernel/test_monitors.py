"""Monitors: who is told of an actor's end, when, and what."""

from typing import Any

from trio.testing import MockClock

from chatter.actors.child import Restart
from chatter.actors.exits import (
    ExitKind,
)
from chatter.supervisor import DynamicSupervisor

from .stage import Perch, settle


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
