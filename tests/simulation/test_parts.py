"""The simulation's own parts: a network that is as bad as it says, time that stands still, and a search that finds."""

from random import Random

import pytest
import trio
from trio.testing import MockClock

from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from chatter.stores.port import Known, Stored
from tests.simulation.agenda import Agenda
from tests.simulation.lines import Conditions
from tests.simulation.network import ClientEnd, Network
from tests.simulation.saboteur import Sabotage, Saboteur
from tests.simulation.schedule import minimized, scheduled
from tests.simulation.sockets import ServerSocket
from tests.simulation.store import Disk, SimulatedStore, Weather
from tests.simulation.world import run

BUFFER = 1000
WORST = Conditions(buffer=BUFFER, latency=0.05, splitting=0.5, short=0.5)
TEXT = bytes(range(256)) * 20


class Ends:
    """A client, a server and the line between them."""

    def __init__(self, agenda: Agenda) -> None:
        self.network = Network(agenda, Random(1), WORST, polled=True)
        self.listener = self.network.bind("", 0)[0]
        self.client = ClientEnd(agenda, Random(2), WORST)
        self.heard = b""
        self.ended = False
        self.client.inward.arrive = self._hear
        self.client.on_end = self._end
        self.network.connect(self.client)
        self.server: ServerSocket = self.listener.accept()[0]

    def _hear(self, data: bytes) -> None:
        self.heard += data

    def _end(self) -> None:
        self.ended = True

    def tell(self, data: bytes) -> bytes:
        """What the server's socket did not take."""
        try:
            return data[self.server.send(data) :]
        except BlockingIOError:
            return data


async def until_quiet() -> None:
    await trio.sleep(10)


@pytest.fixture
async def ends(nursery: trio.Nursery) -> Ends:
    agenda = Agenda()
    nursery.start_soon(agenda.run)
    return Ends(agenda)


async def test_what_is_sent_arrives_whole_and_in_order_however_it_is_taken_and_cut(ends: Ends) -> None:
    rest, sends = TEXT, 0
    while rest:
        before, rest = len(rest), ends.tell(rest)
        sends += len(rest) < before
        await trio.sleep(0.01)
    await until_quiet()
    assert ends.heard == TEXT
    assert sends > 3


async def test_who_does_not_read_fills_the_line_and_no_more(ends: Ends) -> None:
    ends.client.inward.stall()
    rest = TEXT
    for _ in range(100):
        rest = ends.tell(rest)
    assert len(TEXT) - len(rest) == BUFFER
    await until_quiet()
    assert ends.heard == b""
    ends.client.inward.resume()
    await until_quiet()
    assert ends.heard == TEXT[:BUFFER]


async def test_a_line_is_cut_after_so_many_bytes_and_both_learn_of_it(ends: Ends) -> None:
    ends.client.inward.cut(7, ends.client.reset)
    ends.tell(TEXT)
    await until_quiet()
    assert ends.heard == TEXT[:7]
    assert ends.ended
    with pytest.raises(ConnectionResetError):
        ends.server.recv(10)
    with pytest.raises(BrokenPipeError):
        ends.server.send(b"x")


async def test_who_vanishes_tells_nobody(ends: Ends) -> None:
    ends.client.vanish()
    ends.client.send(b"lost")
    ends.tell(b"lost")
    await until_quiet()
    assert (ends.heard, ends.ended, bytes(ends.server.received)) == (b"", False, b"")


async def test_epoll_reports_what_is_so_for_as_long_as_it_is(ends: Ends) -> None:
    epoll = ends.network.epoll()
    assert epoll is not None
    epoll.register(ends.server.fileno(), 1)
    assert epoll.poll(0, 10) == []
    ends.client.send(b"hello")
    await until_quiet()
    for _ in range(2):
        assert epoll.poll(0, 10) == [(ends.server.fileno(), 1)]
    while ends.server.received:
        ends.server.recv(10)
    assert epoll.poll(0, 10) == []
    ends.server.close()
    with pytest.raises(OSError, match="descriptor"):
        ends.server.recv(10)


# -- the store


