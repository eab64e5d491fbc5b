"""A room's log: what each command does to it, and when it does nothing any more.

Every function runs inside a `Transaction`. A change looks first (known? there? allowed?), then takes the next `seq`
and writes, so a refusal leaves neither a trace nor a gap.
"""

from collections.abc import Sequence
from typing import Any, Final, assert_never

import attrs

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import Message, RoomInfo, User, now
from chatter.core.policy import MAX_REACTION_KINDS, may_change
from chatter.errors import AlreadyExists, Forbidden, Invalid, NotFound, Refused
from chatter.stores.bounds import bounded
from chatter.stores.port import Known, Outcome, Stored
from chatter.stores.sqlite import reading, search
from chatter.stores.sqlite.reading import MESSAGE
from chatter.stores.sqlite.transaction import Counter, Transaction

_CHANGE: Final = (
    "insert into changes (room, seq, kind, message, command_id, user_id, user_name, at, text, emoji, given) "
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@attrs.frozen
class Target:
    """The message that a change is about, as its row says."""

    key: int
    seq: int
    author_id: str
    text: str
    deleted: bool


def append(transaction: Transaction, name: str, commands: Sequence[Command]) -> list[Outcome]:
    room = transaction.room(name)
    return [_apply(transaction, room, command) for command in commands]


def create_room(transaction: Transaction, name: str, topic: str) -> RoomInfo:
    created = RoomInfo(name, topic, now())
    made = transaction.connection.execute(
        "insert into rooms (name, topic, created_at) values (?, ?, ?) on conflict do nothing",
        (name, topic, created.created_at),
    )
    if not made.rowcount:
        raise AlreadyExists(f"There is a room named {name} already.")
    return created


def mark_read(transaction: Transaction, name: str, user: User, seq: int) -> None:
    """Nobody has read what is not written: `seq` counts up to the room's last."""
    room = transaction.room(name)
    transaction.connection.execute(
        "insert into reads (room, user_id, seq, user_name, user_avatar, at) values (?, ?, ?, ?, ?, ?) "
        "on conflict do update set seq = max(seq, excluded.seq), user_name = excluded.user_name, "
        "user_avatar = excluded.user_avatar, at = max(at, excluded.at)",
        (room.id, user.id, max(0, min(bounded(seq), room.seq)), user.name, user.avatar, now()),
    )


def _apply(transaction: Transaction, room: Counter, command: Command) -> Outcome:
    if isinstance(command, Post):
        return _post(transaction, room, command)
    transaction.flush()
    try:
        return _change(transaction, room, command)
    except Refused as refusal:
        return refusal


def _post(transaction: Transaction, room: Counter, post: Post) -> Outcome:
    known = None if transaction.hasty else _known_post(transaction, room, post)
    if known is not None:
        return known
    user, seq = post.user, room.next()
    transaction.insert((post.id, room.id, seq, user.id, user.name, user.avatar, post.text, post.at, post.client_id))
    author = User(user.id, user.name, user.avatar) if user.moderator else user
    return Stored(Posted(Message(post.id, seq, author, post.text, post.at, post.client_id)))


def _known_post(transaction: Transaction, room: Counter, post: Post) -> Known | None:
    rows = transaction.connection.execute(
        f"select {MESSAGE} from messages m where m.id = ? and m.room = ? union all "
        f"select {MESSAGE} from messages m where m.room = ? and m.user_id = ? and m.client_id = ? limit 1",
        (post.id, room.id, room.id, post.user.id, post.client_id),
    ).fetchall()
    if not rows:
        return None
    message = reading.messages(transaction.connection, rows)[0]
    return Known(message.seq, message)


def _change(transaction: Transaction, room: Counter, command: Edit | Delete | React) -> Outcome:
    """A retry is known whatever happened to the message since, so its id is looked for first."""
    known = _known_command(transaction, room, command)
    if known is not None:
        return known
    target = _target(transaction, room, command.message_id)
    match command:
        case Edit():
            return _edit(transaction, room, target, command)
        case Delete():
            return _delete(transaction, room, target, command)
        case React():
            return _react(transaction, room, target, command)
        case _:
            assert_never(command)


def _known_command(transaction: Transaction, room: Counter, command: Edit | Delete | React) -> Known | None:
    row = transaction.connection.execute(
        "select seq from changes where command_id = ? and room = ?", (command.id, room.id)
    ).fetchone()
    return None if row is None else Known(row[0])


def _target(transaction: Transaction, room: Counter, message_id: str) -> Target:
    row = transaction.connection.execute(
        "select key, seq, user_id, text, deleted from messages where id = ? and room = ?", (message_id, room.id)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such message in this room.")
    return Target(row[0], row[1], row[2], row[3], bool(row[4]))


def _edit(transaction: Transaction, room: Counter, target: Target, edit: Edit) -> Outcome:
    _refuse_deleted(target)
    _refuse_strangers(target, edit.user)
    if edit.text == target.text:
        return Known(_last_change(transaction, target, "kind = 'edited'"))
    event = Edited(room.next(), edit.message_id, edit.text, edit.at)
    _record(transaction, room, target, edit, event, text=edit.text)
    transaction.connection.execute(
        "update messages set text = ?, edited_at = ? where key = ?", (edit.text, edit.at, target.key)
    )
    search.replace(transaction.connection, target.key, room.id, target.text, edit.text)
    return Stored(event)


def _delete(transaction: Transaction, room: Counter, target: Target, delete: Delete) -> Outcome:
    """The row stays as a tombstone; its words go, from the earlier edits and from the index too."""
    _refuse_strangers(target, delete.user)
    if target.deleted:
        return Known(_last_change(transaction, target, "kind = 'deleted'"))
    event = Deleted(room.next(), delete.message_id)
    _record(transaction, room, target, delete, event)
    execute = transaction.connection.execute
    execute("update messages set text = '', deleted = 1 where key = ?", (target.key,))
    execute("update changes set text = '' where message = ? and kind = 'edited'", (target.key,))
    execute("delete from reactions where message = ?", (target.key,))
    search.replace(transaction.connection, target.key, room.id, target.text, None)
    return Stored(event)


def _react(transaction: Transaction, room: Counter, target: Target, react: React) -> Outcome:
    _refuse_deleted(target)
    kinds, given = _reactions(transaction, target, react)
    if react.on == given:
        return Known(_last_change(transaction, target, "emoji = ? and user_id = ?", react.emoji, react.user.id))
    if react.on and react.emoji not in kinds and len(kinds) >= MAX_REACTION_KINDS:
        raise Invalid(f"A message has at most {MAX_REACTION_KINDS} kinds of reactions.")
    event = Reacted(room.next(), react.message_id, react.emoji, react.user.id, react.user.name, react.on)
    _record(transaction, room, target, react, event, emoji=react.emoji, given=int(react.on))
    if react.on:
        since = kinds.get(react.emoji, event.seq)
        row = (target.key, react.emoji, react.user.id, since, event.seq)
        transaction.connection.execute("insert into reactions values (?, ?, ?, ?, ?)", row)
    else:
        transaction.connection.execute(
            "delete from reactions where message = ? and emoji = ? and user_id = ?",
            (target.key, react.emoji, react.user.id),
        )
    return Stored(event)


def _reactions(transaction: Transaction, target: Target, react: React) -> tuple[dict[str, int], bool]:
    """The kinds on the message with the `seq` they are there since, and whether this one was given by this user."""
    execute = transaction.connection.execute
    kinds = execute("select distinct emoji, since from reactions where message = ?", (target.key,)).fetchall()
    given = execute(
        "select 1 from reactions where message = ? and emoji = ? and user_id = ?",
        (target.key, react.emoji, react.user.id),
    ).fetchone()
    return dict(kinds), given is not None


def _last_change(transaction: Transaction, target: Target, condition: str, *parameters: str) -> int:
    """The seq that made things as they are: the newest such change, or else the post itself."""
    row = transaction.connection.execute(
        f"select max(seq) from changes where message = ? and {condition}", (target.key, *parameters)
    ).fetchone()
    return target.seq if row[0] is None else int(row[0])


def _record(
    transaction: Transaction, room: Counter, target: Target, command: Edit | Delete | React, event: Event, **kept: Any
) -> None:
    kind = {Edited: "edited", Deleted: "deleted", Reacted: "reacted"}[type(event)]
    user = command.user
    row = (room.id, event.seq, kind, target.key, command.id, user.id, user.name, command.at)
    extra = (kept.get("text"), kept.get("emoji"), kept.get("given"))
    transaction.connection.execute(_CHANGE, (*row, *extra))


def _refuse_deleted(target: Target) -> None:
    if target.deleted:
        raise NotFound("This message was deleted.")


def _refuse_strangers(target: Target, user: User) -> None:
    if not may_change(target.author_id, user):
        raise Forbidden("Only its author and moderators may change a message.")
