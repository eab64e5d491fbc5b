"""The server as its clients know it: one process after another, on one disk. It keeps account of what broke, and what
that excuses."""

import math
import traceback
from collections.abc import Callable
from functools import partial

import attrs
import trio

from chatter.actors.child import ChildEnded, RestartsExceeded, StartFailed
from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from tests.simulation.agenda import Agenda
from tests.simulation.chance import stream
from tests.simulation.network import Network
from tests.simulation.process import Process
from tests.simulation.saboteur import Sabotage, Saboteur, tasks_of_processes
from tests.simulation.schedule import Schedule
from tests.simulation.store import Disk, Weather
from tests.simulation.witness import Witness

DRAIN_LIMIT = 10.0
GIVEN_UP = 4
"""So many crashes within the supervisors' five seconds are one too many."""
RECENT = 6.0
LITTLE = 100_000
BOT = User("u-bot", "bot")
BOT_PAUSE = 0.5
PUSH_TIMEOUT = 10.0
REST_OF_TREE = ("store", "bus", "presence", "gateway", "directory")
TASKS = {"poller": "chatter.gateway.poller.Poller.run", "sweeper": "chatter.gateway.sweeper.Sweeper.run"}


@attrs.define(eq=False)
class Server:
    """`over`: no process follows the one that ends now. `crashes`: when what was crashed. `bots`: how many of them are
    not done."""

    schedule: Schedule
    agenda: Agenda
    disk: Disk
    witness: Witness
    saboteur: Saboteur
    nursery: trio.Nursery
    violated: Callable[[str], None]
    weather: Weather = attrs.Factory(Weather)
    processes: list[Process] = attrs.Factory(list)
    crashes: list[tuple[float, str]] = attrs.Factory(list)
    over: bool = False
    bots: int = 0
    _bots_so_far: int = 0

    def __attrs_post_init__(self) -> None:
        trouble = self.witness.trouble
        if self.schedule.bounds.waiting is not None:
            trouble.server(0.0, refusals=math.inf)
        if self.schedule.backlog < LITTLE:  # on a thin line, a page of history is too much
            trouble.hang_up(0.0, 1013, math.inf)
        self.weather.pace = self.schedule.pace
        self.weather.struck = self._store_failed
        self.saboteur.struck = self._crashed

    @property
    def process(self) -> Process:
        return self.processes[-1]

    def dial(self) -> Network | None:
        return self.process.network if self.process.listening else None

    # -- processes

    def boot(self) -> None:
        if self.over:
            return
        seed, nth, conditions = self.schedule.seed, len(self.processes), self.schedule.conditions
        network = Network(self.agenda, stream(seed, f"network {nth}"), conditions, polled=self.schedule.polled)
        chance = stream(seed, f"store {nth}")
        process = Process(network, self.disk, self.weather, chance, self.schedule.backlog, self._child_ended)
        self.processes.append(process)
        self.saboteur.process = process
        self.nursery.start_soon(self._run, process)

    async def _run(self, process: Process) -> None:
        self.witness.note("a process starts")
        await process.run()
        self.witness.note("a process ends", repr(process.failure))
        if process.failure is not None and not self._may_fail(process.failure):
            self.violated("".join(traceback.format_exception(process.failure)))
        if process is self.process and not process.store.dead:
            self._gone_for(0.1)
            self.agenda.after(0.1, self.boot)

    def _may_fail(self, failure: BaseException) -> bool:
        """One crash is enough while it starts; later it takes more than supervisors put up with."""
        crashes = self.recent(*REST_OF_TREE, *TASKS.values())
        return crashes >= (1 if isinstance(failure, StartFailed) else GIVEN_UP)

    def die(self, seconds: float) -> None:
        """Kill the process; the next one starts after so many seconds."""
        if not self.process.dead:
            self._gone_for(seconds)
            self.process.die()
            self.agenda.after(seconds, self.boot)

    def restart(self) -> None:
        """What a rolling restart does to one node."""
        if self.process.listening:
            self._gone_for(DRAIN_LIMIT)
            self.nursery.start_soon(self.drain)

    async def drain(self) -> None:
        process = self.process
        process.drain()
        with trio.move_on_after(DRAIN_LIMIT):
            await process.exited.wait()
        if not process.exited.is_set():
            self.violated(f"a drain takes more than {DRAIN_LIMIT} s")

    async def close_down(self) -> None:
        """End everything at once; what does not end is left over."""
        self.over = True
        for process in self.processes:
            process.die()
        with trio.move_on_after(30):
            for process in self.processes:
                await process.exited.wait()
        if left := tasks_of_processes():
            self.violated(f"tasks are left: {left}")
        while tasks_of_processes():
            self.saboteur.demolish()
            await trio.sleep(0.01)

    # -- who talks without a socket

    def have_bot_say(self, room: str) -> None:
        self._bots_so_far += 1
        self.nursery.start_soon(self._bot, room, self._bots_so_far)

    async def _bot(self, room: str, number: int) -> None:
        """As REST does it for a script that tries until it is answered."""
        self.bots += 1
        text, client_id = f"beep {number}", f"bot-{number}"
        asked = {"text": text, "client_id": client_id}
        while not self.over:
            try:
                reply = await self.process.app.rooms.submit(room, Post(user=BOT, text=text, client_id=client_id))
            except Unavailable as refusal:
                self.witness.bot_refused(asked, refusal)
                await trio.sleep(BOT_PAUSE)
                continue
            self.witness.posted(room, BOT.id, asked, reply)
            break
        self.bots -= 1

    # -- what breaks, and what that excuses

    def _gone_for(self, seconds: float) -> None:
        now, trouble = self.agenda.now, self.witness.trouble
        trouble.server(now, refusals=seconds + RECENT, silence=seconds + 2 * PUSH_TIMEOUT)
        for code in (1006, 1012):
            trouble.hang_up(now, code, seconds + RECENT)

    def recent(self, *names: str) -> int:
        """How many crashes of these there were lately."""
        return sum(at >= self.agenda.now - RECENT and name in names for at, name in self.crashes)

    def _crashed(self, name: str) -> None:
        """One crash of a session or a room is nobody's business but its supervisor's."""
        now, trouble = self.agenda.now, self.witness.trouble
        self.crashes.append((now, name))
        self.witness.note("crashes", name)
        if name in REST_OF_TREE or self.recent(name) > 1:
            trouble.server(now, refusals=RECENT)
        if name == "gateway" or name in TASKS.values():
            trouble.server(now, silence=2 * PUSH_TIMEOUT)
            trouble.hang_up(now, 1006, RECENT)
        if self.recent(name) >= GIVEN_UP:
            trouble.hang_up(now, 1011, RECENT)
        if self.recent(*REST_OF_TREE, *TASKS.values()) >= GIVEN_UP:
            self._gone_for(0.0)

    def _store_failed(self) -> None:
        self.witness.trouble.server(self.agenda.now, refusals=RECENT)

    def _child_ended(self, event: ChildEnded) -> None:
        error = event.exit.error
        if error is None:
            return
        self.witness.note("crashed", event.supervisor, event.child, repr(error))
        if not _is_drill(error) and not self._may_crash(error):
            self.violated("".join(traceback.format_exception(error)))

    def _may_crash(self, error: BaseException) -> bool:
        """An actor that can't begin because others are out of reach; a supervisor that gave up."""
        return isinstance(error, Unavailable | RestartsExceeded) and self.agenda.now <= self.witness.trouble.refusals

    def slow_store(self, seconds: float, pace: float) -> None:
        self.witness.trouble.server(self.agenda.now, refusals=seconds + RECENT, silence=seconds + PUSH_TIMEOUT)
        self.weather.pace = pace
        self.agenda.after(seconds, partial(setattr, self.weather, "pace", self.schedule.pace))

    def outage(self, seconds: float) -> None:
        self.weather.failing = True
        self.agenda.after(seconds, partial(setattr, self.weather, "failing", False))

    def mend(self) -> None:
        """From here on nothing breaks."""
        self.saboteur.disarm()
        weather = self.weather
        weather.failing, weather.pace, weather.before, weather.after = False, self.schedule.pace, 0, 0


def _is_drill(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_drill, error.exceptions))
    return isinstance(error, Sabotage)
