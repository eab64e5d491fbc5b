"""The simulated Redis, with the real bus on it: as bad as it says, and what the bus makes of it."""

from collections.abc import AsyncIterator
from random import Random
from unittest.mock import patch

import attrs
import pytest
import trio

from chatter.bus.claims import LEASE
from chatter.bus.redis import RedisBus, bus
from tests.simulation.agenda import Agenda
from tests.simulation.redis import OPEN, REFUSED, SILENT, Cable, Redis, Traffic

A_MOMENT = 1.0


@attrs.frozen
class Two:
    """Two nodes' buses, and the first one's cable."""

    here: RedisBus
    there: RedisBus
    cable: Cable
    redis: Redis


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


@pytest.fixture
async def two(nursery: trio.Nursery, traffic: Traffic) -> AsyncIterator[Two]:
    agenda = Agenda()
    redis = Redis(agenda)
    nursery.start_soon(agenda.run)
    for name in ("redis://here", "redis://there"):
        redis.cables[name] = Cable(agenda, Random(name), traffic, OPEN)
    with patch.object(bus, "Redis", redis):
        here, there = RedisBus("redis://here"), RedisBus("redis://there")
        for each in (here, there):
            await nursery.start(lambda task_status, each=each: each.run(task_status.started))
        await trio.sleep(A_MOMENT)
        yield Two(here, there, redis.cables["redis://here"], redis)
        nursery.cancel_scope.cancel()


async def heard(two: Two, count: int) -> list[int]:
    """What of so many numbers comes from there to here."""
    numbers: list[int] = []
    two.here.subscribe("numbers", lambda data: numbers.append(int(data)), lambda: None)
    await trio.sleep(A_MOMENT)
    for number in range(count):
        two.there.publish("numbers", str(number).encode)
        await trio.sleep(0.001)
    await trio.sleep(A_MOMENT)
    return numbers


async def test_what_is_told_is_heard_once_and_by_the_others(two: Two) -> None:
    assert sorted(await heard(two, 100)) == list(range(100))


@pytest.mark.parametrize("traffic", [Traffic(latency=0.1, lost=0.5, doubled=0.5, overtaken=0.5)])
async def test_a_bad_bus_loses_doubles_and_reorders_but_never_loses_three_in_a_row(two: Two) -> None:
    numbers = await heard(two, 100)
    assert 33 <= len(set(numbers)) < 100
    assert len(numbers) > len(set(numbers))
    assert numbers != sorted(numbers)


@pytest.mark.parametrize("state", [REFUSED, SILENT])
async def test_who_is_cut_off_notices_and_is_back_when_the_cable_is(two: Two, state: str) -> None:
    missed: list[float] = []
    two.here.subscribe("numbers", lambda data: None, lambda: missed.append(trio.current_time()))
    await trio.sleep(A_MOMENT)
    before = len(missed)
    two.cable.become(state)
    await trio.sleep(LEASE)
    assert (two.here.connected, two.there.connected, len(missed)) == (False, True, before)
    two.cable.become(OPEN)
    await trio.sleep(3 * A_MOMENT)
    assert (two.here.connected, len(missed)) == (True, before + 1)
    assert sorted(await heard(two, 10)) == list(range(10))


async def test_a_redis_that_died_has_forgotten_and_is_told_again(two: Two) -> None:
    assert await two.here.claims.claim("Ann", "u1", "s1")
    two.redis.die()
    await trio.sleep(A_MOMENT)
    assert not two.here.connected
    two.redis.up = True
    await trio.sleep(3 * A_MOMENT)
    assert not await two.there.claims.claim("Ann", "u2", "s2")


async def test_a_name_that_was_given_while_no_answer_came_is_told_to_redis_as_soon_as_it_answers(two: Two) -> None:
    two.cable.become(SILENT)
    assert await two.here.claims.claim("Ann", "u1", "s1")
    await trio.sleep(0.5)
    two.cable.become(OPEN)
    await trio.sleep(3 * A_MOMENT)
    assert two.here.connected
    assert not await two.there.claims.claim("Ann", "u2", "s2")
