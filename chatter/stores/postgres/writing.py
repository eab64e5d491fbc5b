"""A group of appends in one transaction: in one statement when all is new, else by asking first what is known.

*Hasty*: every command is a post, and believed to be new. One statement locks the rooms, numbers the posts and inserts
them; one that is known already breaks it (`UniqueViolationError`), and nothing has happened. *Careful*: the rooms are
locked, what the commands are about is loaded, a `Log` decides, and what changed is stored.

Either way rooms are locked in the order of their ids, and whatever is read of a room is read after its lock was got,
so two nodes give no `seq` twice and never wait for each other in a circle.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Final

import attrs
import msgspec

from chatter.core.commands import Command, Edit, Post
from chatter.core.events import Deleted, Posted, Reacted
from chatter.errors import NotFound, Unavailable
from chatter.stores.port import Outcome, Stored
from chatter.stores.postgres import reading
from chatter.stores.postgres.connection import Connection
from chatter.stores.postgres.log import KINDS, Change, Log, Target, posted
from chatter.stores.postgres.reading import MESSAGE, WIDTH, Row
from chatter.stores.postgres.words import lexemes

_POST_ALL: Final = """
with posts as (
    select * from unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[])
        as p (room, place, id, user_id, user_name, user_avatar, text, inserted_at, client_id, words)
), locked as (
    select id, name, last_seq from open_rooms where name = any ($1::text[]) order by id for no key update
), stored as (
    insert into messages
        (room, seq, id, user_id, user_name, user_avatar, text, inserted_at, client_id, words)
    select l.id, l.last_seq + p.place, p.id, p.user_id, p.user_name, p.user_avatar, p.text, p.inserted_at, p.client_id,
           p.words::tsvector
    from posts p join locked l on l.name = p.room
), counted as (
    update rooms r set last_seq = r.last_seq + p.count
    from locked l join (select room, count(*) from posts group by room) p on p.room = l.name where r.id = l.id
)
select name, last_seq from locked"""
_LOCK: Final = "select id, name, last_seq from open_rooms where name = any ($1::text[]) order by id for no key update"
_LOAD_POSTS: Final = f"""
select {MESSAGE}, p.room from unnest($1::int[], $2::text[], $3::text[], $4::text[]) as p (room, id, user_id, client_id)
join messages m on m.room = p.room
    and (m.id = p.id or (m.client_id = p.client_id and m.user_id = p.user_id))"""
_LOAD_CHANGED: Final = f"""
select {MESSAGE}, c.room, c.emoji, c.user_id,
    (select max(x.seq) from changes x where x.room = m.room and x.message = m.seq and x.kind = 'edited'),
    (select max(x.seq) from changes x where x.room = m.room and x.message = m.seq and x.kind = 'deleted'),
    (select max(x.seq) from changes x where x.room = m.room and x.message = m.seq
        and x.emoji = c.emoji and x.user_id = c.user_id),
    (select jsonb_object_agg(x.emoji, x.since) from reactions x where x.room = m.room and x.message = m.seq)
from unnest($1::int[], $2::text[], $3::text[], $4::text[]) as c (room, message_id, emoji, user_id)
join messages m on m.id = c.message_id and m.room = c.room"""
_LOAD_DONE: Final = """
select m.id, c.seq, c.user_id, c.user_name, null, c.text, c.at, null, null, false, null, c.kind, c.emoji, c.given,
       c.room, c.command_id
from unnest($1::int[], $2::text[]) as d (room, command_id)
join changes c on c.command_id = d.command_id and c.room = d.room
join messages m on m.room = c.room and m.seq = c.message"""
_INSERT_MESSAGES: Final = """
insert into messages (room, seq, id, user_id, user_name, user_avatar, text, inserted_at, client_id, edited_at, deleted,
                      words)
select room, seq, id, user_id, user_name, user_avatar, text, inserted_at, client_id, edited_at, deleted, words::tsvector
from unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::boolean[], $12::text[])
    as n (room, seq, id, user_id, user_name, user_avatar, text, inserted_at, client_id, edited_at, deleted, words)"""
_INSERT_CHANGES: Final = """
insert into changes (room, seq, kind, message, command_id, user_id, user_name, at, text, emoji, given)
select * from unnest($1::int[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::boolean[])"""
_UPDATE_MESSAGES: Final = """
update messages m set text = n.text, edited_at = n.edited_at, deleted = n.deleted, words = n.words::tsvector
from unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::boolean[], $6::text[])
    as n (room, seq, text, edited_at, deleted, words)
