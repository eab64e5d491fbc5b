"""A room's log: what each command does to it, and when it does nothing any more. Pure: it is told what is stored.

The writer loads what a group of commands is about (`Loaded`), lets a `Log` decide one command after the other, and
stores what that has gathered (`Changes`). So a group costs the same few round trips however large it is.
"""

from typing import Final, assert_never

import attrs

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.log import after_change
from chatter.core.model import Message, User
from chatter.core.policy import MAX_REACTION_KINDS, may_change
from chatter.errors import Forbidden, Invalid, NotFound, Refused
from chatter.stores.port import Known, Outcome, Stored

KINDS: Final[dict[type[Event], str]] = {Edited: "edited", Deleted: "deleted", Reacted: "reacted"}


@attrs.define
class Target:
    """A message that commands are about. `client_id` is its post's; a tombstone does not show it.

    `edited` and `deleted` are the seqs of the newest such change, `reacted` those by emoji and user, `since` tells at
    which seq the message got a kind of reaction that it has.
    """

    message: Message
    client_id: str | None
    edited: int | None = None
    deleted: int | None = None
    reacted: dict[tuple[str, str], int] = attrs.Factory(dict)
    since: dict[str, int] = attrs.Factory(dict)
    new: bool = False


@attrs.frozen
class Change:
    """A row of `changes`: a command that took effect on the message with `message_seq`, as this event."""

    command: Edit | Delete | React
    message_seq: int
    event: Edited | Deleted | Reacted


@attrs.define
class Log:
    """One room's, inside a transaction that has locked its row.

    `done` are events by the ids of the commands that brought them. `doubtful`: these very commands may have been
    stored a moment ago, over a connection that was lost before it said so: then their events are news, as they would
    have been.
    """

    room: int
    name: str
    last_seq: int
    doubtful: bool = False
    targets: dict[str, Target] = attrs.Factory(dict)
    clients: dict[tuple[str, str], str] = attrs.Factory(dict)
    done: dict[str, Event] = attrs.Factory(dict)
    last_seq_before: int = attrs.field(init=False)
    changes: list[Change] = attrs.field(factory=list, init=False)
    touched: dict[str, Target] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.last_seq_before = self.last_seq

    def take(self, command: Command) -> Outcome:
        """What becomes of the command."""
        if isinstance(command, Post):
            return self._post(command)
        try:
            return self._change(command)
        except Refused as refusal:
            return refusal

    def _next(self) -> int:
        self.last_seq += 1
        return self.last_seq

    def _post(self, post: Post) -> Outcome:
        known = self.targets.get(post.id)
        if known is not None and self.doubtful:
            return Stored(Posted(known.message))
        if known is None and post.client_id is not None:
            known = self.targets.get(self.clients.get((post.user.id, post.client_id), ""))
        if known is not None:
            return Known(known.message.seq, known.message)
        message = posted(post, self._next())
        self.targets[post.id] = self.touched[post.id] = Target(message, post.client_id, new=True)
        if post.client_id is not None:
            self.clients[post.user.id, post.client_id] = post.id
        return Stored(Posted(message))

    def _change(self, command: Edit | Delete | React) -> Outcome:
        """A retry is known whatever happened to the message since, so its id is looked for first."""
        done = self.done.get(command.id)
        if done is not None:
            return Stored(done) if self.doubtful else Known(done.seq)
        target = self.targets.get(command.message_id)
        if target is None:
            raise NotFound("There is no such message in this room.")
        match command:
            case Edit():
                return self._edit(target, command)
            case Delete():
                return self._delete(target, command)
            case React():
                return self._react(target, command)
            case _:
                assert_never(command)

    def _edit(self, target: Target, edit: Edit) -> Outcome:
        _refuse_deleted(target)
        _refuse_strangers(target, edit.user)
        if edit.text == target.message.text:
            return _known(target, target.edited)
        event = Edited(self._next(), edit.message_id, edit.text, edit.at)
        target.edited = event.seq
        return self._changed(target, edit, event)

    def _delete(self, target: Target, delete: Delete) -> Outcome:
        _refuse_strangers(target, delete.user)
        if target.message.deleted:
            return _known(target, target.deleted)
        event = Deleted(self._next(), delete.message_id)
        target.deleted = event.seq
        target.since.clear()
        return self._changed(target, delete, event)

    def _react(self, target: Target, react: React) -> Outcome:
        _refuse_deleted(target)
        given, emoji, user = target.message.reactions, react.emoji, react.user
        if react.on == (user.id in given.get(emoji, ())):
            return _known(target, target.reacted.get((emoji, user.id)))
        if react.on and emoji not in given and len(given) >= MAX_REACTION_KINDS:
            raise Invalid(f"A message has at most {MAX_REACTION_KINDS} kinds of reactions.")
        event = Reacted(self._next(), react.message_id, emoji, user.id, user.name, react.on)
        target.reacted[emoji, user.id] = event.seq
        outcome = self._changed(target, react, event)
        if emoji not in target.message.reactions:
            target.since.pop(emoji)
        else:
            target.since.setdefault(emoji, event.seq)
        return outcome

    def _changed(self, target: Target, command: Edit | Delete | React, event: Edited | Deleted | Reacted) -> Stored:
        target.message = after_change(target.message, event)
        self.done[command.id] = event
        self.touched[command.message_id] = target
        self.changes.append(Change(command, target.message.seq, event))
        return Stored(event)


def posted(post: Post, seq: int) -> Message:
    """The message that the post becomes. An author is kept without being a moderator."""
    user = post.user
    author = User(user.id, user.name, user.avatar) if user.moderator else user
    return Message(post.id, seq, author, post.text, post.at, post.client_id)


def _known(target: Target, seq: int | None) -> Known:
    """The seq that made things as they are: the newest such change, or else the post itself."""
    return Known(target.message.seq if seq is None else seq)


def _refuse_deleted(target: Target) -> None:
    if target.message.deleted:
        raise NotFound("This message was deleted.")


def _refuse_strangers(target: Target, user: User) -> None:
    if not may_change(target.message.user.id, user):
        raise Forbidden("Only its author and moderators may change a message.")
