"""Stopping an actor, which is polite, and killing it, which is not."""

from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from chatter.actors.child import Restart
from chatter.actors.exits import (
    ActorEnded,
    ActorKilled,
)
from chatter.supervisor import DynamicSupervisor

from .stage import CarefulParrot, Echo, Perch, Stumble, settle


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
