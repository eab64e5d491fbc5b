"""One node as its clients know it: one process after another. It keeps account of what broke, and what that excuses."""

import math
import traceback
from collections.abc import Callable
from functools import partial

import attrs
import trio

from chatter.actors.child import ChildEnded, RestartsExceeded, StartFailed
from chatter.errors import Unavailable
from tests.simulation.agenda import Agenda
from tests.simulation.chance import stream
from tests.simulation.excuses import Excuses
from tests.simulation.network import Network
from tests.simulation.process import Process
from tests.simulation.redis import OPEN, Cable, Redis
from tests.simulation.saboteur import Sabotage, Saboteur
from tests.simulation.schedule import Schedule
from tests.simulation.store import Disk, Weather
from tests.simulation.witness import Witness

DRAIN_LIMIT = 10.0
GIVEN_UP = 4
"""So many crashes within the supervisors' five seconds are one too many."""
RECENT = 6.0
LITTLE = 100_000
PUSH_TIMEOUT = 10.0
REST_OF_TREE = ("store", "bus", "presence", "gateway", "directory")
TASKS = {"poller": "chatter.gateway.poller.Poller.run", "sweeper": "chatter.gateway.sweeper.Sweeper.run"}


@attrs.frozen(kw_only=True)
class Setting:
    """What all nodes of a world share."""

    schedule: Schedule
    agenda: Agenda
    disk: Disk
    redis: Redis
    witness: Witness
    saboteur: Saboteur
    nursery: trio.Nursery
    violated: Callable[[str], None]


