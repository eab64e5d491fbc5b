"""A whole file's rows, given away to another database: one state of it, which nobody changes meanwhile.

Messages are named by their room and `seq`, as everywhere but in this file.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import attrs

from chatter.stores.port import StoreUnreachable
from chatter.stores.rows import Batch, Source
from chatter.stores.sqlite.connection import open_writer, unreachable
from chatter.stores.sqlite.migrating import migrate

_PATIENCE: Final = 2.0
_BATCH: Final = 5_000
_SELECT: Final = {
    "rooms": "select id, name, topic, created_at, last_seq, closed_at from rooms order by id",
    "messages": "select room, seq, id, user_id, user_name, user_avatar, text, inserted_at, client_id, edited_at, "
    "deleted from messages order by room, seq",
    "changes": "select c.room, c.seq, c.kind, m.seq, c.command_id, c.user_id, c.user_name, c.at, c.text, c.emoji, "
    "c.given from changes c join messages m on m.key = c.message order by c.room, c.seq",
    "reactions": "select m.room, m.seq, r.emoji, r.user_id, r.since, r.seq from reactions r "
    "join messages m on m.key = r.message",
    "reads": "select room, user_id, seq, user_name, user_avatar, at from reads",
}


@attrs.frozen
class SqliteSource:
    """`chatter.stores.rows.Source`, inside `giving`."""

    path: Path
    connection: sqlite3.Connection = attrs.field(repr=False)

    def batches(self, table: str) -> Iterator[Batch]:
        rows = self.connection.execute(_SELECT[table])
        while batch := rows.fetchmany(_BATCH):
            yield batch

    def count(self, table: str) -> int:
        return int(self.connection.execute(f"select count(*) from {table}").fetchone()[0])

    def secret(self) -> str | None:
        path = self.path.with_suffix(".secret")
        return path.read_text("utf-8").strip() if path.is_file() else None


@contextmanager
def giving(path: Path) -> Iterator[Source]:
    """While the block lasts nobody else can write to the file: what a server acknowledges is given away, or refused."""
    if not path.is_file():
        raise StoreUnreachable(f"The database {path} can't be opened: there is no such file.")
    try:
        with closing(open_writer(path, _PATIENCE)) as connection:
            migrate(connection)
            connection.execute("begin immediate")
            yield SqliteSource(path, connection)
            connection.execute("rollback")
    except (sqlite3.DatabaseError, OSError) as error:
        raise unreachable(path, error) from error
