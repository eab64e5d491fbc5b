"""What the requests of one group share while they run: the rooms' counters, and rows not yet inserted.

A *hasty* transaction believes that every post is new: rows are gathered and inserted many to a statement, and a
post that is known already breaks the whole transaction. A careful one looks first. The writer tries haste, and
care when that fails.
"""

import sqlite3
from functools import cache
from typing import Any, Final

import attrs

from chatter.errors import NotFound

_SIZES: Final = (64, 32, 16, 8, 4, 2, 1)
_WIDTH: Final = 9


@attrs.define
class Counter:
    """A room's number and its last `seq`, as this transaction will leave it."""

    id: int
    seq: int
    seq_before: int

    def next(self) -> int:
        self.seq += 1
        return self.seq


@attrs.define
class Transaction:
    """One write transaction. A job that raises a `ChatterError` in it has changed nothing."""

    connection: sqlite3.Connection
    hasty: bool
    posted: int = 0
    _rooms: dict[str, Counter] = attrs.Factory(dict)
    _rows: list[Any] = attrs.Factory(list)

    def room(self, name: str) -> Counter:
        counter = self._rooms.get(name)
        if counter is None:
            counter = self._rooms[name] = self._read_counter(name)
        return counter

    def forget(self, name: str) -> Counter:
        """The room that there is from now on no more, its counter written back."""
        counter = self.room(name)
        self._write_back(counter)
        del self._rooms[name]
        return counter

    def insert(self, row: tuple[Any, ...]) -> None:
        """Insert this message, at once or, in haste, with the others."""
        self._rows.extend(row)
        self.posted += 1
        if not self.hasty:
            self.flush()

    def flush(self) -> None:
        """Insert what was gathered, so that a statement can see it."""
        rows, start = self._rows, 0
        for size in _SIZES:
            while len(rows) - start >= size * _WIDTH:
                self.connection.execute(_insert(size), rows[start : start + size * _WIDTH])
                start += size * _WIDTH
        rows.clear()

    def finish(self) -> None:
        """Insert what was gathered and write the counters back: the last thing before the commit."""
        self.flush()
        for room in self._rooms.values():
            self._write_back(room)

    def _write_back(self, room: Counter) -> None:
        if room.seq != room.seq_before:
            self.connection.execute("update rooms set last_seq = ? where id = ?", (room.seq, room.id))

    def _read_counter(self, name: str) -> Counter:
        row = self.connection.execute("select id, last_seq from open_rooms where name = ?", (name,)).fetchone()
        if row is None:
            raise NotFound(f"There is no room named {name}.")
        return Counter(row[0], row[1], row[1])


@cache
def _insert(size: int) -> str:
    return (
        "insert into messages (id, room, seq, user_id, user_name, user_avatar, text, inserted_at, client_id) values "
        + ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?)"] * size)
    )
