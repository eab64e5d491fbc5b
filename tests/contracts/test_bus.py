"""What every bus promises; `chatter.bus.port` says it in words. Nodes here are buses that reach each other."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import pytest
import trio

from chatter.bus.local import Exchange, LocalBus
from chatter.bus.port import Bus, Subscription
from chatter.bus.redis import RedisBus
from tests.redis_server import redis_server

PATIENCE: Final = 10.0


def say(bus: Bus, channel: str, data: bytes) -> None:
    bus.publish(channel, lambda: data)


class Ear:
    """What one subscription heard."""

    def __init__(self, bus: Bus, channel: str) -> None:
        self.heard: list[bytes] = []
        self.missed = 0
        self.news = trio.Event()
        self.subscription: Subscription = bus.subscribe(channel, self._hear, self._miss)

    def _hear(self, data: bytes) -> None:
        self.heard.append(data)
        self._tell()

    def _miss(self) -> None:
        self.missed += 1
        self._tell()

    def _tell(self) -> None:
        news, self.news = self.news, trio.Event()
        news.set()

    async def until(self, true: Callable[["Ear"], bool]) -> None:
        with trio.fail_after(PATIENCE):
            while not true(self):
                await self.news.wait()

    async def ready(self) -> None:
        """Until it hears what is said from now on."""
        await self.until(lambda ear: ear.missed > 0)


@attrs.frozen
class Cluster:
    """Nodes that reach each other."""

    make: Callable[[], Bus]
    nursery: trio.Nursery

    async def node(self) -> Bus:
        """One that runs."""
        bus, started = self.make(), trio.Event()
        self.nursery.start_soon(bus.run, started.set)
        with trio.fail_after(PATIENCE):
            await started.wait()
        return bus


B = TypeVar("B", bound=Bus)


@asynccontextmanager
async def running(bus: B) -> AsyncIterator[B]:
    async with trio.open_nursery() as nursery:
        started = trio.Event()
        nursery.start_soon(bus.run, started.set)
        with trio.fail_after(PATIENCE):
            await started.wait()
        yield bus
        bus.stop()


@asynccontextmanager
async def local(_folder: Path) -> AsyncIterator[Callable[[], Bus]]:
    exchange = Exchange()
    yield lambda: LocalBus(exchange)


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[Callable[[], Bus]]:
    with redis_server(folder) as server:
        await server.start()
        yield lambda: RedisBus(server.url)


ADAPTERS: Final[dict[str, Any]] = {"local": local, "redis": redis}


@pytest.fixture(params=ADAPTERS)
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with ADAPTERS[request.param](tmp_path) as make, trio.open_nursery() as nursery:
        yield Cluster(make, nursery)
        nursery.cancel_scope.cancel()


async def test_what_one_node_publishes_the_others_hear(cluster: Cluster) -> None:
    one, two, three = await cluster.node(), await cluster.node(), await cluster.node()
    ears = [Ear(bus, "room:lobby") for bus in (two, three)]
    for ear in ears:
        await ear.ready()
    say(one, "room:lobby", b"hello")
    for ear in ears:
        await ear.until(lambda ear: ear.heard == [b"hello"])


async def test_who_publishes_does_not_hear_it(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    mine, theirs = Ear(one, "room:lobby"), Ear(two, "room:lobby")
    await mine.ready()
    await theirs.ready()
    say(one, "room:lobby", b"mine")
    await theirs.until(lambda ear: ear.heard == [b"mine"])
    say(two, "room:lobby", b"theirs")
    await mine.until(lambda ear: ear.heard == [b"theirs"])


async def test_only_the_channels_that_were_subscribed_to_are_heard(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    lobby, attic = Ear(two, "room:lobby"), Ear(two, "room:attic")
    await lobby.ready()
    await attic.ready()
    say(one, "room:cellar", b"nobody")
    say(one, "room:attic", b"up here")
    say(one, "room:lobby", b"down here")
    await lobby.until(lambda ear: ear.heard == [b"down here"])
    await attic.until(lambda ear: ear.heard == [b"up here"])


async def test_a_subscription_that_ended_hears_nothing_and_others_on_the_channel_still_do(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    gone, stays = Ear(two, "room:lobby"), Ear(two, "room:lobby")
    await gone.ready()
    await stays.ready()
    gone.subscription.end()
    gone.subscription.end()
    say(one, "room:lobby", b"hello")
    await stays.until(lambda ear: ear.heard == [b"hello"])
    assert gone.heard == []


async def test_a_channel_can_be_left_and_subscribed_to_again(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    first = Ear(two, "room:lobby")
    await first.ready()
    first.subscription.end()
    second = Ear(two, "room:lobby")
    await second.ready()
    say(one, "room:lobby", b"again")
    await second.until(lambda ear: ear.heard == [b"again"])
    assert first.heard == []


async def test_any_bytes_can_be_told(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    ear = Ear(two, "room:lobby")
    await ear.ready()
    told = [b"", bytes(range(256)), "größer als 🙂".encode(), b"x" * 300_000]
    for data in told:
        say(one, "room:lobby", data)
    await ear.until(lambda ear: len(ear.heard) >= len(told))
    assert ear.heard == told


async def test_thousands_are_heard_in_order_when_nothing_breaks(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    ear = Ear(two, "room:lobby")
    await ear.ready()
    told = [b"%d" % number for number in range(5_000)]
    for data in told:
        say(one, "room:lobby", data)
    await ear.until(lambda ear: len(ear.heard) >= len(told))
    assert ear.heard == told


async def test_it_can_be_spoken_to_before_it_runs_and_after_it_ended(cluster: Cluster) -> None:
    one = await cluster.node()
    bus = cluster.make()
    states = [bus.connected]
    ear = Ear(bus, "room:lobby")
    say(bus, "room:lobby", b"into the void")
    async with running(bus):
        await ear.ready()
        states.append(bus.connected)
        say(one, "room:lobby", b"hello")
        await ear.until(lambda ear: ear.heard == [b"hello"])
    assert [*states, bus.connected] == [False, True, False]
    say(bus, "room:lobby", b"into the void")


async def test_one_that_ended_can_be_run_again(cluster: Cluster) -> None:
    one = await cluster.node()
    bus = cluster.make()
    async with running(bus):
        pass
    ear = Ear(bus, "room:lobby")
    async with running(bus):
        await ear.ready()
        say(one, "room:lobby", b"hello")
        await ear.until(lambda ear: ear.heard == [b"hello"])


async def test_what_was_told_before_the_end_is_still_told(cluster: Cluster) -> None:
    two, _three = await cluster.node(), await cluster.node()
    ear = Ear(two, "nodes")
    await ear.ready()
    async with running(cluster.make()) as one:
        for number in range(100):
            say(one, "nodes", b"%d" % number)
    await ear.until(lambda ear: len(ear.heard) == 100)


async def test_nothing_is_encoded_for_nobody(cluster: Cluster) -> None:
    bus = cluster.make()

    def encode() -> bytes:
        raise AssertionError("for whom?")

    bus.publish("room:lobby", encode)
