"""A store in memory, for virtual time and for faults on purpose: no threads, no files, the whole contract.

Every call passes named points (`append` before the commit, `appended` after it; others by the method's name). `at` is
awaited at each: by default a checkpoint; a test has it wait, raise `Unavailable`, or crash its caller.
"""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

import attrs
import trio

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.log import after_change
from chatter.core.model import LOBBY, MemberInfo, Message, RoomInfo, User, now
from chatter.core.policy import MAX_REACTION_KINDS, may_change
from chatter.errors import AlreadyExists, Forbidden, Invalid, NotFound, Refused
from chatter.stores.port import Disconnections, Hit, Known, MemberPage, Outcome, Page, Stored, Tail

T = TypeVar("T")


@attrs.define
class _Room:
    info: RoomInfo
    events: list[Event] = attrs.Factory(list)
    messages: dict[str, Message] = attrs.Factory(dict)
    posts: dict[tuple[str, str], str] = attrs.Factory(dict)  # (user, client_id) -> message id
    done: dict[str, int] = attrs.Factory(dict)  # command id -> seq
    closed: bool = False
    marks: dict[str, int] = attrs.Factory(dict)
    members: dict[str, MemberInfo] = attrs.Factory(dict)

    # -- commands

    def run(self, command: Command) -> Outcome:
        try:
            return self._post(command) if isinstance(command, Post) else self._change(command)
        except Refused as refusal:
            return refusal

    def _post(self, post: Post) -> Outcome:
        known = post.id if post.id in self.messages else self.posts.get((post.user.id, post.client_id or ""))
        if known is not None:
            return Known(self.messages[known].seq, self.messages[known])
        author = attrs.evolve(post.user, moderator=False)
        message = Message(post.id, len(self.events) + 1, author, post.text, post.at, post.client_id)
        self.messages[post.id] = message
        if post.client_id is not None:
            self.posts[post.user.id, post.client_id] = post.id
        self.events.append(Posted(message))
        return Stored(Posted(message))

    def _change(self, command: Edit | Delete | React) -> Outcome:
        if command.id in self.done:
            return Known(self.done[command.id])
        message = self._target(command)
        event = _event(command, len(self.events) + 1)
        if _changes_nothing(message, command):
            return Known(self._cause(message, event))
        if isinstance(command, React) and _one_kind_too_many(message, command):
            raise Invalid(f"A message holds {MAX_REACTION_KINDS} kinds of reactions at the most.")
        self.events.append(event)
        self.messages[message.id] = after_change(message, event)
        self.done[command.id] = event.seq
        return Stored(event)

    def _target(self, command: Edit | Delete | React) -> Message:
        message = self.messages.get(command.message_id)
        if message is None or (message.deleted and not isinstance(command, Delete)):
            raise NotFound("There is no such message.")
        if not isinstance(command, React) and not may_change(message.user.id, command.user):
            raise Forbidden("That message is somebody else's.")
        return message

    def _cause(self, message: Message, event: Event) -> int:
        """The newest event that did what `event` would do again; else the post."""
        return max((e.seq for e in self.events if _subject(e) == _subject(event)), default=message.seq)

    # -- reads

    def mark(self, user: User, seq: int) -> int:
        self.marks[user.id] = max(self.marks.get(user.id, 0), min(seq, len(self.events)))
        self.members[user.id] = MemberInfo(attrs.evolve(user, moderator=False), now())
        return self.unread(user.id)

    def told(self) -> list[Event]:
        """The events as they are told now."""
        return [self._as_told(event) for event in self.events]

    def _as_told(self, event: Event) -> Event:
        message = self.messages[event.message_id]
        if isinstance(event, Posted):
            return Posted(message)
        return attrs.evolve(event, text="") if isinstance(event, Edited) and message.deleted else event

    def listed(self) -> RoomInfo:
        return attrs.evolve(self.info, last_seq=len(self.events))

    def unread(self, user_id: str) -> int:
        mark = self.marks.get(user_id, 0)
        return sum(m.seq > mark and m.user.id != user_id and not m.deleted for m in self.messages.values())


def _event(command: Edit | Delete | React, seq: int) -> Edited | Deleted | Reacted:
    match command:
        case Edit():
            return Edited(seq, command.message_id, command.text, command.at)
        case Delete():
            return Deleted(seq, command.message_id)
        case React():
            user = command.user
            return Reacted(seq, command.message_id, command.emoji, user.id, user.name, command.on)


def _changes_nothing(message: Message, command: Edit | Delete | React) -> bool:
    match command:
        case Edit():
            return message.text == command.text
        case Delete():
            return message.deleted
        case React():
            return command.on == (command.user.id in message.reactions.get(command.emoji, ()))


def _one_kind_too_many(message: Message, react: React) -> bool:
    return react.on and react.emoji not in message.reactions and len(message.reactions) >= MAX_REACTION_KINDS


