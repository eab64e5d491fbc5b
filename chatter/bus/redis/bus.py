"""The bus over Redis publish/subscribe, by coredis.

One connection hears, another tells: whatever waits goes out in one write, and no answer is waited for. A pulse that
this node sends to itself through Redis shows that both work; when it is not heard in time, or anything else fails, both
are closed and opened anew, after a while that grows with each failure. While there is no connection nothing waits for
it: what would be told is stale by then, and everybody is told that they missed something when it is back.

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
from coredis.retry import NoRetryPolicy

from chatter.bus.listeners import Listener, Listeners
from chatter.bus.outbox import Outbox
from chatter.bus.port import BusConnected, BusEvent, BusLost
from chatter.bus.redis.claims import RedisClaims
from chatter.bus.redis.lines import ANSWER, Ear, Mouth, lines

PREFIX: Final = "chatter:"
CONNECT: Final = 3.0
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
        self._listeners = Listeners(self._listeners_changed)
        self._outbox = Outbox(WAITING, WAITING_BYTES)
        self._to_tell, self._to_follow = trio.Event(), trio.Event()
        self._tried, self._stop = trio.Event(), trio.Event()
        self._scope = trio.CancelScope()
        self._asked_for: set[str] = set()
        self._subscribed: set[str] = set()
        self._pulse_at = 0.0
        self._pulses = self._pulses_heard = 0
        self._failures = 0
        self._published = self._heard = self._connections = 0
        self.connected = False
        self.alone = False

    def statistics(self) -> RedisStatistics:
        return RedisStatistics(self._published, self._heard, self._outbox.dropped, self._connections)

    def publish(self, channel: str, encode: Callable[[], bytes]) -> None:
        if self.connected:
            self._outbox.put(channel, encode())
            self._to_tell.set()
        else:
            self._outbox.dropped += 1

    def subscribe(self, channel: str, heard: Callable[[bytes], None], missed: Callable[[], None]) -> Listener:
        listener = self._listeners.add(channel, heard, missed)
        if channel in self._subscribed:
            missed()
        return listener

    def stop(self) -> None:
        """Tell what waits, if that is quickly done, and let `run` return."""
        self._stop.set()
        if not self.connected:
            self._scope.cancel()

    async def run(self, started: Callable[[], Any]) -> None:
        """Live until `stop`. `started` is called when Redis answered or could not be reached: either is fine."""
        self._stop, self._tried = trio.Event(), trio.Event()
        with trio.CancelScope() as self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._converse_again_and_again)
                with trio.move_on_after(CONNECT):
                    await self._tried.wait()
                started()

    async def _converse_again_and_again(self) -> None:
        while not self._stop.is_set():
            await self._converse_once()
            await trio.sleep(self._patience())

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
            self.connected = False
            self.claims.close()
            self._asked_for.clear()
            self._subscribed.clear()
            self._outbox.clear()
            self._tried.set()

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
        async with client, lines(client) as (ear, mouth):
            await self.claims.open(client)
            self._connection_made()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ear.listen, self._hear, self._begin_to_hear)
                nursery.start_soon(ear.heed)
                nursery.start_soon(self._follow, ear)
                nursery.start_soon(self._tell, mouth)
                nursery.start_soon(mouth.ignore_answers)
                nursery.start_soon(self._feel_pulse)
                nursery.start_soon(self.claims.live, client)
                nursery.start_soon(self._part, client)

    async def _part(self, client: "Redis[bytes]") -> None:
        """End when asked to, when all that was told is there."""
        await self._stop.wait()
        with trio.move_on_after(PARTING):
            self._send_pulse()
            while self._pulses_heard < self._pulses:  # noqa: ASYNC110 — once a process: not worth telling
                await trio.sleep(LOOK_AGAIN)
            await self.claims.leave(client)
        self._scope.cancel()

    def _connection_made(self) -> None:
        self.connected = True
        self._connections += 1
        self._failures = 0
        self._pulse_at = trio.current_time()
        self._observer(BusConnected(self.where))
        self._tried.set()

    def _hear(self, channel: str, data: bytes) -> None:
        if not data.startswith(self._origin):
            self._heard += 1
            self._listeners.hear(channel.removeprefix(PREFIX), data[_ORIGIN:])
        elif channel == PREFIX + self._pulse:
            self._pulse_at = trio.current_time()
            self._pulses_heard = int(data[_ORIGIN:])

    async def _feel_pulse(self) -> None:
        while True:
            self._send_pulse()
            await trio.sleep(PULSE)
            if trio.current_time() - self._pulse_at > PULSELESS:
                raise _Pulseless(f"nothing heard for {PULSELESS:g} s")

    def _send_pulse(self) -> None:
        self._pulses += 1
        self.publish(self._pulse, lambda: b"%d" % self._pulses)

    async def _tell(self, mouth: Mouth) -> None:
        while True:
            self._to_tell = trio.Event()
            while messages := self._outbox.take(AT_ONCE):
                await mouth.tell([(PREFIX + channel, self._origin + data) for channel, data in messages])
                self._published += len(messages)
            await self._to_tell.wait()

    # -- who listens

    def _listeners_changed(self) -> None:
        self._to_follow.set()

    async def _follow(self, ear: Ear) -> None:
        """Subscribe to what somebody listens to, and to nothing else."""
        while True:
            self._to_follow = trio.Event()
            wanted = {self._pulse, *self._listeners}
            if gone := sorted(self._asked_for - wanted):
                self._subscribed.difference_update(gone)
                ear.unsubscribe(PREFIX + channel for channel in gone)
            if new := sorted(wanted - self._asked_for):
                ear.subscribe(PREFIX + channel for channel in new)
            self._asked_for = wanted
            await self._to_follow.wait()

    def _begin_to_hear(self, channel: str) -> None:
        """What is told there is heard from now on; said again for each time that it was wanted."""
        channel = channel.removeprefix(PREFIX)
        if channel in self._asked_for:
            self._subscribed.add(channel)
            self._listeners.have_missed(channel)


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    return f"{parts.scheme}://{host}{parts.path}"
