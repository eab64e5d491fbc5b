"""A Redis as its clients find it through coredis: keys that expire, channels, and the three scripts that decide about
names. Each node has a `Cable` to it, which may be as bad as the bus's port allows.

The bus that runs here is the real one (`chatter.bus.redis`); only what it connects to is ours.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Any, TypeVar

import attrs
import trio
from coredis.exceptions import ConnectionError as Lost

from chatter.bus.redis import claims
from tests.simulation.agenda import Agenda

T = TypeVar("T")

OPEN, REFUSED, SILENT = "open", "refused", "silent"
IN_A_ROW = 2
"""So many messages in succession are lost at the most: a bus that loses all is one that is cut."""


@attrs.frozen(kw_only=True)
class Traffic:
    """How messages travel to a node. `latency`: seconds, at most. The others: how often one is lost, comes twice, or
    is overtaken by those that come after it."""

    latency: float = 0.01
    lost: float = 0.0
    doubled: float = 0.0
    overtaken: float = 0.0


class Cable:
    """One process's way to Redis. `state`: open; refused, then all connections break and none is made; or silent, then
    nothing comes through and nobody is told. `dead`: so is its process, and what it says reaches nobody.
    `whole_since`: its process has heard since then all that it wants to
    hear; `broken_at`: until then it was not as it should be."""

    def __init__(self, agenda: Agenda, chance: Random, traffic: Traffic, state: str) -> None:
        self.state = state
        self.dead = False
        self.broken_at = self.whole_since = agenda.now
        self.ears: dict[Ear, None] = {}
        self.changed = trio.Event()
        self.generation = 0
        self.chance = chance
        self.traffic = traffic
        self._agenda = agenda
        self._lost_in_a_row = 0

    def become(self, state: str) -> None:
        self.state = state
        if state == REFUSED:
            self.break_off()
        self._tell()

    def break_off(self) -> None:
        """All connections that there are break."""
        self._hang_up()
        self._tell()

    def die(self) -> None:
        self.dead = True
        self._hang_up()
        self.changed.set()

    def _hang_up(self) -> None:
        self.generation += 1
        for ear in list(self.ears):
            ear.end()

    def _tell(self) -> None:
        self.broken_at = self.whole_since = self._agenda.now
        changed, self.changed = self.changed, trio.Event()
        changed.set()

    @property
    def now(self) -> float:
        return self._agenda.now

    @property
    def usable(self) -> bool:
        return self.state != REFUSED and not self.dead

    async def cross(self, generation: int) -> None:
        """A request's way to Redis, or the answer's way back."""
        await trio.sleep(round(self.chance.uniform(0, self.traffic.latency), 3))
        while self.state == SILENT and self.generation == generation:
            await self.changed.wait()
        if self.generation != generation or not self.usable:
            raise Lost("the connection is lost")

    def carry(self, deliver: Callable[[], None]) -> None:
        """A message's way to this node."""
        traffic, chance = self.traffic, self.chance
        if self._lost_in_a_row < IN_A_ROW and chance.random() < traffic.lost:
            self._lost_in_a_row += 1
            return
        self._lost_in_a_row = 0
        for _ in range(1 + (chance.random() < traffic.doubled)):
            overtaken = 10 * traffic.latency if chance.random() < traffic.overtaken else 0.0
            self._agenda.after(chance.uniform(0, traffic.latency + overtaken), deliver)


class Redis:
    """What is in it. `up`: it runs. `granted(name, user, node)` and `refused(name, node)` are told how the script
    decided, by the address of the node."""

    def __init__(self, agenda: Agenda) -> None:
        self.up = True
        self.cables: dict[str, Cable] = {}
        self.granted: Callable[[str, str, str], None] = lambda name, user, address: None
        self.refused: Callable[[str, str], None] = lambda name, address: None
        self._agenda = agenda
        self._hashes: dict[str, dict[str, str]] = {}
        self._expiry: dict[str, float] = {}
        self.scripts: dict[str, Callable[[Client, Sequence[str], Sequence[str]], int]] = {
            claims._CLAIM: self._claim,
            claims._RELEASE: self._release,
            claims._IN_USE: self._in_use,
        }

    def from_url(self, url: str, *, connect_timeout: float, stream_timeout: float, **_: object) -> "Client":
        return Client(self, url, connect_timeout, stream_timeout)

    def die(self) -> None:
        """It has nothing of it on a disk."""
        self.up = False
        self._hashes.clear()
        self._expiry.clear()
        for cable in self.cables.values():
            cable.break_off()

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        for channel, data in messages:
            for cable in self.cables.values():
                for ear in cable.ears:
                    if channel in ear.channels:
                        cable.carry(partial(ear.hear, channel, data))

    # -- keys

    def set(self, key: str, seconds: float) -> None:
        self._expiry[key] = self._agenda.now + seconds

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._expiry.pop(key, None)

    def _exists(self, key: str) -> bool:
        return self._expiry.get(key, -1.0) > self._agenda.now

    # -- the scripts of `chatter.bus.redis.claims`, in Python

    def _claim(self, client: "Client", keys: Sequence[str], args: Sequence[str]) -> int:
        user, node, prefix, _ = args
        held = self._hashes.setdefault(keys[0], {})
        for other in [other for other in held if other not in ("user", node) and not self._exists(prefix + other)]:
            del held[other]
        others = any(other not in ("user", node) for other in held)
        if held.get("user", user) != user and others:
            self.refused(keys[0].rpartition(":")[2], client.name)
            return 0
        held.update({"user": user, node: ""})
        self.granted(keys[0].rpartition(":")[2], user, client.name)
        return 1

    def _release(self, _client: "Client", keys: Sequence[str], args: Sequence[str]) -> int:
        held = self._hashes.get(keys[0], {})
        held.pop(args[0], None)
        if len(held) < 2:
            self._hashes.pop(keys[0], None)
        return 0

    def _in_use(self, _client: "Client", keys: Sequence[str], args: Sequence[str]) -> int:
        return int(any(node != "user" and self._exists(args[0] + node) for node in self._hashes.get(keys[0], {})))


