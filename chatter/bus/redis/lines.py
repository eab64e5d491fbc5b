"""Two connections to Redis, dialled by coredis and used without its commands: a node hears on one, tells on the other.

A publish through coredis' pipeline costs a node ten times what writing it does, mostly for an answer that nobody needs,
and a message through its `PubSub` twice what taking it from the connection does.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import trio
from coredis import Redis
from coredis.connection import BaseConnection

ANSWER: Final = 3.0

_Command = tuple[bytes, ...]


class Ear:
    """The connection on which a node hears."""

    def __init__(self, connection: BaseConnection) -> None:
        self._connection = connection

    def subscribe(self, channels: Iterable[str]) -> None:
        self._connection.send_command(b"SUBSCRIBE", *channels)

    def unsubscribe(self, channels: Iterable[str]) -> None:
        self._connection.send_command(b"UNSUBSCRIBE", *channels)

    async def listen(self, heard: Callable[[str, bytes], None], subscribed: Callable[[str], None]) -> None:
        """Until the connection is lost, which raises. `subscribed`: from now on all is heard that is told there."""
        async with aclosing(self._connection.push_messages) as pushes:
            async for pushed in pushes:
                pieces: list[Any] = pushed
                match pieces:
                    case [b"message", channel, data]:
                        heard(channel.decode(), data)
                    case [b"subscribe", channel, _]:
                        subscribed(channel.decode())

    async def heed(self) -> None:
        """Raise what Redis has against a subscription."""
        async with aclosing(self._connection.streamed_messages) as answers:
            async for answer in answers:
                if isinstance(answer, Exception):
                    raise answer


class Mouth:
    """The connection on which a node tells."""

    def __init__(self, connection: BaseConnection) -> None:
        self._connection = connection

    async def hush(self) -> None:
        """Ask Redis not to answer."""
        await self._write([(b"CLIENT", b"REPLY", b"OFF")])

    async def tell(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Each on its channel. A Redis that does not take them in time is an error."""
        await self._write([(b"PUBLISH", channel.encode(), data) for channel, data in messages])

    async def ignore_answers(self) -> None:
        """Those of a Redis that can't be hushed. What it refuses is not heard, and that is noticed."""
        async for _ in self._connection.streamed_messages:
            pass

    async def _write(self, commands: Sequence[_Command]) -> None:
        if (stream := self._connection.stream) is None:
            raise ConnectionError("the connection is lost")
        with trio.move_on_after(ANSWER) as limit:
            await stream.send(b"".join(map(_packed, commands)))
        if limit.cancelled_caught:
            raise TimeoutError(f"Redis took nothing for {ANSWER:g} s")


@asynccontextmanager
async def lines(client: "Redis[bytes]") -> AsyncIterator[tuple[Ear, Mouth]]:
    async with _connection(client) as one, _connection(client) as other:
        mouth = Mouth(other)
        await mouth.hush()
        yield Ear(one), mouth


@asynccontextmanager
async def _connection(client: "Redis[bytes]") -> AsyncIterator[BaseConnection]:
    """One that nobody has had, and nobody gets again."""
    async with client.connection_pool.acquire() as connection:
        try:
            yield connection
        finally:
            connection.invalidate()


def _packed(command: _Command) -> bytes:
    """As Redis' protocol has it."""
    return b"*%d\r\n" % len(command) + b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in command])
