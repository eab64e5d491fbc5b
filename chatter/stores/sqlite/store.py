"""The adapter: `chatter.stores.port.Store` on one SQLite file.

A supervisor runs it; rooms call it. Writes go to the one writer, reads to threads beside it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from sqlite3 import Connection, DatabaseError
from typing import Final, TypeVar

import attrs
import trio

from chatter.core.commands import Command
from chatter.core.events import Event
from chatter.core.model import LOBBY, RoomInfo, User
from chatter.errors import Unavailable
from chatter.stores.port import Disconnections, Hit, MemberPage, Outcome, Page, StoreUnreachable, Tail
from chatter.stores.sqlite import closing, log, reading, search
from chatter.stores.sqlite.connection import open_writer, unreachable
from chatter.stores.sqlite.migrating import migrate
from chatter.stores.sqlite.readers import Readers
from chatter.stores.sqlite.transaction import Transaction
from chatter.stores.sqlite.writer import Statistics, Writer

T = TypeVar("T")

_BITE: Final = 500
_CHECK_DEADLINE: Final = 5.0
_STOP_DEADLINE: Final = 2.0


@attrs.frozen
class _Run:
    """What exists from the start of a run to its end."""

    writer: Writer
    readers: Readers


@attrs.define(eq=False)
class SqliteStore:
    """One file's store. Nothing is opened before `run`; outside of it every call raises `Unavailable`.

    `patience`: seconds to wait for another process that holds the file. `capacity`: requests that may wait.
    """

    path: Path = attrs.field(converter=Path)
    patience: float = attrs.field(default=2.0, kw_only=True)
    capacity: int = attrs.field(default=4096, kw_only=True)
    _now: _Run | None = attrs.field(default=None, init=False)
    _stopping: bool = attrs.field(default=False, init=False)

    async def run(self, started: Callable[[], None]) -> None:
        """Open, migrate, call `started`, serve until `stop`. May be called again after it ended.

        Cancelled: what waits is still written, for 2 s at most. A crash of the writer is raised here. A file that
        can't be opened raises `StoreUnreachable`.
        """
        self._stopping = False
        connection = await trio.to_thread.run_sync(_open, self.path, self.patience)
        run = _Run(Writer(connection, self.capacity), Readers(self.path, self.patience))
        run.writer.start()
        try:
            await self._serve(run, started)
        finally:
            await _close(run)
            self._now = None

    def stop(self) -> None:
        """Finish what is queued and let `run` return; from now on every write raises `Unavailable`."""
        self._stopping = True
        if self._now is not None:
            self._now.writer.stop()

    def statistics(self) -> Statistics:
        """How the writer of this run does; all zero outside of a run."""
        return Statistics() if self._now is None else self._now.writer.statistics()

    async def append(self, room: str, commands: Sequence[Command]) -> list[Outcome]:
        return await self._running.writer.submit(partial(log.append, name=room, commands=commands))

    async def tail(self, room: str, *, events: int, messages: int) -> Tail:
        return await self._read(partial(reading.tail, name=room, events=events, messages=messages))

    async def events_after(self, room: str, after: int, limit: int) -> list[Event]:
        return await self._read(partial(reading.events_after, name=room, after=after, limit=limit))

    async def page(self, room: str, *, before: int | None = None, after: int | None = None, limit: int) -> Page:
        return await self._read(partial(reading.page, name=room, before=before, after=after, limit=limit))

    async def mark_read(self, room: str, user: User, seq: int) -> int:
        await self._running.writer.submit(partial(log.mark_read, name=room, user=user, seq=seq))
        return await self._read(partial(reading.unread, name=room, user_id=user.id))

    async def members(self, room: str, *, before: tuple[str, str] | None = None, limit: int) -> MemberPage:
        return await self._read(partial(reading.members, name=room, before=before, limit=limit))

    async def search(self, query: str, *, room: str | None, limit: int) -> list[Hit]:
        """While nothing can be written (disk full, locked), the newest messages may be missing."""
        with suppress(Unavailable):
            await self._index_everything()
        return await self._read(partial(search.find, query=query, name=room, limit=limit))

    async def rooms(self) -> list[RoomInfo]:
        return await self._read(reading.rooms)

    async def room(self, name: str) -> RoomInfo | None:
        return await self._read(partial(reading.room, name=name))

    async def create_room(self, name: str, topic: str) -> RoomInfo:
        return await self._running.writer.submit(partial(log.create_room, name=name, topic=topic))

    async def last_seqs(self, names: Sequence[str]) -> dict[str, int]:
        return await self._read(partial(reading.last_seqs, names=names))

    async def close_room(self, name: str) -> None:
        await self._running.writer.submit(partial(closing.close_room, name=name))

    async def disconnect(self, user_id: str) -> None:
        await self._running.writer.submit(partial(closing.disconnect, user_id=user_id))

    async def disconnections(self, after: int | None) -> Disconnections:
        return await self._read(partial(closing.disconnections, after=after))

    async def check(self) -> None:
        """A write transaction, a read, and the file still in its place. When the last write was refused (disk full,
        I/O error) an empty transaction proves nothing, and something is written."""
        with trio.move_on_after(_CHECK_DEADLINE):
            writer = self._running.writer
            await writer.submit(_write if writer.refused else _nothing)
            await self.room(LOBBY)
            if await trio.Path(self.path).is_file():
                return
        raise Unavailable("The database does not answer.")

    @property
    def _running(self) -> _Run:
        if self._now is None:
            raise Unavailable("The database is not open; try again.")
        return self._now

    async def _serve(self, run: _Run, started: Callable[[], None]) -> None:
        self._now = run
        try:
            if self._stopping:
                run.writer.stop()
            started()
            crash = await run.writer.ended()
        finally:
            run.writer.stop()
        if crash is not None:
            raise crash

    async def _read(self, query: Callable[[Connection], T]) -> T:
        return await self._running.readers.read(query)

    async def _index_everything(self) -> None:
        """Bite by bite, so that posts get in between; what is posted meanwhile need not be found."""
        submit = self._running.writer.submit
        newest = await submit(_newest_key)
        while await submit(_index_some) < newest:
            pass


async def _close(run: _Run) -> None:
    """What waits gets its answer, or `Unavailable` when the disk does not let it be written in time."""
    with trio.move_on_after(_STOP_DEADLINE, shield=True):
        await run.writer.ended()
    run.writer.abandon()
    run.readers.close()


def _open(path: Path, patience: float) -> Connection:
    connection = open_writer(path, patience)
    try:
        migrate(connection)
    except (DatabaseError, StoreUnreachable) as error:
        connection.close()
        raise unreachable(path, error) from error
    return connection


def _nothing(transaction: Transaction) -> None:
    """An empty transaction: it shows that the writer lives and the database lets it in."""


def _write(transaction: Transaction) -> None:
    """The same schema version again: the smallest thing that has to go to the disk."""
    version = transaction.connection.execute("pragma user_version").fetchone()[0]
    transaction.connection.execute(f"pragma user_version = {version:d}")


def _newest_key(transaction: Transaction) -> int:
    transaction.flush()
    return search.newest_key(transaction.connection)


def _index_some(transaction: Transaction) -> int:
    transaction.flush()
    return search.index_some(transaction.connection, _BITE)