where m.room = n.room and m.seq = n.seq"""
_FORGET_WORDS: Final = """
update changes c set text = '' from unnest($1::int[], $2::bigint[]) as d (room, message)
where c.room = d.room and c.message = d.message and c.kind = 'edited'"""
_FORGET_REACTIONS: Final = """
delete from reactions x using unnest($1::int[], $2::bigint[]) as d (room, message)
where x.room = d.room and x.message = d.message"""
_TAKE_REACTIONS: Final = """
delete from reactions x using unnest($1::int[], $2::bigint[], $3::text[], $4::text[])
    as d (room, message, emoji, user_id)
where x.room = d.room and x.message = d.message and x.emoji = d.emoji and x.user_id = d.user_id"""
_GIVE_REACTIONS: Final = """
insert into reactions (room, message, emoji, user_id, since, seq)
select * from unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])"""
_COUNT: Final = """
update rooms r set last_seq = n.last_seq from unnest($1::int[], $2::bigint[]) as n (id, last_seq) where r.id = n.id"""
_since: Final = msgspec.json.Decoder(dict[str, int])


@attrs.frozen
class Append:
    """What one caller wants stored together."""

    room: str
    commands: Sequence[Command]

    @property
    def only_posts(self) -> bool:
        return all(isinstance(command, Post) for command in self.commands)


Result = list[Outcome] | NotFound | Unavailable
"""Of one `Append`; a refusal means that nothing of it was stored."""


class Care(Enum):
    """How much is believed. `DOUBTFUL`: the same group may have been stored already. `UNBLOCKED`: rooms that somebody
    else has locked are left out, and `Unavailable`."""

    HASTY = 0
    CAREFUL = 1
    DOUBTFUL = 2
    UNBLOCKED = 3


async def append(connection: Connection, group: Sequence[Append], care: Care) -> list[Result]:
    """Store the group; one result each. Raises what asyncpg raises, and then nothing was stored."""
    if care is Care.HASTY and all(each.only_posts for each in group):
        return await _post_all(connection, group)
    async with connection.transaction():
        logs = await _lock(connection, group, care)
        await _load(connection, logs, group)
        results = [_take(logs, each) for each in group]
        await _store(connection, list(logs.values()))
    refusal = await _refusal(connection, logs, group)
    return [refusal[each.room] if result is None else result for each, result in zip(group, results, strict=True)]


# -- hasty


async def _post_all(connection: Connection, group: Sequence[Append]) -> list[Result]:
    places: dict[str, int] = {}
    rows: list[Row] = []
    for each in group:
        places.setdefault(each.room, 0)
        for post in each.commands:
            assert isinstance(post, Post)
            place = places[each.room] = places[each.room] + 1
            rows.append((each.room, place, post.id, *_by_whom(post), *_said(post), lexemes(each.room, post.text)))
    found = await connection.fetch(_POST_ALL, list(places), *_columns(rows, 10))
    last_seqs: dict[str, int] = dict(found)
    return [_posted(each, last_seqs) for each in group]


def _posted(each: Append, last_seqs: dict[str, int]) -> Result:
    """Number the posts as the statement did: the rooms' counters go on from one append to the next."""
    seq = last_seqs.get(each.room)
    if seq is None:
        return NotFound(f"There is no room named {each.room}.")
    last_seqs[each.room] = seq + len(each.commands)
    return [Stored(Posted(posted(post, seq + n))) for n, post in enumerate(each.commands, 1) if isinstance(post, Post)]


def _by_whom(post: Post) -> Row:
    return (post.user.id, post.user.name, post.user.avatar)


def _said(post: Post) -> Row:
    return (post.text, post.at, post.client_id)


# -- careful


async def _lock(connection: Connection, group: Sequence[Append], care: Care) -> dict[str, Log]:
    statement = f"{_LOCK} skip locked" if care is Care.UNBLOCKED else _LOCK
    rows = await connection.fetch(statement, list({each.room for each in group}))
    return {name: Log(id, name, last_seq, care is Care.DOUBTFUL) for id, name, last_seq in rows}


async def _load(connection: Connection, logs: dict[str, Log], group: Sequence[Append]) -> None:
    by_id = {log.room: log for log in logs.values()}
    posts: list[Row] = []
    changes: list[Row] = []
    for each in group:
        log = logs.get(each.room)
        for command in each.commands if log is not None else ():
            assert log is not None
            if isinstance(command, Post):
                posts.append((log.room, command.id, command.user.id, command.client_id))
            elif "\x00" not in command.message_id:  # which PostgreSQL takes in no text, so no message has such an id
                emoji = getattr(command, "emoji", None)
                changes.append((log.room, command.message_id, emoji, command.user.id, command.id))
    if changes:
        for row in await connection.fetch(_LOAD_CHANGED, *_columns([row[:4] for row in changes], 4)):
            _take_in_target(by_id[row[WIDTH]], row)
        for row in await connection.fetch(_LOAD_DONE, *_columns([(row[0], row[4]) for row in changes], 2)):
            by_id[row[-2]].done[row[-1]] = reading.event(row)
    if posts:
        for row in await connection.fetch(_LOAD_POSTS, *_columns(posts, 4)):
            _take_in_post(by_id[row[WIDTH]], row)