def _subject(event: Event) -> tuple[object, ...]:
    who = (event.emoji, event.user_id) if isinstance(event, Reacted) else ()
    return (type(event), event.message_id, *who)


class MemoryStore:
    """`chatter.stores.port.Store`; lives until `stop`, like the others, but needs nobody to run it."""

    def __init__(self) -> None:
        self.at: Callable[[str], Awaitable[None]] = _checkpoint
        self.calls: list[str] = []  # the points that were passed
        self._rooms = {LOBBY: _Room(RoomInfo(LOBBY, "", now()))}
        self._disconnected: list[str] = []
        self._stopped = trio.Event()

    async def run(self, started: Callable[[], object]) -> None:
        self._stopped = trio.Event()
        started()
        await self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()

    async def _pass(self, point: str) -> None:
        self.calls.append(point)
        await self.at(point)

    def _room(self, name: str) -> _Room:
        if name not in self._rooms or self._rooms[name].closed:
            raise NotFound(f"There is no room {name}.")
        return self._rooms[name]

    @property
    def _open(self) -> list[str]:
        return sorted(name for name, room in self._rooms.items() if not room.closed)

    async def append(self, room: str, commands: Sequence[Command]) -> list[Outcome]:
        await self._pass("append")
        there = self._room(room)
        outcomes = [there.run(command) for command in commands]
        await self._pass("appended")
        return outcomes

    async def tail(self, room: str, *, events: int, messages: int) -> Tail:
        await self._pass("tail")
        there = self._room(room)
        told, shown = there.told(), list(there.messages.values())
        return Tail(len(told), _last(told, events), _last(shown, messages))

    async def events_after(self, room: str, after: int, limit: int) -> list[Event]:
        await self._pass("events_after")
        return self._room(room).told()[after:][:limit]

    async def page(self, room: str, *, before: int | None = None, after: int | None = None, limit: int) -> Page:
        await self._pass("page")
        messages = list(self._room(room).messages.values())
        if after is not None:
            newer = [m for m in messages if m.seq > after]
            return Page(newer[:limit], len(newer) > limit)
        older = [m for m in messages if before is None or m.seq < before]
        return Page(_last(older, limit), len(older) > limit)

    async def mark_read(self, room: str, user: User, seq: int) -> int:
        await self._pass("mark_read")
        return self._room(room).mark(user, seq)

    async def members(self, room: str, *, before: tuple[str, str] | None = None, limit: int) -> MemberPage:
        await self._pass("members")
        found = sorted(self._room(room).members.values(), key=_place, reverse=True)
        behind = [member for member in found if before is None or _place(member) < before]
        return MemberPage(behind[:limit], len(behind) > limit)

    async def search(self, query: str, *, room: str | None, limit: int) -> list[Hit]:
        await self._pass("search")
        rooms = [self._rooms[name] for name in self._open] if room is None else [self._room(room)]
        *words, last = _words(query) or [""]
        hits = [hit for there in rooms for hit in _hits(there, words, last)] if last else []
        return sorted(hits, key=lambda hit: (hit.message.inserted_at, hit.message.id), reverse=True)[:limit]

    async def rooms(self) -> list[RoomInfo]:
        await self._pass("rooms")
        return [self._rooms[name].listed() for name in self._open]

    async def last_seqs(self, names: Sequence[str]) -> dict[str, int]:
        await self._pass("last_seqs")
        return {name: len(self._rooms[name].events) for name in self._open if name in names}

    async def room(self, name: str) -> RoomInfo | None:
        await self._pass("room")
        return self._rooms[name].listed() if name in self._open else None

    async def create_room(self, name: str, topic: str) -> RoomInfo:
        await self._pass("create_room")
        if name in self._rooms:
            raise AlreadyExists(f"There is a room {name} already.")
        self._rooms[name] = _Room(RoomInfo(name, topic, now()))
        return self._rooms[name].info

    async def close_room(self, name: str) -> None:
        await self._pass("close_room")
        self._room(name).closed = True

    async def disconnect(self, user_id: str) -> None:
        await self._pass("disconnect")
        self._disconnected.append(user_id)

    async def disconnections(self, after: int | None) -> Disconnections:
        await self._pass("disconnections")
        newest = len(self._disconnected)
        return Disconnections(newest, self._disconnected[newest if after is None else after :])

    async def check(self) -> None:
        await self._pass("check")


async def _checkpoint(_point: str) -> None:
    await trio.lowlevel.checkpoint()


def _place(member: MemberInfo) -> tuple[str, str]:
    return member.last_seen_at, member.user.id


def _last(items: list[T], count: int) -> list[T]:
    return items[max(0, len(items) - count) :]


def _hits(room: _Room, words: list[str], last: str) -> Iterator[Hit]:
    for message in room.messages.values():
        said = _words(message.text)
        if set(words) <= set(said) and any(word.startswith(last) for word in said):
            yield Hit(room.info.name, message)


def _words(text: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", plain.casefold())
