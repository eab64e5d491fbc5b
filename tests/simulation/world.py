"""A world: a server of one node or several, its clients and everything that happens to them, from one schedule.

`run` gives a `Report`. What must not happen is found by the `Witness` while the world runs, and by `Quiet` once nothing
breaks any more.
"""

import hashlib
import traceback
from collections import Counter
from functools import partial
from typing import Any
from unittest.mock import patch

import attrs
import trio
from trio.testing import MockClock

from chatter.bus.redis import bus
from tests.simulation.agenda import Agenda
from tests.simulation.attendance import Attendance
from tests.simulation.bounds import applied
from tests.simulation.chance import decided_by
from tests.simulation.cluster import Cluster
from tests.simulation.faults import Step
from tests.simulation.names import Names
from tests.simulation.node import TASKS, Node
from tests.simulation.people import Client, arrived
from tests.simulation.quiet import Quiet
from tests.simulation.redis import Redis
from tests.simulation.saboteur import Saboteur
from tests.simulation.schedule import Schedule
from tests.simulation.store import Disk
from tests.simulation.timely import Timely
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
        redis = Redis(self._agenda)
        self._witness = Witness(disk, lambda: self._agenda.now, self._violated)
        async with trio.open_nursery() as nursery:
            self._cluster = Cluster.of(
                self._schedule, self._agenda, disk, redis, self._witness, self.saboteur, nursery, self._violated
            )
            nursery.start_soon(self._keep_agenda)
            with patch.object(bus, "Redis", redis):
                with trio.CancelScope() as story:
                    nursery.start_soon(self._cut_short, story)
                    await self._tell()
                await self._cluster.close_down()
            self._seconds = self._agenda.now
            nursery.cancel_scope.cancel()

    async def _tell(self) -> None:
        self._cluster.boot()
        await trio.sleep(BEFORE_ANYBODY_COMES)
        self._clients += arrived(self._cluster, self._witness)
        for step in self._schedule.steps:
            self._agenda.after(step.at, partial(self._do, step))
        setting, nodes = self._cluster.setting, self._cluster.nodes
        quiet, self._names = Quiet(self._cluster, self._clients, self._violated), Names(setting, nodes)
        self._timely, self._attendance = Timely(setting, nodes), Attendance(setting, self._clients)
        self._names.watch()
        self._attendance.watch(nodes)
        with trio.move_on_after(self._schedule.length):
            while True:
                await self._look(quiet)
        self._calm = True
        self._cluster.mend()
        for client in self._clients:
            client.calm_down()
        await self._settle(quiet)
        await trio.sleep(AFTERWARDS)
        await self._settle(quiet)
        quiet.check()
        self._names.check()
        await quiet.check_drain()

    async def _look(self, quiet: Quiet) -> None:
        quiet.check_bounds()
        self._timely.check()
        self._names.look()
        await trio.sleep(LOOK_EVERY)

    async def _settle(self, quiet: Quiet) -> None:
        with trio.move_on_after(PATIENCE):
            while (unsettled := quiet.unsettled()) is not None:
                for client in self._clients:
                    client.try_again()
                await self._look(quiet)
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
        client, node = self._clients[step.who % len(self._clients)], self._cluster.nodes[step.node]
        self._witness.note(step.kind, step.who, step.node, *step.what)
        self._attendance.happened(step)
        match step.kind, step.what:
            case "crash", (target, room, after):
                self._crash(client, node, target, room, after)
            case "commit_fails", (when, times):
                setattr(node.weather, when, times)
            case "outage", (seconds,):
                node.outage(seconds)
            case "slow_store", (seconds, pace):
                node.slow_store(seconds, pace)
            case "death", (seconds,):
                node.die(seconds)
            case "drain", _:
                node.restart()
            case "bus_cut", (state, seconds):
                node.cut(state, seconds)
            case "isolation", (state, seconds):
                node.cut(state, seconds)
                node.outage(seconds)
            case "redis_death", (seconds,):
                self._cluster.redis_dies(seconds)
            case "bot", (room, _):
                self._cluster.have_bot_say(room)
            case (("reset" | "cut" | "stall" | "vanish"), what):
                getattr(client, step.kind)(*what)
            case deed, (room, number):
                getattr(client, deed)(client.page.rooms[room], number)

    def _crash(self, client: Client, node: Node, target: str, room: str, after: int) -> None:
        match target:
            case "session":
                connection, node = client.connection, client.node or node
                name = "" if connection is None else connection.id
            case "room":
                name = f"room:{room}"
            case _:
                name = TASKS.get(target, target)
        node.crash(name, after)

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
            crashes=Counter(name for node in self._cluster.nodes for _, name in node.crashes),
        )
