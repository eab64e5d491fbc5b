"""Stopping a supervisor, cancelling it, and what is neither a stop nor a crash."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chatter.actors.child import (
    FOREVER,
    ChildSpec,
    Intensity,
)
from chatter.actors.exits import ActorEnded
from chatter.supervisor import Supervisor

from .stage import Audience, Echo, Part, Perch, Stumble, perform, settle

Trio = tuple[Part, Part, Part]
MakePart = Callable[[str], Part]


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
