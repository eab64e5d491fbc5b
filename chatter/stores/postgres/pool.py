"""Connections, each used by one job at a time, and opened again when they are lost.

* At most `size` are open. Whoever finds none free waits, as long as its patience lasts.
* A connection whose job failed is looked at before another gets it: one that is closed, or still in a transaction, is
  thrown away.
* When the server can't be reached, one task (`keep`) tries again and again, slower and slower, and the others wait for
  it, as long as their patience lasts: then it is `Unavailable`.
"""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import asyncpg
import attrs
import trio

from chatter.errors import Unavailable
from chatter.stores.port import DatabaseFound, DatabaseLost, StoreObserver
from chatter.stores.postgres.bridge import Bridge, TookTooLong
from chatter.stores.postgres.connection import (
    CONNECT_WITHIN,
    FROM_CONNECTING,
    FROM_USING,
    Address,
    Connection,
    Lost,
    connect,
    is_gone,
    told,
)

T = TypeVar("T")
Job = Callable[[Connection], Coroutine[Any, Any, T]]

_FIRST_DELAY: Final = 0.05
_LONGEST_DELAY: Final = 2.0
_CLOSE_WITHIN: Final = 1.0
_SEND_AWAY_WITHIN: Final = 1.0


@attrs.frozen
class PoolStatistics:
    """Connections open and in use; `losses` count how often the database was lost."""

    open: int = 0
    busy: int = 0
    losses: int = 0
    reachable: bool = False


class Pool:
    """Lives as long as its bridge; `keep` has to run meanwhile, and `close` comes last."""

    def __init__(
        self, bridge: Bridge, address: Address, *, size: int, patience: float, observer: StoreObserver
    ) -> None:
        self._bridge = bridge
        self._address = address
        self._size = size
        self._patience = patience
        self._observe = observer
        self._permits = trio.Semaphore(size)
        self._free: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._opening = 0
        self._idle = trio.Event()
        self._closed = False
        self._reachable = trio.Event()
        self._reachable.set()
        self._lost = trio.Event()
        self._lost_at = 0.0
        self._losses = 0

    def statistics(self) -> PoolStatistics:
        open = len(self._free) + len(self._busy)
        return PoolStatistics(open, len(self._busy), self._losses, self._reachable.is_set())

    async def open(self) -> None:
        """Open the first connection; raises what asyncpg says when that is impossible."""
        await self._connect()

    async def run(self, job: Job[T], *, within: float) -> T:
        """What the job returns, with a connection of its own; it has `within` seconds.

        `Unavailable` when there is no connection in time, `Lost` when it went away or took too long; whatever else the
        server refused is raised as it came.
        """
        connection = await self._lease()
        try:
            return await self._use(connection, job, within)
        finally:
            self._permits.release()

    async def keep(self) -> None:
        """Whenever the database is lost, find it again."""
        while True:
            await self._lost.wait()
            delay = _FIRST_DELAY
            while not await self._find():
                await trio.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY)

    async def close(self) -> None:
        """Close what is free politely and what is in use at once: its caller gets `Lost`."""
        self._closed = True
        self._reachable.set()
        for connection in self._busy:
            connection.terminate()
        with trio.move_on_after(_SEND_AWAY_WITHIN):
            while self._busy or self._opening:
                self._idle = trio.Event()
                await self._idle.wait()
        async with trio.open_nursery() as goodbyes:
            while self._free:
                goodbyes.start_soon(self._say_goodbye, self._free.pop())

    async def _say_goodbye(self, connection: Connection) -> None:
        """Also to a query that runs: asyncpg first sees to it that the server gives that up."""
        try:
            with trio.CancelScope(shield=True):
                await self._bridge.call(connection.close(), within=_CLOSE_WITHIN)
        except FROM_CONNECTING:
            connection.terminate()

    async def _lease(self) -> Connection:
        """A connection, and the permit to use it."""
        with trio.move_on_after(self._patience):
            while not self._closed:
                await self._reachable.wait()
                await self._permits.acquire()
                connection = None
                try:
                    connection = await self._take()
                finally:
                    if connection is None:
                        self._permits.release()
                if connection is not None:
                    return connection
        raise Unavailable("The database does not answer; try again.")

    async def _take(self) -> Connection | None:
        """A connection, or None when none could be opened."""
        if not self._has_free():
            try:
                await self._connect()
            except asyncpg.TooManyConnectionsError:  # it is there, and may have room in a moment
                await trio.sleep(_FIRST_DELAY)
            except FROM_CONNECTING as error:
                self._lose(told(error))
        return self._free.pop() if self._has_free() else None

    def _has_free(self) -> bool:
        while self._free and self._free[-1].is_closed():
            self._free.pop()
        return bool(self._free)

    async def _connect(self) -> None:
        """One more in `_free`."""
        self._opening += 1
        try:
            await self._bridge.call(self._add(), within=CONNECT_WITHIN + 1)
        finally:
            self._opening -= 1
            self._idle.set()

    async def _add(self) -> None:
        """On the other side, so that a caller who is cancelled at the very end does not lose the connection."""
        connection = await connect(self._address)
        if self._closed or len(self._free) + len(self._busy) >= self._size:
            connection.terminate()
        else:
            self._free.append(connection)

    async def _use(self, connection: Connection, job: Job[T], within: float) -> T:
        self._busy.add(connection)
        try:
            return await self._bridge.call(job(connection), within=within, abandoned=connection.terminate)
        except FROM_USING as error:
            if not is_gone(error, connection):
                raise
            await self._say_goodbye(connection)
            raise Lost(told(error), silent=isinstance(error, TookTooLong)) from error
        finally:
            self._busy.remove(connection)
            self._idle.set()
            self._take_back(connection)

    def _take_back(self, connection: Connection) -> None:
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._free.append(connection)

    def _lose(self, why: str) -> None:
        if self._reachable.is_set() and not self._closed:
            self._reachable = trio.Event()
            self._lost.set()
            self._lost_at = trio.current_time()
            self._losses += 1
            self._observe(DatabaseLost(str(self._address), why))

    async def _find(self) -> bool:
        try:
            await self._connect()
        except asyncpg.TooManyConnectionsError:
            pass  # somebody answers
        except FROM_CONNECTING:
            return False
        self._lost = trio.Event()
        self._reachable.set()
        self._observe(DatabaseFound(str(self._address), trio.current_time() - self._lost_at))
        return True
