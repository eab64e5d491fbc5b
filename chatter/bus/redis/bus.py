"""The bus over Redis publish/subscribe, by coredis.

One connection hears, another tells: whatever waits goes out in one pipeline. A pulse that this node sends to itself
through Redis shows that both work; when it is not heard in time, or anything else fails, both are closed and opened
anew, after a while that grows with each failure. While there is no connection nothing waits for it: what would be
told is stale by then, and everybody is told that they missed something when it is back.

https://redis.io/docs/latest/develop/pubsub/ (delivery is at most once)
"""

import random
import secrets
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import attrs
import trio
from coredis import Redis
from coredis.exceptions import RedisError
from coredis.patterns.pubsub import PubSub
from coredis.retry import NoRetryPolicy

from chatter.bus.listeners import Listener, Listeners
from chatter.bus.outbox import Outbox
from chatter.bus.port import BusConnected, BusEvent, BusLost
from chatter.bus.redis.claims import RedisClaims

PREFIX: Final = "chatter:"
CONNECT: Final = 3.0
ANSWER: Final = 3.0
PULSE: Final = 1.0
PULSELESS: Final = 4.0
PARTING: Final = 1.0
LOOK_AGAIN: Final = 0.01
SHORTEST: Final = 0.05
LONGEST: Final = 2.0
AT_ONCE: Final = 500
WAITING: Final = 10_000
WAITING_BYTES: Final = 16 * 1024 * 1024

_ORIGIN: Final = 8


class _Pulseless(Exception):
    """Nothing is heard any more, not even from ourselves."""


# anyio's: coredis lets them through when a connection ends while it says goodbye
_LOST: Final = (RedisError, OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, _Pulseless)


@attrs.frozen
class RedisStatistics:
    """`dropped`: told to nobody, since too much waited or nobody could be reached. Since the bus was made."""

    published: int
    heard: int
    dropped: int
    connections: int