async def open_store(nursery: trio.Nursery, disk: Disk, weather: Weather) -> SimulatedStore:
    store = SimulatedStore(disk, weather, Random(1))
    await nursery.start(lambda task_status: store.run(task_status.started))
    return store


def post(client_id: str) -> Post:
    return Post(user=User("u-ann", "Ann"), text="hello", client_id=client_id)


async def test_a_commit_that_fails_before_stores_nothing_and_one_that_fails_after_stores_all(
    nursery: trio.Nursery,
) -> None:
    disk, weather = Disk(["lobby"]), Weather(before=1)
    store = await open_store(nursery, disk, weather)
    with pytest.raises(Unavailable):
        await store.append("lobby", [post("1")])
    assert not disk.rooms["lobby"].events
    weather.after = 1
    with pytest.raises(Unavailable):
        await store.append("lobby", [post("1")])
    assert len(disk.rooms["lobby"].events) == 1
    assert isinstance((await store.append("lobby", [post("1")]))[0], Known)
    store.stop()


async def test_what_was_asked_is_stored_though_nobody_waits_for_it_any_more(nursery: trio.Nursery) -> None:
    disk = Disk(["lobby"])
    store = await open_store(nursery, disk, Weather(pace=1.0))
    with trio.move_on_after(0.0):
        await store.append("lobby", [post("1")])
    assert not disk.rooms["lobby"].events
    await until_quiet()
    assert len(disk.rooms["lobby"].events) == 1
    store.stop()


async def test_a_dead_process_stores_nothing_and_the_next_has_what_was_committed(nursery: trio.Nursery) -> None:
    disk = Disk(["lobby"])
    first = await open_store(nursery, disk, Weather())
    await first.append("lobby", [post("1")])
    first.dead = True
    with pytest.raises(Unavailable):
        await first.append("lobby", [post("2")])
    second = await open_store(nursery, disk, Weather())
    assert [type(outcome) for outcome in await second.append("lobby", [post("1"), post("2")])] == [Known, Stored]
    first.stop()
    second.stop()


# -- sabotage, schedules, the search


def test_a_task_is_crashed_where_it_waits_and_when_it_wakes() -> None:
    saboteur, ends = Saboteur(), []

    class Child:
        async def run(self) -> None:
            try:
                for _ in range(10):
                    await trio.sleep(1)
            except Sabotage:
                ends.append(trio.current_time())

    async def main() -> None:
        for after in (0, 3):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(Child().run, name="child")
                await trio.sleep(0.5)
                saboteur._tasks[None, "child"] = next(iter(nursery.child_tasks))
                saboteur.crash(None, "child", after)

    trio.run(main, clock=MockClock(autojump_threshold=0), instruments=[saboteur])
    assert ends == [0.5, 3.5]


def test_a_seed_is_one_schedule_and_two_seeds_are_two() -> None:
    assert scheduled(1) == scheduled(1)
    assert scheduled(1) != scheduled(2)
    kinds = {step.kind for seed in range(300) for step in scheduled(seed).steps}
    assert kinds >= {"say", "crash", "reset", "cut", "stall", "vanish", "death", "drain", "commit_fails", "outage"}


def test_the_search_finds_the_few_that_are_to_blame() -> None:
    tried = 0

    def fails(steps: frozenset[int]) -> bool:
        nonlocal tried
        tried += 1
        return {3, 17, 18} <= steps

    assert minimized(40, fails) == {3, 17, 18}
    assert tried < 120
    assert minimized(5, lambda steps: True) == frozenset()


def test_without_faults_nobody_is_refused_closed_or_left_without_an_answer() -> None:
    deeds = {"say", "edit", "react", "typing", "status", "read", "history", "bot"}
    for seed in range(20):
        schedule = scheduled(seed)
        report = run(schedule.only([nth for nth, step in enumerate(schedule.steps) if step.kind in deeds]))
        assert report.violation is None
        assert not report.crashes
        seen = [what for _, *rest in report.trace for what in rest]
        assert report.deliveries
        assert schedule.bounds.waiting is not None or "is refused" not in seen
        assert "gets no answer to" not in seen
