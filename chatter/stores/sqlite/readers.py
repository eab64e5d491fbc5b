"""A few connections that only read, each used by one thread at a time.

A thread takes a connection when it begins and gives it back when it has ended, also when its caller was cancelled
and is long gone: so no connection ever serves two. As many threads may run as there are connections; a query that
takes longer than `longest` is given up as `Unavailable`.
"""

import sqlite3
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import trio

from chatter.errors import Unavailable
from chatter.stores.sqlite.connection import open_reader, unavailable

T = TypeVar("T")

_STEPS_BETWEEN_LOOKS: Final = 50_000


class Readers:
    """Connections open when first needed, and close with `close`."""

    def __init__(self, path: Path, patience: float, size: int = 4, longest: float = 10.0) -> None:
        self._path = path
        self._patience = patience
        self._longest = longest
        self._limiter = trio.CapacityLimiter(size)
        self._free: deque[sqlite3.Connection] = deque()
        self._closed = False

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What `query` returns; it sees one state of the database, with everything acknowledged before the call."""
        if self._closed:
            raise Unavailable("The database is closed; try again.")
        try:
            return await trio.to_thread.run_sync(self._run, query, limiter=self._limiter, abandon_on_cancel=True)
        except sqlite3.DatabaseError as error:
            raise unavailable(error) from None

    def close(self) -> None:
        """Close what is free; what is in use is closed by its thread."""
        self._closed = True
        self._close_free()

    def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._take()
        try:
            return _in_one_state(connection, query, time.monotonic() + self._longest)
        finally:
            self._free.append(connection)
            if self._closed:
                self._close_free()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._free.pop()
        except IndexError:
            return open_reader(self._path, self._patience)

    def _close_free(self) -> None:
        while self._free:
            try:
                self._free.pop().close()
            except IndexError:  # another thread was faster
                return


def _in_one_state(connection: sqlite3.Connection, query: Callable[[sqlite3.Connection], T], deadline: float) -> T:
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
    connection.execute("begin")
    try:
        return query(connection)
    finally:
        if connection.in_transaction:
            connection.execute("rollback")
