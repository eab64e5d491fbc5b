"""Full-text search, whose index is filled behind the posts and never lags behind a change.

`search_progress.key` says how far the index has come: what was posted later is not in it yet. A message that is in
it is taken out or replaced in the transaction that edits or deletes it, so a deleted word is never found.
"""

import sqlite3
from typing import Final

from chatter.stores.bounds import bounded
from chatter.stores.port import Hit
from chatter.stores.sqlite import reading
from chatter.stores.sqlite.reading import MESSAGE

_MOST_WORDS: Final = 50


def index_some(connection: sqlite3.Connection, rows: int) -> int:
    """Index the next `rows` messages; the key up to which everything is indexed now."""
    done = _progress(connection)
    last = connection.execute(
        "select max(key) from (select key from messages where key > ? order by key limit ?)", (done, rows)
    ).fetchone()[0]
    if last is None:
        return done
    connection.execute(
        "insert into search (rowid, text, room) select key, text, room from messages "
        "where key > ? and key <= ? and not deleted",
        (done, last),
    )
    connection.execute("update search_progress set key = ?", (last,))
    return int(last)


def lag(connection: sqlite3.Connection) -> int:
    """How many messages still wait for the index."""
    return newest_key(connection) - _progress(connection)


def newest_key(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select coalesce(max(key), 0) from messages").fetchone()[0])


def replace(connection: sqlite3.Connection, key: int, room: int, old: str, new: str | None) -> None:
    """Exchange the indexed words of a message; without `new` they are gone."""
    if key > _progress(connection):
        return
    connection.execute("insert into search (search, rowid, text, room) values ('delete', ?, ?, ?)", (key, old, room))
    if new is not None:
        connection.execute("insert into search (rowid, text, room) values (?, ?, ?)", (key, new, room))


def find(connection: sqlite3.Connection, query: str, name: str | None, limit: int) -> list[Hit]:
    room = None if name is None else reading.room_id(connection, name)
    matching = match_expression(query, room)
    if matching is None:
        return []
    rows = connection.execute(
        f"select {MESSAGE}, r.name from search s join messages m on m.key = s.rowid join open_rooms r on r.id = m.room "
        "where search match ? order by s.rowid desc limit ?",
        (matching, max(0, bounded(limit))),
    ).fetchall()
    found = reading.messages(connection, [row[:-1] for row in rows])
    return [Hit(row[-1], message) for row, message in zip(rows, found, strict=True)]


def match_expression(query: str, room: int | None) -> str | None:
    """The query in FTS5's language, each word quoted so that none is an operator; None when it has no words."""
    clean = query.encode("utf-8", "replace").decode().replace("\x00", " ")
    words = list(dict.fromkeys(word for word in clean.split() if any(map(_counts, word))))[:_MOST_WORDS]
    if not words:
        return None
    text = " ".join('"' + word.replace('"', '""') + '"' for word in words) + "*"
    return f"text : ({text})" if room is None else f'text : ({text}) AND room : "{room}"'


def _counts(character: str) -> bool:
    """Whether the tokenizer keeps the character: letters, digits and marks of all scripts, and private ones."""
    return character.isalnum() or not character.isascii()


def _progress(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select key from search_progress").fetchone()[0])