@attrs.define(eq=False)
class Node:
    """`over`: no process follows the one that ends now. `crashes`: when what was crashed. `debts`: when it acknowledged
    which seq of which room without having told it. `booted` is told of each process, and `died` when one dies;
    `leaving` when one begins to drain, and what it returns when that has ended."""

    number: int
    setting: Setting
    excuses: Excuses = attrs.Factory(Excuses)
    weather: Weather = attrs.Factory(Weather)
    processes: list[Process] = attrs.Factory(list)
    crashes: list[tuple[float, str]] = attrs.Factory(list)
    debts: list[tuple[float, str, int]] = attrs.Factory(list)
    over: bool = False
    booted: Callable[[Process], None] = lambda process: None
    died: Callable[["Node"], None] = lambda node: None
    leaving: Callable[["Node"], Callable[[], None]] = lambda node: lambda: None
    _cut: str = OPEN

    def __attrs_post_init__(self) -> None:
        schedule = self.setting.schedule
        if schedule.bounds.waiting is not None:
            self.excuses.refuse(math.inf)
        if schedule.backlog < LITTLE:  # on a thin line, a page of history is too much
            self.excuses.hang_up(1013, math.inf)
        self.weather.pace = schedule.pace
        self.weather.struck = self._store_failed

    @property
    def process(self) -> Process:
        return self.processes[-1]

    @property
    def network(self) -> Network:
        return self.process.network

    @property
    def listening(self) -> bool:
        return self.process.listening

    @property
    def cable(self) -> Cable:
        return self.process.cable

    @property
    def now(self) -> float:
        return self.setting.agenda.now

    @property
    def unrest(self) -> float:
        """Until when it was disturbed, or did not hear all."""
        return max(self.disturbed, self.cable.whole_since)

    @property
    def disturbed(self) -> float:
        """Until when it was, or did not reach the bus."""
        reached = self.cable.broken_at if self.process.app.bus.connected and self.cable.state == OPEN else self.now
        return max(self.excuses.disturbed, reached)

    def undisturbed_in(self, process: Process, since: float) -> bool:
        """Whether nothing happened to this process, which maybe has ended now, but that it was told to end."""
        whole = process.cable.broken_at < since and process.cable.state == OPEN
        return whole and not process.store.dead and all(at < since for at, _ in self.crashes)

    def told(self, room: str) -> int | None:
        return self.process.told(room)

    def owes(self, room: str, seq: int) -> None:
        """It acknowledged what it has not told. So may do, for a moment, who has yet to hear what comes before."""
        if self.setting.schedule.nodes == 1:
            self.setting.violated(f"seq {seq} of {room} is acknowledged, and the members are told {self.told(room)}")
        self.debts.append((self.now, room, seq))

    def note(self, *what: object) -> None:
        self.setting.witness.note(f"node {self.number}", *what)

    # -- processes

    def boot(self) -> None:
        if self.over:
            return
        setting, nth = self.setting, len(self.processes)
        schedule = setting.schedule
        name = f"node{self.number}" if schedule.named else f"node{self.number}-{nth}"
        purpose = f"node {self.number} process {nth}"
        network = Network(
            setting.agenda,
            stream(schedule.seed, f"network of {purpose}"),
            schedule.conditions,
            polled=schedule.polled,
        )
        cable = Cable(setting.agenda, stream(schedule.seed, f"cable of {purpose}"), schedule.traffic, self._cut)
        address = f"redis://node{self.number}-{nth}" if schedule.nodes > 1 else "local:"
        setting.redis.cables[address] = cable
        process = Process(
            name,
            address,
            network,
            cable,
            setting.disk,
            self.weather,
            stream(schedule.seed, f"store of {purpose}"),
            schedule.backlog,
            self._child_ended,
        )
        self.processes.append(process)
        self.booted(process)
        self.excuses.disturb(self.now)
        setting.nursery.start_soon(self._run, process)

    async def _run(self, process: Process) -> None:
        self.note("a process starts")
        await process.run()
        self.note("a process ends", repr(process.failure))
        if process.failure is not None and not self._may_fail(process.failure):
            self.setting.violated("".join(traceback.format_exception(process.failure)))
        if process is self.process and not process.store.dead:
            self._gone_for(0.1)
            self.setting.agenda.after(0.1, self.boot)

    def _may_fail(self, failure: BaseException) -> bool:
        """One crash is enough while it starts; later it takes more than supervisors put up with."""
        crashes = self.recent(*REST_OF_TREE, *TASKS.values())
        return crashes >= (1 if isinstance(failure, StartFailed) else GIVEN_UP)

    def die(self, seconds: float) -> None:
        """Kill the process; the next one starts after so many seconds."""
        if not self.process.dead:
            self._gone_for(seconds)
            self.died(self)
            self.process.die()
            self.setting.agenda.after(seconds, self.boot)

    def restart(self) -> None:
        """What a rolling restart does to one node."""
        if self.listening:
            self.setting.nursery.start_soon(self.drain, self.leaving(self))
            self._excuse(DRAIN_LIMIT)

    async def drain(self, has_left: Callable[[], None] = lambda: None) -> None:
        process = self.process
        process.drain()
        with trio.move_on_after(DRAIN_LIMIT):
            await process.exited.wait()
        has_left()
        if not process.exited.is_set():
            self.setting.violated(f"a drain takes more than {DRAIN_LIMIT} s")

    # -- what breaks, and what that excuses

    def _gone_for(self, seconds: float) -> None:
        self.excuses.disturb(self.now + seconds)
        self._excuse(seconds)

    def _excuse(self, seconds: float) -> None:
        self.excuses.refuse(self.now + seconds + RECENT)
        self.setting.witness.trouble.be_silent(self.now + seconds + 2 * PUSH_TIMEOUT)
        for code in (1006, 1012):
            self.excuses.hang_up(code, self.now + seconds + RECENT)

    def recent(self, *names: str) -> int:
        """How many crashes of these there were lately."""
        return sum(at >= self.now - RECENT and name in names for at, name in self.crashes)

    def crash(self, name: str, after: int) -> None:
        self.setting.saboteur.crash(self.process, name, after)

    def crashed(self, name: str) -> None:
        """One crash of a session or a room is nobody's business but its supervisor's."""
        self.crashes.append((self.now, name))
        self.note("crashes", name)
        self.excuses.disturb(self.now)
        if name in REST_OF_TREE or self.recent(name) > 1:
            self.excuses.refuse(self.now + RECENT)
        if name == "gateway" or name in TASKS.values():
            self.setting.witness.trouble.be_silent(self.now + 2 * PUSH_TIMEOUT)
            self.excuses.hang_up(1006, self.now + RECENT)
        if self.recent(name) >= GIVEN_UP:
            self.excuses.hang_up(1011, self.now + RECENT)
        if self.recent(*REST_OF_TREE, *TASKS.values()) >= GIVEN_UP:
            self._gone_for(0.0)

    def _store_failed(self) -> None:
        self.excuses.refuse(self.now + RECENT)
        self.excuses.disturb(self.now)

    def _child_ended(self, event: ChildEnded) -> None:
        error = event.exit.error
        if error is None:
            return
        self.note("crashed", event.supervisor, event.child, repr(error))
        if not _is_drill(error) and not self._may_crash(error):
            self.setting.violated("".join(traceback.format_exception(error)))

    def _may_crash(self, error: BaseException) -> bool:
        """An actor that can't begin because others are out of reach; a supervisor that gave up."""
        return isinstance(error, Unavailable | RestartsExceeded) and self.now <= self.excuses.refusals

    def slow_store(self, seconds: float, pace: float) -> None:
        self.excuses.refuse(self.now + seconds + RECENT)
        self.excuses.disturb(self.now + seconds)
        self.setting.witness.trouble.be_silent(self.now + seconds + PUSH_TIMEOUT)
        self.weather.pace = pace
        self.setting.agenda.after(seconds, partial(setattr, self.weather, "pace", self.setting.schedule.pace))

    def outage(self, seconds: float) -> None:
        """It can't reach the database."""
        self.weather.failing = True
        self.excuses.disturb(self.now + seconds)
        self.setting.agenda.after(seconds, partial(setattr, self.weather, "failing", False))

    def cut(self, state: str, seconds: float) -> None:
        """It can't reach the bus: nobody may notice, but who asks where the others are."""
        self._set_cable(state)
        self.setting.agenda.after(seconds, partial(self._set_cable, OPEN))

    def _set_cable(self, state: str) -> None:
        self._cut = state
        self.cable.become(state)

    def mend(self) -> None:
        """From here on nothing breaks."""
        weather = self.weather
        if weather.failing or weather.pace != self.setting.schedule.pace:
            self.excuses.disturb(self.now)
        weather.failing, weather.pace, weather.before, weather.after = False, self.setting.schedule.pace, 0, 0
        if self._cut != OPEN:
            self._set_cable(OPEN)


def _is_drill(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_drill, error.exceptions))
    return isinstance(error, Sabotage)
