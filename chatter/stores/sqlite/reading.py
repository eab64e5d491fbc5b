"""Queries in one room, and rows turned into what the product calls them."""

import sqlite3
from collections.abc import Iterable, Sequence
from heapq import merge
from typing import Any, Final

import msgspec

from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import MemberInfo, Message, RoomInfo, User
from chatter.errors import NotFound
from chatter.stores.bounds import END_OF_TIME, HUGE, bounded
from chatter.stores.port import MemberPage, Page, Tail

MESSAGE: Final = (
    "m.key, m.id, m.seq, m.user_id, m.user_name, m.user_avatar, m.text, m.inserted_at, m.client_id, m.edited_at, "
    "m.deleted"
)
_CHANGE: Final = "c.seq, c.kind, m.id, c.text, c.emoji, c.user_id, c.user_name, c.given, c.at"
_ROOM: Final = "name, topic, created_at, last_seq"


def room_id(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("select id from open_rooms where name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"There is no room named {name}.")
    return int(row[0])


def tail(connection: sqlite3.Connection, name: str, events: int, messages: int) -> Tail:
    found = room(connection, name)
    if found is None:
        raise NotFound(f"There is no room named {name}.")
    after = max(0, found.last_seq - bounded(events))
    newest = events_after(connection, name, after, events)
    return Tail(found.last_seq, newest, page(connection, name, None, None, messages).messages)


def events_after(connection: sqlite3.Connection, name: str, after: int, limit: int) -> list[Event]:
    """The room's seq has no gaps, so the next `limit` events are those up to `after + limit`."""
    first = max(0, bounded(after))
    room, last = room_id(connection, name), first + max(0, bounded(limit))
    posted = [Posted(message) for message in _messages_between(connection, room, first, last)]
    changed = connection.execute(
        f"select {_CHANGE} from changes c join messages m on m.key = c.message "
        "where c.room = ? and c.seq > ? and c.seq <= ? order by c.seq",
        (room, first, last),
    )
    return list(merge(posted, map(_changed, changed), key=lambda event: event.seq))


def page(connection: sqlite3.Connection, name: str, before: int | None, after: int | None, limit: int) -> Page:
    """One row more than asked tells whether there is more."""
    wanted = max(0, bounded(limit))
    if after is not None and before is None:
        rows = _rows(connection, name, "m.seq > ? order by m.seq", after, wanted + 1)
        return Page(messages(connection, rows[:wanted]), len(rows) > wanted)
    rows = _rows(connection, name, "m.seq < ? order by m.seq desc", HUGE if before is None else before, wanted + 1)
    return Page(messages(connection, rows[:wanted][::-1]), len(rows) > wanted)


def unread(connection: sqlite3.Connection, name: str, user_id: str) -> int:
    row = connection.execute(
        "select count(*) from open_rooms r join reads d on d.room = r.id and d.user_id = ?1 "
        "join messages m on m.room = r.id and m.seq > d.seq where r.name = ?2 and m.user_id != ?1 and not m.deleted",
        (user_id, name),
    ).fetchone()
    return int(row[0])


def members(connection: sqlite3.Connection, name: str, before: tuple[str, str] | None, limit: int) -> MemberPage:
    """A mark without a time was made by a version that didn't say whose it was."""
    wanted = max(0, bounded(limit))
    rows = connection.execute(
        "select user_id, user_name, user_avatar, at from reads where room = ? and at > '' and (at, user_id) < (?, ?) "
        "order by at desc, user_id desc limit ?",
        (room_id(connection, name), *(before or END_OF_TIME), wanted + 1),
    ).fetchall()
    found = [MemberInfo(User(id, name, avatar), at) for id, name, avatar, at in rows[:wanted]]
    return MemberPage(found, len(rows) > wanted)


def rooms(connection: sqlite3.Connection) -> list[RoomInfo]:
    return [RoomInfo(*row) for row in connection.execute(f"select {_ROOM} from open_rooms order by name")]


def last_seqs(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(
        "select name, last_seq from open_rooms where name in (select value from json_each(?))",
        (msgspec.json.encode(names).decode(),),
    )
    return dict(rows.fetchall())


def room(connection: sqlite3.Connection, name: str) -> RoomInfo | None:
    row = connection.execute(f"select {_ROOM} from open_rooms where name = ?", (name,)).fetchone()
    return None if row is None else RoomInfo(*row)


def messages(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> list[Message]:
    """`rows` of `MESSAGE` columns as messages, their reactions with them."""
    reactions = _reactions(connection, [row[0] for row in rows])
    return [_message(row, reactions.get(row[0])) for row in rows]


def _rows(connection: sqlite3.Connection, name: str, condition: str, seq: int, limit: int) -> list[tuple[Any, ...]]:
    sql = f"select {MESSAGE} from messages m where m.room = ? and {condition} limit ?"
    return connection.execute(sql, (room_id(connection, name), bounded(seq), limit)).fetchall()


def _messages_between(connection: sqlite3.Connection, room: int, first: int, last: int) -> list[Message]:
    sql = f"select {MESSAGE} from messages m where m.room = ? and m.seq > ? and m.seq <= ? order by m.seq"
    return messages(connection, connection.execute(sql, (room, first, last)).fetchall())


def _message(row: tuple[Any, ...], reactions: dict[str, tuple[str, ...]] | None) -> Message:
    _, id, seq, user_id, user_name, avatar, text, inserted_at, client_id, edited_at, deleted = row
    author = User(user_id, user_name, avatar)
    if deleted:
        return Message(id, seq, author, "", inserted_at, deleted=True)
    return Message(id, seq, author, text, inserted_at, client_id, edited_at, reactions=reactions or {})


def _reactions(connection: sqlite3.Connection, keys: Iterable[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    """Per message: kinds by their first appearance, and in each the users in the order in which they gave it."""
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for message, emoji, user_id in connection.execute(
        "select message, emoji, user_id from reactions where message in (select value from json_each(?)) "
        "order by message, since, seq",
        (msgspec.json.encode(keys).decode(),),
    ):
        kinds = found.setdefault(message, {})
        kinds[emoji] = (*kinds.get(emoji, ()), user_id)
    return found


def _changed(row: tuple[Any, ...]) -> Event:
    seq, kind, message_id, text, emoji, user_id, user_name, given, at = row
    match kind:
        case "edited":
            return Edited(seq, message_id, text, at)
        case "deleted":
            return Deleted(seq, message_id)
        case _:
            return Reacted(seq, message_id, emoji, user_id, user_name, bool(given))
