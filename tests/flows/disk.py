"""What a server left in its database, read without its code."""

import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol

import attrs

from tests.histories import Entry, Log, Standing
from tests.postgres_server import PostgresServer


class Truth(Protocol):
    """Where it is kept."""

    def stored(self) -> Log:
        """The lobby's log. Servers may run meanwhile."""
        ...

    def is_sound(self) -> bool:
        """Whether the database finds nothing wrong with itself."""
        ...


@attrs.frozen
class SqliteTruth:
    database: Path

    def stored(self) -> Log:
        return stored(self.database)

    def is_sound(self) -> bool:
        return is_sound(self.database)


_ALL: Final = """
select json_build_object(
'posts', (select coalesce(json_agg(json_build_array(m.seq, m.id, m.user_id, m.client_id)), '[]') from messages m
          join rooms r on r.id = m.room where r.name = 'lobby'),
'changes', (select coalesce(json_agg(json_build_array(c.seq, c.kind, m.id, c.user_id, c.text, c.emoji, c.given)), '[]')
            from changes c join messages m on m.room = c.room and m.seq = c.message
            join rooms r on r.id = c.room where r.name = 'lobby'),
'standing', (select coalesce(json_agg(json_build_array(m.id, m.text, m.deleted)), '[]') from messages m
             join rooms r on r.id = m.room where r.name = 'lobby'),
'reactions', (select coalesce(json_agg(json_build_array(m.id, x.emoji, x.user_id)), '[]') from reactions x
              join messages m on m.room = x.room and m.seq = x.message))"""


@attrs.frozen
class PostgresTruth:
    server: PostgresServer
    database: str

    def stored(self) -> Log:
        found: dict[str, list[list[Any]]] = json.loads(self.server.sql(_ALL, self.database))
        entries = [Entry(seq, "new_message", id, user_id, client) for seq, id, user_id, client in found["posts"]]
        entries += [_changed(tuple(row)) for row in found["changes"]]
        reactions = defaultdict(set)
        for id, emoji, user_id in found["reactions"]:
            reactions[id].add((emoji, user_id))
        messages = {id: Standing(text, gone, frozenset(reactions[id])) for id, text, gone in found["standing"]}
        return Log(sorted(entries, key=lambda entry: entry.seq), messages)

    def is_sound(self) -> bool:
        """Each room counts what its log holds."""
        counted = (
            "select bool_and(r.last_seq = (select count(*) from messages m where m.room = r.id)"
            " + (select count(*) from changes c where c.room = r.id)) from rooms r"
        )
        return self.server.sql(counted, self.database) == "t"


_POSTS = "select m.seq, m.id, m.user_id, m.client_id from messages m join rooms r on r.id = m.room where r.name = ?"
_CHANGES = (
    "select c.seq, c.kind, m.id, c.user_id, c.text, c.emoji, c.given from changes c "
    "join messages m on m.key = c.message join rooms r on r.id = c.room where r.name = ?"
)
_STANDING = "select m.id, m.text, m.deleted from messages m join rooms r on r.id = m.room where r.name = ?"
_REACTIONS = "select m.id, x.emoji, x.user_id from reactions x join messages m on m.key = x.message"


def stored(database: Path, room: str = "lobby") -> Log:
    """The room's log. The server may run meanwhile."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("begin")
        entries = [
            Entry(seq, "new_message", id, user_id, client_id)
            for seq, id, user_id, client_id in connection.execute(_POSTS, (room,))
        ]
        entries += [_changed(row) for row in connection.execute(_CHANGES, (room,))]
        reactions = defaultdict(set)
        for id, emoji, user_id in connection.execute(_REACTIONS):
            reactions[id].add((emoji, user_id))
        messages = {
            id: Standing(text, bool(deleted), frozenset(reactions[id]))
            for id, text, deleted in connection.execute(_STANDING, (room,))
        }
    return Log(sorted(entries, key=lambda entry: entry.seq), messages)


def _changed(row: tuple[Any, ...]) -> Entry:
    seq, kind, id, user_id, text, emoji, given = row
    match kind:
        case "edited":
            return Entry(seq, "message_edited", id, user_id, text)
        case "deleted":
            return Entry(seq, "message_deleted", id, user_id)
        case _:
            return Entry(seq, "reaction", id, user_id, (emoji, bool(given)))


def is_sound(database: Path) -> bool:
    """Whether SQLite finds nothing wrong with the file."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("pragma integrity_check").fetchall() == [("ok",)]
