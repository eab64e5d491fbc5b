"""What a server left on its disk, read without its code."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from tests.histories import Entry, Log, Standing

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


def _changed(row: tuple[int, str, str, str, str | None, str | None, int | None]) -> Entry:
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
