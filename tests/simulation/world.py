"""A world: a server, its clients and everything that happens to them, from one schedule.

`run` gives a `Report`. What must not happen is found by the `Witness` while the world runs, and by `Quiet` once nothing
breaks any more.
"""

import hashlib
import traceback
from collections import Counter
from functools import partial
from typing import Any

import attrs
import trio
from trio.testing import MockClock

from tests.simulation.agenda import Agenda
from tests.simulation.bounds import applied
from tests.simulation.chance import decided_by
from tests.simulation.people import Client, arrived
from tests.simulation.quiet import Quiet
from tests.simulation.saboteur import Saboteur
from tests.simulation.schedule import Schedule, Step
from tests.simulation.server import TASKS, Server
from tests.simulation.store import Disk
from tests.simulation.witness import Witness

BEFORE_ANYBODY_COMES = 0.05
LOOK_EVERY = 0.5
PATIENCE = 150.0
AFTERWARDS = 3.0


@attrs.frozen(kw_only=True)
class Report:
    """What came of a schedule. `digest` is the same for two runs only if all that was seen and every step was."""

    schedule: Schedule
    violation: str | None
    digest: str
    trace: tuple[tuple[Any, ...], ...]
    steps: int
    seconds: float
    acks: int
    deliveries: int
    crashes: Counter[str]


def run(schedule: Schedule, *, record_steps: bool = False) -> Report:
    """`record_steps`: have the digest tell of every step of every task, too."""
    with decided_by(schedule.seed), applied(schedule.bounds):
        world = World(schedule, Saboteur(record_steps))
        trio.run(world.live, clock=MockClock(autojump_threshold=0), instruments=[world.saboteur])
        return world.report()


class World:
    def __init__(self, schedule: Schedule, saboteur: Saboteur) -> None:
        self.saboteur = saboteur
        self._schedule = schedule
        self._violation: str | None = None
        self._calm = False
        self._clients: list[Client] = []

    async def live(self) -> None:
        self._over = trio.Event()
        self._agenda = Agenda()
        disk = Disk(self._schedule.rooms)
        self._witness = Witness(
            disk, lambda: self._agenda.now, self._violated, lambda room: self._server.process.told(room)
        )
        async with trio.open_nursery() as nursery:
            self._server = Server(
                self._schedule, self._agenda, disk, self._witness, self.saboteur, nursery, self._violated
            )
            nursery.start_soon(self._keep_agenda)
            with trio.CancelScope() as story:
                nursery.start_soon(self._cut_short, story)
                await self._tell()
            await self._server.close_down()
            self._seconds = self._agenda.now
            nursery.cancel_scope.cancel()

    async def _tell(self) -> None:
        self._server.boot()
        await trio.sleep(BEFORE_ANYBODY_COMES)
        self._clients += arrived(self._server, self._witness)
        for step in self._schedule.steps:
            self._agenda.after(step.at, partial(self._do, step))
        quiet = Quiet(self._server, self._clients, self._violated)
        with trio.move_on_after(self._schedule.length):
            while True:
                quiet.check_bounds()
                await trio.sleep(LOOK_EVERY)
        self._calm = True
        self._server.mend()
        for client in self._clients:
            client.calm_down()
        await self._settle(quiet)
        await trio.sleep(AFTERWARDS)
        await self._settle(quiet)
        quiet.check()
        await quiet.check_drain()

    async def _settle(self, quiet: Quiet) -> None:
        with trio.move_on_after(PATIENCE):
            while (unsettled := quiet.unsettled()) is not None:
                quiet.check_bounds()
                for client in self._clients:
                    client.try_again()
                await trio.sleep(LOOK_EVERY)
            return
        self._violated(f"it does not become quiet: {unsettled}")

    async def _cut_short(self, story: trio.CancelScope) -> None:
        await self._over.wait()
        story.cancel()

    async def _keep_agenda(self) -> None:
        try:
            await self._agenda.run()
        except Exception:  # noqa: BLE001 — a client's code broke, and with it the run
            self._violated(traceback.format_exc())

    def _violated(self, what: str) -> None:
        if self._violation is None:
            self._violation = what
            self._witness.note("VIOLATION", what)
            self._over.set()

    def _do(self, step: Step) -> None:
        if self._calm:
            return
        client = self._clients[step.who % len(self._clients)]
        self._witness.note(step.kind, step.who, *step.what)
        match step.kind, step.what:
            case "crash", (target, room, after):
                self._crash(client, target, room, after)
            case "commit_fails", (when, times):
                setattr(self._server.weather, when, times)
            case "outage", (seconds,):
                self._server.outage(seconds)
            case "slow_store", (seconds, pace):
                self._server.slow_store(seconds, pace)
            case "death", (seconds,):
                self._server.die(seconds)
            case "drain", _:
                self._server.restart()
            case "bot", (room, _):
                self._server.have_bot_say(room)
            case (("reset" | "cut" | "stall" | "vanish"), what):
                getattr(client, step.kind)(*what)
            case deed, (room, number):
                getattr(client, deed)(client.page.rooms[room], number)

    def _crash(self, client: Client, target: str, room: str, after: int) -> None:
        match target:
            case "session":
                connection = client.connection
                name = "" if connection is None else connection.id
            case "room":
                name = f"room:{room}"
            case _:
                name = TASKS.get(target, target)
        self.saboteur.crash(name, after)

    def report(self) -> Report:
        seen = self._witness.trace, self.saboteur.recorded
        return Report(
            schedule=self._schedule,
            violation=self._violation,
            digest=hashlib.sha256(repr(seen).encode()).hexdigest(),
            trace=tuple(self._witness.trace),
            steps=self.saboteur.steps,
            seconds=self._seconds,
            acks=self._witness.acks,
            deliveries=self._witness.deliveries,
            crashes=Counter(name for _, name in self._server.crashes),
        )
