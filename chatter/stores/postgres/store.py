"""The adapter: `chatter.stores.port.Store` on a PostgreSQL database that other nodes use too.

A supervisor runs it; rooms call it. Writes go to the one writer, reads to the connections beside it. The database may
go away and come back while this runs: meanwhile calls wait for `patience` seconds, and then are `Unavailable`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, TypeVar

import asyncpg
import attrs
import trio

from chatter.core.commands import Command
from chatter.core.events import Event
from chatter.core.model import RoomInfo, User, now
from chatter.errors import AlreadyExists, NotFound, Unavailable
from chatter.stores.port import Disconnections, Hit, MemberPage, Outcome, Page, StoreObserver, StoreUnreachable, Tail
from chatter.stores.postgres import closing, reading, search
from chatter.stores.postgres.bridge import Bridge, open_bridge
from chatter.stores.postgres.connection import (
    FROM_CONNECTING,
    FROM_SERVER,
    Address,
    Connection,
    Lost,
    check_version,
    unavailable,
    unreachable,
)
from chatter.stores.postgres.migrating import migrate
from chatter.stores.postgres.pool import Job, Pool, PoolStatistics
from chatter.stores.postgres.writer import Writer, WriterStatistics
from chatter.stores.postgres.writing import Append

T = TypeVar("T")

_READ_WITHIN: Final = 6.0  # the server gives a statement up sooner
_CHECK_WITHIN: Final = 2.0
_CHECK_PATIENCE: Final = 1.0
_MIGRATE_WITHIN: Final = 600.0
_STOP_WITHIN: Final = 2.0


@attrs.frozen
class _Run:
    """What exists from the start of a run to its end. `watch`: a pool of one, for `check` alone."""

    pool: Pool
    watch: Pool
    writer: Writer


@attrs.define(eq=False)
class PostgresStore:
    """One database's store. Nothing is opened before `run`; outside of it every call raises `Unavailable`.

    `patience`: seconds to wait for a database that is away, or for a free connection. `size`: connections at most, one
    of which is the writer's; one more is there for `check`. `capacity`: appends that may wait.
    """

    address: Address
    patience: float = attrs.field(default=3.0, kw_only=True)
    size: int = attrs.field(default=5, kw_only=True, validator=attrs.validators.ge(2))
    capacity: int = attrs.field(default=4096, kw_only=True)
    observer: StoreObserver = attrs.field(default=lambda _: None, kw_only=True)
    _now: _Run | None = attrs.field(default=None, init=False)
    _readers: trio.Semaphore = attrs.field(init=False)
    _stopping: trio.Event = attrs.field(factory=trio.Event, init=False)
    _starting: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _failure: StoreUnreachable | None = attrs.field(default=None, init=False)

    async def run(self, started: Callable[[], object]) -> None:
        """Connect, migrate, call `started`, serve until `stop`. May be called again after it ended.

        Cancelled: what waits is still written, for 2 s at most. A database that is not there at the start, or is not
        ours, raises `StoreUnreachable`.
        """
        self._stopping, self._starting, self._failure = trio.Event(), trio.CancelScope(), None
        async with trio.open_nursery() as watch:
            watch.start_soon(self._stop_when_cancelled)
            with trio.CancelScope(shield=True):
                await self._live(started)
            watch.cancel_scope.cancel()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Finish what is queued and let `run` return; from now on every write raises `Unavailable`."""
        self._stopping.set()
        self._starting.cancel()
        if self._now is not None:
            self._now.writer.stop()

    def statistics(self) -> tuple[PoolStatistics, WriterStatistics]:
        """How this run does; all zero outside of one."""
        if self._now is None:
            return PoolStatistics(), WriterStatistics()
        return self._now.pool.statistics(), self._now.writer.statistics()

    async def append(self, room: str, commands: Sequence[Command]) -> list[Outcome]:
        return await self._running.writer.submit(Append(room, commands))

    async def tail(self, room: str, *, events: int, messages: int) -> Tail:
        return await self._read(partial(reading.tail, name=room, events=events, messages=messages))

    async def events_after(self, room: str, after: int, limit: int) -> list[Event]:
        return await self._read(partial(reading.events_after, name=room, after=after, limit=limit))

    async def page(self, room: str, *, before: int | None = None, after: int | None = None, limit: int) -> Page:
        return await self._read(partial(reading.page, name=room, before=before, after=after, limit=limit))

    async def mark_read(self, room: str, user: User, seq: int) -> int:
        return await self._read(partial(reading.mark_read, name=room, user=user, seq=seq))

    async def members(self, room: str, *, before: tuple[str, str] | None = None, limit: int) -> MemberPage:
        return await self._read(partial(reading.members, name=room, before=before, limit=limit))

    async def search(self, query: str, *, room: str | None, limit: int) -> list[Hit]:
        return await self._read(partial(search.find, query=query, name=room, limit=limit))

    async def rooms(self) -> list[RoomInfo]:
        return await self._read(reading.rooms)

    async def room(self, name: str) -> RoomInfo | None:
        with suppress(NotFound):
            return await self._read(partial(reading.room, name=name))
        return None

    async def create_room(self, name: str, topic: str) -> RoomInfo:
        """Asked again after a lost connection it may find its own room, which is then taken for another's."""
        created = RoomInfo(name, topic, now())
        if not await self._read(partial(_create_room, room=created)):
            raise AlreadyExists(f"There is a room named {name} already.")
        return created

    async def last_seqs(self, names: Sequence[str]) -> dict[str, int]:
        return await self._read(partial(reading.last_seqs, names=names))

    async def close_room(self, name: str) -> None:
        """Asked again after a lost connection it may find that it is closed, and is then `NotFound`."""
        await self._read(partial(closing.close_room, name=name))

    async def disconnect(self, user_id: str) -> None:
        await self._read(partial(closing.disconnect, user_id=user_id))

    async def disconnections(self, after: int | None) -> Disconnections:
        return await self._read(partial(closing.disconnections, after=after))

    async def check(self) -> None:
        """The database answers, and would let us write. On a connection of its own, since one that is busy is no sign
        of a database that is lost."""
        watch = self._running.watch
        with trio.move_on_after(_CHECK_WITHIN):
            if await self._ask(watch, _is_writable):
                return
        raise Unavailable("The database does not answer.")

    @property
    def _running(self) -> _Run:
        if self._now is None:
            raise Unavailable("The database is not open; try again.")
        return self._now

    async def _read(self, query: Job[T]) -> T:
        pool = self._running.pool
        async with self._one_of_the_readers():
            return await self._ask(pool, query)

    async def _ask(self, pool: Pool, query: Job[T]) -> T:
        """Asked once more when the connection is lost: there is no harm in it."""
        try:
            try:
                return await pool.run(query, within=_READ_WITHIN)
            except Lost as lost:
                if lost.silent:
                    raise
                return await pool.run(query, within=_READ_WITHIN)
        except asyncpg.CharacterNotInRepertoireError:  # NUL, which no text can hold that is stored
            raise NotFound("There is nothing of that name.") from None
        except (Lost, *FROM_SERVER) as error:
            raise unavailable(error) from None

    @asynccontextmanager
    async def _one_of_the_readers(self) -> AsyncIterator[None]:
        """So that a connection is left for the writer."""
        readers, admitted = self._readers, False
        with trio.move_on_after(self.patience):
            await readers.acquire()
            admitted = True
        if not admitted:
            raise Unavailable("The database has too much to do; try again.")
        try:
            yield
        finally:
            readers.release()

    async def _stop_when_cancelled(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            self.stop()

    async def _live(self, started: Callable[[], object]) -> None:
        self._readers = trio.Semaphore(self.size - 1)
        async with open_bridge() as bridge:
            pool = Pool(bridge, self.address, size=self.size, patience=self.patience, observer=self.observer)
            watch = Pool(bridge, self.address, size=1, patience=_CHECK_PATIENCE, observer=lambda _: None)
            run = _Run(pool, watch, Writer(pool, capacity=self.capacity, patience=self.patience))
            try:
                with self._starting:
                    await self._prepare(bridge, pool)
                if not self._starting.cancelled_caught:
                    self._now = run
                    await self._serve(run, started)
            except StoreUnreachable as failure:
                self._failure = failure
            finally:
                self._now = None
                run.writer.abandon()
                await watch.close()
                await pool.close()

    async def _prepare(self, bridge: Bridge, pool: Pool) -> None:
        try:
            await pool.open()
            await pool.run(check_version, within=_READ_WITHIN)
            await pool.run(migrate, within=_MIGRATE_WITHIN)
        except (Lost, StoreUnreachable, *FROM_CONNECTING) as error:
            raise unreachable(self.address, error) from error

    async def _serve(self, run: _Run, started: Callable[[], object]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run.pool.keep)
            nursery.start_soon(run.watch.keep)
            started()
            async with trio.open_nursery() as writing:
                writing.start_soon(run.writer.run)
                await self._stopping.wait()
                run.writer.stop()
                writing.cancel_scope.deadline = trio.current_time() + _STOP_WITHIN
            nursery.cancel_scope.cancel()


async def _create_room(connection: Connection, room: RoomInfo) -> bool:
    made = await connection.fetchval(
        "insert into rooms (name, topic, created_at) values ($1, $2, $3) on conflict do nothing returning id",
        *(room.name, room.topic, room.created_at),
    )
    return made is not None


async def _is_writable(connection: Connection) -> bool:
    return bool(await connection.fetchval("select current_setting('transaction_read_only') = 'off'"))
