"""The server as its clients know it: one node or several, on one disk and one Redis, behind a load balancer."""

from collections.abc import Callable
from random import Random

import attrs
import trio

from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from tests.simulation.agenda import Agenda
from tests.simulation.chance import stream
from tests.simulation.node import Node, Setting
from tests.simulation.redis import Redis
from tests.simulation.saboteur import Saboteur, tasks_of_processes
from tests.simulation.schedule import Schedule
from tests.simulation.store import Disk
from tests.simulation.witness import Witness

BOT = User("u-bot", "bot")
BOT_PAUSE = 0.5


@attrs.define(eq=False)
class Cluster:
    """`over`: no process follows one that ends now. `bots`: how many of them are not done."""

    setting: Setting
    nodes: list[Node]
    balancer: Random
    over: bool = False
    bots: int = 0
    _bots_so_far: int = 0

    @classmethod
    def of(
        cls,
        schedule: Schedule,
        agenda: Agenda,
        disk: Disk,
        redis: Redis,
        witness: Witness,
        saboteur: Saboteur,
        nursery: trio.Nursery,
        violated: Callable[[str], None],
    ) -> "Cluster":
        setting = Setting(
            schedule=schedule,
            agenda=agenda,
            disk=disk,
            redis=redis,
            witness=witness,
            saboteur=saboteur,
            nursery=nursery,
            violated=violated,
        )
        nodes = [Node(number, setting) for number in range(schedule.nodes)]
        cluster = cls(setting, nodes, stream(schedule.seed, "balancer"))
        saboteur.struck = cluster._crashed
        return cluster

    @property
    def schedule(self) -> Schedule:
        return self.setting.schedule

    def dial(self) -> Node:
        """A node that listens, whichever; if none does, one that does not."""
        return self.balancer.choice([node for node in self.nodes if node.listening] or self.nodes)

    def boot(self) -> None:
        for node in self.nodes:
            node.boot()

    def _crashed(self, process: object, name: str) -> None:
        next(node for node in self.nodes if process in node.processes).crashed(name)

    def redis_dies(self, seconds: float) -> None:
        redis = self.setting.redis
        redis.die()
        self.setting.agenda.after(seconds, self._redis_lives)

    def _redis_lives(self) -> None:
        self.setting.redis.up = True

    def mend(self) -> None:
        """From here on nothing breaks."""
        self.setting.saboteur.disarm()
        self._redis_lives()
        for node in self.nodes:
            node.mend()

    async def drain(self) -> None:
        async with trio.open_nursery() as nursery:
            for node in self.nodes:
                nursery.start_soon(node.drain)

    def end(self) -> None:
        """No process follows one that ends now."""
        self.over = True
        for node in self.nodes:
            node.over = True

    async def close_down(self) -> None:
        """End everything at once; what does not end is left over."""
        self.end()
        processes = [process for node in self.nodes for process in node.processes]
        for process in processes:
            process.die()
        with trio.move_on_after(30):
            for process in processes:
                await process.exited.wait()
        if left := tasks_of_processes():
            self.setting.violated(f"tasks are left: {left}")
        while tasks_of_processes():
            self.setting.saboteur.demolish()
            await trio.sleep(0.01)

    # -- who talks without a socket

    def have_bot_say(self, room: str) -> None:
        self._bots_so_far += 1
        self.setting.nursery.start_soon(self._bot, room, self._bots_so_far)

    async def _bot(self, room: str, number: int) -> None:
        """As REST does it for a script that tries until it is answered, on whichever node."""
        self.bots += 1
        text, client_id = f"beep {number}", f"bot-{number}"
        asked = {"text": text, "client_id": client_id}
        while not self.over:
            node = self.balancer.choice(self.nodes)
            try:
                reply = await node.process.app.rooms.submit(room, Post(user=BOT, text=text, client_id=client_id))
            except Unavailable as refusal:
                self.setting.witness.bot_refused(node, asked, refusal)
                await trio.sleep(BOT_PAUSE)
                continue
            self.setting.witness.posted(room, BOT.id, asked, reply, node)
            break
        self.bots -= 1
