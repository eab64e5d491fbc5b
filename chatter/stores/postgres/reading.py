"""Queries in one room, and rows turned into what the product calls them.

Each answer comes from one statement or one transaction's snapshot, so it is how the room stood at one moment. The
statement of a room's rows begins at the room: no row at all means that there is no such room, one without a `seq`
that there is nothing in it.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import MemberInfo, Message, RoomInfo, User, now
from chatter.errors import NotFound
from chatter.stores.bounds import END_OF_TIME, HUGE, bounded
from chatter.stores.port import MemberPage, Page, Tail
from chatter.stores.postgres.connection import Connection

Row = Sequence[Any]

REACTIONS: Final = (
    "(select jsonb_agg(jsonb_build_array(x.emoji, x.user_id) order by x.since, x.seq) "
    "from reactions x where x.room = m.room and x.message = m.seq)"
)
MESSAGE: Final = (
    "m.id, m.seq, m.user_id, m.user_name, m.user_avatar, m.text, m.inserted_at, m.client_id, m.edited_at, m.deleted, "
    f"{REACTIONS} as reactions"
)
WIDTH: Final = 11
_ROOM: Final = "name, topic, created_at, last_seq"
_PAGE: Final = f"""
select p.* from open_rooms r left join lateral (
    select {MESSAGE} from messages m where m.room = r.id and m.seq {{compared}} $2 order by m.seq {{order}} limit $3
) p on true where r.name = $1 order by p.seq {{order}}"""
_NEWER: Final = _PAGE.format(compared=">", order="asc")
_OLDER: Final = _PAGE.format(compared="<", order="desc")
_EVENTS: Final = f"""
select e.* from open_rooms r left join lateral (
    select {MESSAGE}, 'posted' as kind, null as emoji, null::boolean as given
    from messages m where m.room = r.id and m.seq > $2 and m.seq <= $3
    union all
    select m.id, c.seq, c.user_id, c.user_name, null, c.text, c.at, null, null, false, null, c.kind, c.emoji, c.given
    from changes c join messages m on m.room = c.room and m.seq = c.message
    where c.room = r.id and c.seq > $2 and c.seq <= $3
) e on true where r.name = $1 order by e.seq"""
_MARK_READ: Final = """
with room as (select id, last_seq from open_rooms where name = $1),
mark as (
    insert into reads as r (room, user_id, seq, user_name, user_avatar, at)
    select id, $2, greatest(0, least($3, last_seq)), $4, $5, $6 from room
    on conflict (room, user_id) do update set seq = greatest(r.seq, excluded.seq), user_name = excluded.user_name,
        user_avatar = excluded.user_avatar, at = greatest(r.at, excluded.at)
    returning room, seq
)
select (select count(*) from messages m where m.room = mark.room and m.seq > mark.seq and m.user_id <> $2
        and not m.deleted) from mark"""
_MEMBERS: Final = """
select p.* from open_rooms r left join lateral (
    select user_id, user_name, user_avatar, at from reads
    where room = r.id and at > '' and (at, user_id) < ($2, $3) order by at desc, user_id desc limit $4
) p on true where r.name = $1 order by p.at desc, p.user_id desc"""
_pairs: Final = msgspec.json.Decoder(list[tuple[str, str]])


async def tail(connection: Connection, name: str, events: int, messages: int) -> Tail:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = await room(connection, name)
        if found is None:
            raise no_room(name)
        after = max(0, found.last_seq - bounded(events))
        newest = await events_after(connection, name, after, events)
        return Tail(found.last_seq, newest, (await page(connection, name, None, None, messages)).messages)


async def events_after(connection: Connection, name: str, after: int, limit: int) -> list[Event]:
    """The room's seq has no gaps, so the next `limit` events are those up to `after + limit`."""
    first = max(0, bounded(after))
    rows = await _rows(connection, name, _EVENTS, first, min(first + max(0, bounded(limit)), HUGE))
    return [event(row) for row in rows]


async def page(connection: Connection, name: str, before: int | None, after: int | None, limit: int) -> Page:
    """One row more than asked tells whether there is more."""
    wanted = max(0, bounded(limit))
    if after is not None and before is None:
        rows = await _rows(connection, name, _NEWER, bounded(after), wanted + 1)
        return Page([message(row) for row in rows[:wanted]], len(rows) > wanted)
    rows = await _rows(connection, name, _OLDER, HUGE if before is None else bounded(before), wanted + 1)
    return Page([message(row) for row in rows[:wanted][::-1]], len(rows) > wanted)


async def mark_read(connection: Connection, name: str, user: User, seq: int) -> int:
    """Nobody has read what is not written: `seq` counts up to the room's last."""
    unread = await connection.fetchval(_MARK_READ, name, user.id, bounded(seq), user.name, user.avatar, now())
    if unread is None:
        raise no_room(name)
    return int(unread)


async def members(connection: Connection, name: str, before: tuple[str, str] | None, limit: int) -> MemberPage:
    """A mark without a time was made by a version that didn't say whose it was."""
    wanted = max(0, bounded(limit))
    rows = await connection.fetch(_MEMBERS, name, *(before or END_OF_TIME), wanted + 1)
    if not rows:
        raise no_room(name)
    found = [MemberInfo(User(id, name, avatar), at) for id, name, avatar, at in rows if id is not None]
    return MemberPage(found[:wanted], len(found) > wanted)


async def rooms(connection: Connection) -> list[RoomInfo]:
    return [RoomInfo(*row) for row in await connection.fetch(f"select {_ROOM} from open_rooms order by name")]


async def last_seqs(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    rows = await connection.fetch("select name, last_seq from open_rooms where name = any ($1::text[])", names)
    return dict(rows)


async def room(connection: Connection, name: str) -> RoomInfo | None:
    row = await connection.fetchrow(f"select {_ROOM} from open_rooms where name = $1", name)
    return None if row is None else RoomInfo(*row)


def message(row: Row) -> Message:
    """A row that begins with `MESSAGE`'s columns."""
    id, seq, user_id, user_name, avatar, text, inserted_at, client_id, edited_at, deleted, reactions = row[:WIDTH]
    author = User(user_id, user_name, avatar)
    if deleted:
        return Message(id, seq, author, "", inserted_at, deleted=True)
    return Message(id, seq, author, text, inserted_at, client_id, edited_at, reactions=_reactions(reactions))


def event(row: Row) -> Event:
    """A row that has an event's kind, emoji and `given` behind `MESSAGE`'s columns."""
    kind, emoji, given = row[WIDTH : WIDTH + 3]
    if kind == "posted":
        return Posted(message(row))
    id, seq, user_id, user_name, _, text, at = row[:7]
    match kind:
        case "edited":
            return Edited(seq, id, text, at)
        case "deleted":
            return Deleted(seq, id)
        case _:
            return Reacted(seq, id, emoji, user_id, user_name, given)


def _reactions(pairs: str | None) -> dict[str, tuple[str, ...]]:
    """Kinds by their first appearance, and in each the users in the order in which they gave it."""
    given: dict[str, tuple[str, ...]] = {}
    for emoji, user_id in _pairs.decode(pairs) if pairs else ():
        given[emoji] = (*given.get(emoji, ()), user_id)
    return given


async def _rows(connection: Connection, name: str, statement: str, *bounds: int) -> list[Row]:
    rows = await connection.fetch(statement, name, *bounds)
    if not rows:
        raise no_room(name)
    return [row for row in rows if row["seq"] is not None]


def no_room(name: str) -> NotFound:
    return NotFound(f"There is no room named {name}.")
