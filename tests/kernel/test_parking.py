"""Parking: one place, used again and again, by whoever is there."""

from typing import Any

import pytest
import trio
from trio.lowlevel import Abort, Task
from trio.testing import wait_all_tasks_blocked

from chatter.actors.parking import park, parking, wake


class Bench:
    """A place where one task sits."""

    def __init__(self) -> None:
        self.sitting: Task | None = None
        self.place = parking(self._abort)

    def _abort(self, _raise_cancel: Any) -> Abort:
        self.sitting = None
        return Abort.SUCCEEDED

    async def sit(self) -> None:
        self.sitting = trio.lowlevel.current_task()
        await park(self.place)

    def wake(self) -> None:
        assert self.sitting is not None
        sitting, self.sitting = self.sitting, None
        wake(sitting)


async def test_a_place_is_used_many_times(nursery: trio.Nursery) -> None:
    bench, sat = Bench(), 0

    async def sit_down_often() -> None:
        nonlocal sat
        for _ in range(100):
            await bench.sit()
            sat += 1

    nursery.start_soon(sit_down_often)
    for times in range(100):
        await wait_all_tasks_blocked()
        assert sat == times
        bench.wake()
    await wait_all_tasks_blocked()
    assert sat == 100


async def test_whoever_waits_can_be_cancelled_and_wait_there_again(nursery: trio.Nursery) -> None:
    bench = Bench()
    for _ in range(3):
        with trio.move_on_after(0) as scope:
            await bench.sit()
        assert scope.cancelled_caught
        assert bench.sitting is None

    nursery.start_soon(bench.sit)
    await wait_all_tasks_blocked()
    bench.wake()


async def test_a_task_that_is_cancelled_already_does_not_wait() -> None:
    bench = Bench()
    with trio.CancelScope() as scope:
        scope.cancel()
        with pytest.raises(trio.Cancelled):
            await bench.sit()
        await trio.lowlevel.checkpoint()
    assert scope.cancelled_caught


async def test_two_places_do_not_wake_each_other(nursery: trio.Nursery) -> None:
    here, there = Bench(), Bench()
    nursery.start_soon(here.sit)
    nursery.start_soon(there.sit)
    await wait_all_tasks_blocked()
    assert here.sitting is not there.sitting

    here.wake()
    await wait_all_tasks_blocked()
    assert there.sitting is not None
    there.wake()


async def test_a_task_waits_in_one_place_after_the_other(nursery: trio.Nursery) -> None:
    here, there = Bench(), Bench()

    async def walk() -> None:
        await here.sit()
        await there.sit()

    nursery.start_soon(walk)
    await wait_all_tasks_blocked()
    here.wake()
    await wait_all_tasks_blocked()
    assert here.sitting is None
    there.wake()