class RedisBus:
    """`chatter.bus.port.Bus`. `url`: `redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS, or
    `unix:///path`. All nodes that share it are one cluster."""

    def __init__(self, url: str, observer: Callable[[BusEvent], None] = lambda _: None) -> None:
        self.where = _without_secrets(url)
        self._url = url
        self._observer = observer
        self._origin = secrets.token_bytes(_ORIGIN)
        self._pulse = f"pulse:{self._origin.hex()}"
        self.claims = RedisClaims(PREFIX, self._origin.hex())
        self._listeners = Listeners(self._poke)
        self._outbox = Outbox(WAITING, WAITING_BYTES)
        self._news = trio.Event()
        self._scope = trio.CancelScope()
        self._subscribed: set[str] = set()
        self._pulse_at = 0.0
        self._telling = self._stopping = False
        self._failures = 0
        self._published = self._heard = self._connections = 0
        self.connected = False
        self.alone = False

    def statistics(self) -> RedisStatistics:
        return RedisStatistics(self._published, self._heard, self._outbox.dropped, self._connections)

    def publish(self, channel: str, encode: Callable[[], bytes]) -> None:
        if self.connected:
            self._outbox.put(channel, encode())
            self._poke()
        else:
            self._outbox.dropped += 1

    def subscribe(self, channel: str, heard: Callable[[bytes], None], missed: Callable[[], None]) -> Listener:
        listener = self._listeners.add(channel, heard, missed)
        if channel in self._subscribed:
            missed()
        return listener

    def stop(self) -> None:
        """Tell what waits, if that is quickly done, and let `run` return."""
        self._stopping = True
        self._poke()
        if not self.connected:
            self._scope.cancel()

    async def run(self, started: Callable[[], Any]) -> None:
        """Live until `stop`. `started` is called when Redis answered or could not be reached: either is fine."""
        first = True
        self._stopping = False
        with trio.CancelScope() as self._scope:
            while not self._stopping:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._converse_once)
                    if first:
                        await self._tried(nursery)
                        started()
                        first = False
                await trio.sleep(self._patience())

    async def _tried(self, nursery: trio.Nursery) -> None:
        with trio.move_on_after(CONNECT):
            while not self.connected and nursery.child_tasks:
                await self._poked()

    def _patience(self) -> float:
        """Seconds until the next attempt: twice as long each time, and not for all nodes the same."""
        self._failures += 1
        longest = min(LONGEST, SHORTEST * 2.0**self._failures)
        return random.uniform(longest / 2, longest)

    # -- one connection

    async def _converse_once(self) -> None:
        try:
            await self._converse()
        except* _LOST as lost:
            self._lost(_first(lost))
        finally:
            self.connected = self._telling = False
            self.claims.close()
            self._subscribed.clear()
            self._outbox.clear()
            self._poke()

    def _lost(self, why: BaseException) -> None:
        if self.connected or not self._failures:
            self._observer(BusLost(self.where, str(why) or type(why).__name__))

    async def _converse(self) -> None:
        client: Redis[bytes] = Redis.from_url(
            self._url,
            retry_policy=NoRetryPolicy(),
            connect_timeout=CONNECT,
            stream_timeout=ANSWER,
            verify_version=False,
        )
        async with client, client.pubsub(ignore_subscribe_messages=True, retry_policy=NoRetryPolicy()) as ear:
            await ear.subscribe(PREFIX + self._pulse)
            await self.claims.open(client)
            self._connection_made()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, ear)
                nursery.start_soon(self._tell, client, ear)
                nursery.start_soon(self._feel_pulse)
                nursery.start_soon(self.claims.live, client)
                nursery.start_soon(self._part, client)

    async def _part(self, client: "Redis[bytes]") -> None:
        """End when asked to, with nothing left to tell."""
        while not self._stopping:
            await self._poked()
        with trio.move_on_after(PARTING):
            while self._telling or len(self._outbox):  # noqa: ASYNC110 — once a process: not worth telling
                await trio.sleep(LOOK_AGAIN)
            await self.claims.leave(client)
        self._scope.cancel()

    def _connection_made(self) -> None:
        self.connected = True
        self._connections += 1
        self._failures = 0
        self._pulse_at = trio.current_time()
        self._observer(BusConnected(self.where))
        self._poke()

    async def _listen(self, ear: PubSub[bytes]) -> None:
        async for message in ear:
            channel, data = message["channel"], message["data"]
            assert isinstance(channel, bytes)
            assert isinstance(data, bytes)
            if data[:_ORIGIN] != self._origin:
                self._heard += 1
                self._listeners.hear(channel.decode().removeprefix(PREFIX), data[_ORIGIN:])
            elif channel.decode() == PREFIX + self._pulse:
                self._pulse_at = trio.current_time()

    async def _feel_pulse(self) -> None:
        while True:
            self.publish(self._pulse, bytes)
            await trio.sleep(PULSE)
            if trio.current_time() - self._pulse_at > PULSELESS:
                raise _Pulseless(f"nothing heard for {PULSELESS:g} s")

    async def _tell(self, client: "Redis[bytes]", ear: PubSub[bytes]) -> None:
        while True:
            news = self._news
            await self._follow(ear)
            while messages := self._outbox.take(AT_ONCE):
                self._telling = True
                async with client.pipeline(transaction=False) as pipeline:
                    for channel, data in messages:
                        pipeline.publish(PREFIX + channel, self._origin + data)
                self._telling = False
                self._published += len(messages)
            await news.wait()

    async def _follow(self, ear: PubSub[bytes]) -> None:
        """Subscribe to what somebody listens to, and to nothing else."""
        wanted = set(self._listeners)
        if gone := self._subscribed - wanted:
            self._subscribed -= gone
            await ear.unsubscribe(*(PREFIX + channel for channel in gone))
        if new := sorted(wanted - self._subscribed):
            await ear.subscribe(*(PREFIX + channel for channel in new))
            self._subscribed.update(new)
            for channel in new:
                self._listeners.have_missed(channel)

    # -- waking

    def _poke(self) -> None:
        news, self._news = self._news, trio.Event()
        news.set()

    async def _poked(self) -> None:
        await self._news.wait()


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    return f"{parts.scheme}://{host}{parts.path}"
