"""A supervisor with a fixed list of children: starting them, having them by name, and being seen."""

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
    StartFailed,
)
from chatter.supervisor import DynamicSupervisor, Supervisor

from .stage import PATIENT, Audience, Echo, Part, Perch, Stumble, perform, settle

Trio = tuple[Part, Part, Part]
MakePart = Callable[[str], Part]


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