def _take_in_post(log: Log, row: Row) -> None:
    message, client_id = reading.message(row), row[7]
    log.targets.setdefault(message.id, Target(message, client_id))
    if client_id is not None:
        log.clients[message.user.id, client_id] = message.id


def _take_in_target(log: Log, row: Row) -> None:
    _, emoji, user_id, edited, deleted, reacted, since = row[WIDTH:]
    message = reading.message(row)
    target = log.targets.setdefault(message.id, Target(message, row[7], edited, deleted))
    target.since = _since.decode(since) if since else {}
    if reacted is not None:
        target.reacted[emoji, user_id] = reacted


def _take(logs: dict[str, Log], each: Append) -> Result | None:
    log = logs.get(each.room)
    return None if log is None else [log.take(command) for command in each.commands]


async def _refusal(connection: Connection, logs: dict[str, Log], group: Sequence[Append]) -> dict[str, Result]:
    """Why these rooms' logs could not be had."""
    missing = list({each.room for each in group} - logs.keys())
    there = (
        await connection.fetch("select name from open_rooms where name = any ($1::text[])", missing) if missing else ()
    )
    locked: dict[str, Result] = {
        name: Unavailable("Somebody else is writing to this room; try again.") for (name,) in there
    }
    return {name: NotFound(f"There is no room named {name}.") for name in missing} | locked


async def _store(connection: Connection, logs: Sequence[Log]) -> None:
    touched = [(log, target) for log in logs for target in log.touched.values()]
    changes = [(log, change) for log in logs for change in log.changes]
    await _run(connection, _INSERT_MESSAGES, 12, (_new_row(log, target) for log, target in touched if target.new))
    await _run(connection, _INSERT_CHANGES, 11, (_change_row(log, change) for log, change in changes))
    await _run(connection, _UPDATE_MESSAGES, 6, (_now_row(log, target) for log, target in touched if not target.new))
    gone = [(log.room, change.message_seq) for log, change in changes if isinstance(change.event, Deleted)]
    await _run(connection, _FORGET_WORDS, 2, gone)
    await _run(connection, _FORGET_REACTIONS, 2, gone)
    reacted = dict.fromkeys(key for log, change in changes for key in _reaction_keys(log, change))
    await _run(connection, _TAKE_REACTIONS, 4, reacted)
    given = (_reaction_row(log, target, key) for log, target in touched for key in target.reacted)
    await _run(connection, _GIVE_REACTIONS, 6, (row for row in given if row is not None and row[:4] in reacted))
    counted = [(log.room, log.last_seq) for log in logs if log.last_seq != log.last_seq_before]
    await _run(connection, _COUNT, 2, counted)


def _new_row(log: Log, target: Target) -> Row:
    message = target.message
    user = message.user
    who = (user.id, user.name, user.avatar)
    said = (message.text, message.inserted_at, target.client_id)
    return (log.room, message.seq, message.id, *who, *said, message.edited_at, message.deleted, _words(log, target))


def _now_row(log: Log, target: Target) -> Row:
    message = target.message
    return (log.room, message.seq, message.text, message.edited_at, message.deleted, _words(log, target))


def _words(log: Log, target: Target) -> str:
    return "" if target.message.deleted else lexemes(log.name, target.message.text)


def _change_row(log: Log, change: Change) -> Row:
    command, event = change.command, change.event
    user = command.user
    what = (log.room, event.seq, KINDS[type(event)], change.message_seq, command.id, user.id, user.name, command.at)
    if isinstance(event, Reacted):
        return (*what, None, event.emoji, event.on)
    return (*what, command.text if isinstance(command, Edit) else None, None, None)


def _reaction_keys(log: Log, change: Change) -> Iterable[Row]:
    event = change.event
    if isinstance(event, Reacted):
        yield (log.room, change.message_seq, event.emoji, event.user_id)


def _reaction_row(log: Log, target: Target, key: tuple[str, str]) -> Row | None:
    """The reaction as it is given now, if it is."""
    emoji, user_id = key
    if user_id not in target.message.reactions.get(emoji, ()):
        return None
    return (log.room, target.message.seq, emoji, user_id, target.since[emoji], target.reacted[key])


async def _run(connection: Connection, statement: str, width: int, rows: Iterable[Row]) -> None:
    """The statement for all rows at once, when there are any."""
    columns = _columns(list(rows), width)
    if columns[0]:
        await connection.execute(statement, *columns)


def _columns(rows: Sequence[Row], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