class Client:
    """As `coredis.Redis`, as far as the bus uses it."""

    def __init__(self, redis: Redis, name: str, connect: float, answer: float) -> None:
        self.name = name
        self._redis = redis
        self._cable = redis.cables[name]
        self._generation = self._cable.generation
        self._connect = connect
        self._answer = answer

    async def __aenter__(self) -> "Client":
        self._cable.whole_since = self._cable.now
        await self._ask(lambda: None, self._connect)
        return self

    async def __aexit__(self, *_: object) -> None:
        await trio.lowlevel.checkpoint()

    async def _ask(self, command: Callable[[], T], patience: float) -> T:
        with trio.move_on_after(patience):
            await self._cable.cross(self._generation)
            if not self._redis.up:
                raise Lost("connection refused")
            answer = command()
            await self._cable.cross(self._generation)
            return answer
        raise TimeoutError(f"no answer within {patience} s")

    @asynccontextmanager
    async def pubsub(self, **_: object) -> "AsyncIterator[Ear]":
        ear = Ear(self)
        self._cable.ears[ear] = None
        try:
            yield ear
        finally:
            ear.end()

    @asynccontextmanager
    async def pipeline(self, **_: object) -> "AsyncIterator[Pipeline]":
        pipeline = Pipeline()
        yield pipeline
        await self.ask(lambda: self._redis.publish(pipeline.messages))

    async def ask(self, command: Callable[[], T]) -> T:
        return await self._ask(command, self._answer)

    async def eval(self, script: str, keys: Sequence[str], args: Sequence[str]) -> int:
        run = self._redis.scripts[script]
        return await self.ask(lambda: run(self, keys, args))

    async def set(self, key: str, _value: bytes, *, px: int) -> None:
        await self.ask(lambda: self._redis.set(key, px / 1000))

    async def delete(self, keys: Sequence[str]) -> None:
        await self.ask(lambda: self._redis.delete(keys))


@attrs.define
class Pipeline:
    messages: list[tuple[str, bytes]] = attrs.Factory(list)

    def publish(self, channel: str, data: bytes) -> None:
        self.messages.append((channel, data))


class Ear:
    """As `coredis`' `PubSub`: a connection on which it only hears. What comes while its cable is silent comes later."""

    def __init__(self, client: Client) -> None:
        self.channels: set[str] = set()
        self._client = client
        self._cable = client._cable
        self._heard: list[dict[str, Any]] = []
        self._over = False
        self._news = trio.Event()

    async def subscribe(self, *channels: str) -> None:
        await self._client.ask(lambda: self.channels.update(channels))
        self._cable.whole_since = self._cable.now

    async def unsubscribe(self, *channels: str) -> None:
        await self._client.ask(lambda: self.channels.difference_update(channels))

    def hear(self, channel: str, data: bytes) -> None:
        self._heard.append({"channel": channel.encode(), "data": data})
        self._news.set()

    def end(self) -> None:
        self._over = True
        self._cable.ears.pop(self, None)
        self._news.set()

    def __aiter__(self) -> "Ear":
        return self

    async def __anext__(self) -> dict[str, Any]:
        await trio.lowlevel.checkpoint()
        while not self._over and (not self._heard or self._cable.state == SILENT):
            await self._wait()
        if self._over:
            raise Lost("the connection is lost")
        return self._heard.pop(0)

    async def _wait(self) -> None:
        """Until there is something, or the cable is different."""
        changed = self._cable.changed if self._heard else self._news
        await changed.wait()
        self._news = trio.Event()
