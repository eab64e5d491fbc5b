"""A Redis as its clients find it through coredis: keys that expire, channels, and the three scripts that decide about
names. Each node has a `Cable` to it, which may be as bad as the bus's port allows.

The bus that runs here is the real one (`chatter.bus.redis`); only what it connects to is ours.
"""

import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random
from typing import Any, TypeVar

import anyio
import attrs
import trio
from coredis.exceptions import ConnectionError as Lost

from chatter.bus.redis import claims
from tests.simulation.agenda import Agenda

T = TypeVar("T")

PUBLISH, SUBSCRIBE = b"PUBLISH", b"SUBSCRIBE"
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
        self.connections: dict[Connection, None] = {}
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
        for connection in list(self.connections):
            connection.invalidate()

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
        while self.state == SILENT and self.generation == generation and not self.dead:
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
        self.scripts: dict[str, Callable[[Client, Sequence[str], Sequence[str]], int | list[int]]] = {
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
                for connection in cable.connections:
                    if channel in connection.channels:
                        cable.carry(partial(connection.hear, channel, data))

    # -- keys

    def set(self, key: str, seconds: float) -> None:
        self._expiry[key] = self._agenda.now + seconds

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._expiry.pop(key, None)

    def _exists(self, key: str) -> bool:
        return self._expiry.get(key, -1.0) > self._agenda.now

    # -- the scripts of `chatter.bus.redis.claims`, in Python

    def _claim(self, client: "Client", keys: Sequence[str], args: Sequence[str]) -> list[int]:
        node, prefix, _, *users = args
        return [self._claim_one(client, key, user, node, prefix) for key, user in zip(keys, users, strict=True)]

    def _claim_one(self, client: "Client", key: str, user: str, node: str, prefix: str) -> int:
        held = self._hashes.setdefault(key, {})
        for other in [other for other in held if other not in ("user", node) and not self._exists(prefix + other)]:
            del held[other]
        others = any(other not in ("user", node) for other in held)
        if held.get("user", user) != user and others:
            self.refused(key.rpartition(":")[2], client.name)
            return 0
        held.update({"user": user, node: ""})
        self.granted(key.rpartition(":")[2], user, client.name)
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
        self.redis = redis
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
            if not self.redis.up:
                raise Lost("connection refused")
            answer = command()
            await self._cable.cross(self._generation)
            return answer
        raise TimeoutError(f"no answer within {patience} s")

    @property
    def connection_pool(self) -> "Client":
        return self

    @asynccontextmanager
    async def acquire(self) -> "AsyncIterator[Connection]":
        connection = Connection(self)
        self._cable.connections[connection] = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(connection.write)
                yield connection
                nursery.cancel_scope.cancel()
        finally:
            connection.invalidate()

    async def cross(self) -> None:
        await self._cable.cross(self._generation)
        if not self.redis.up:
            raise Lost("the connection is lost")

    async def ask(self, command: Callable[[], T]) -> T:
        return await self._ask(command, self._answer)

    async def eval(self, script: str, keys: Sequence[str], args: Sequence[str]) -> int | list[int]:
        run = self.redis.scripts[script]
        return await self.ask(lambda: run(self, keys, args))

    async def set(self, key: str, _value: bytes, *, px: int) -> None:
        await self.ask(lambda: self.redis.set(key, px / 1000))

    async def delete(self, keys: Sequence[str]) -> None:
        await self.ask(lambda: self.redis.delete(keys))


class Connection:
    """As `coredis`' connection, used without its commands. What comes while its cable is silent comes later."""

    def __init__(self, client: Client) -> None:
        self.channels: set[str] = set()
        self._client = client
        self._cable = client._cable
        self._commands, self._to_write = trio.open_memory_channel[tuple[bytes, tuple[str, ...]]](math.inf)
        self._pushed: list[list[Any]] = []
        self._ended = trio.Event()
        self._news = trio.Event()

    @property
    def _over(self) -> bool:
        return self._ended.is_set()

    @property
    def stream(self) -> "Connection | None":
        return None if self._over else self

    async def send(self, data: bytes) -> None:
        try:
            await self._client.cross()
        except Lost as lost:
            raise anyio.BrokenResourceError from lost
        self._client.redis.publish([(words[1].decode(), words[2]) for words in _commands(data) if words[0] == PUBLISH])

    def send_command(self, command: bytes, *channels: str) -> None:
        self._commands.send_nowait((command, channels))

    async def write(self) -> None:
        """What was to be sent by command; what Redis says to it is pushed."""
        with suppress(Lost):
            async for command, channels in self._to_write:
                await self._client.cross()
                change = self.channels.update if command == SUBSCRIBE else self.channels.difference_update
                change(channels)
                await self._client.cross()
                self._cable.whole_since = self._cable.now
                for count, channel in enumerate(channels):
                    self._push([command.lower(), channel.encode(), count])

    def hear(self, channel: str, data: bytes) -> None:
        self._push([b"message", channel.encode(), data])

    def _push(self, message: list[Any]) -> None:
        self._pushed.append(message)
        self._news.set()

    def invalidate(self) -> None:
        self._ended.set()
        self._cable.connections.pop(self, None)
        self._news.set()

    @property
    async def push_messages(self) -> AsyncGenerator[list[Any], None]:
        while True:
            await trio.lowlevel.checkpoint()
            while not self._over and (not self._pushed or self._cable.state == SILENT):
                await self._wait()
            if self._over:
                raise Lost("the connection is lost")
            yield self._pushed.pop(0)

    @property
    async def streamed_messages(self) -> AsyncGenerator[object, None]:
        """Nothing: it does as it is asked, and says nothing to what it is told."""
        await self._ended.wait()
        if self._over:
            raise Lost("the connection is lost")
        yield None

    async def _wait(self) -> None:
        """Until there is something, or the cable is different."""
        changed = self._cable.changed if self._pushed else self._news
        await changed.wait()
        self._news = trio.Event()


def _commands(data: bytes) -> Iterator[list[bytes]]:
    """Of Redis' protocol, in which each word's length stands before it."""
    while data:
        count, _, data = data.removeprefix(b"*").partition(b"\r\n")
        words = []
        for _ in range(int(count)):
            length, _, data = data.removeprefix(b"$").partition(b"\r\n")
            words.append(data[: int(length)])
            data = data[int(length) + 2 :]
        yield words
