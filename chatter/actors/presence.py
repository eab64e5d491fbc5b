"""The presence registry: who is in which room, and which names are in use. One actor a node.

Rooms tell it who came, changed and went; it gathers that for a moment and tells each room what is different. So a
thousand people who arrive together make a handful of diffs, not a thousand each: the more people a diff has to be
written to, the longer it gathers (`_interval`).

It forgets everything in a crash. Its restart asks rooms and sessions to tell it again (`tell_again`), and each room
gets the whole truth in return; the room finds the difference to what its members were told, which is nothing for
those who did not move.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs
import trio

from chatter.actors.actor import Actor
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Mailbox, Ref, Request
from chatter.core.presence import Diff, Meta, difference

SHORTEST: Final = 0.05
LONGEST: Final = 2.0
SECONDS_PER_MEMBER: Final = 0.0001  # a write costs some 5 µs: diffs then take a twentieth of a core at the most


@attrs.frozen
class PresenceChanged:
    """Told to a room: apply `diff`, or, when `everybody` is there, take it as the whole truth."""

    diff: Diff
    everybody: tuple[Meta, ...] | None = None


@attrs.frozen
class Watch:
    """A room wants to be told, and tells next (`Track`) who is there: whoever it does not tell, is not.

    `audience` says how many will hear each diff.
    """

    room: str
    ref: Ref[Any]  # of a room, which takes `PresenceChanged`
    audience: Callable[[], int]


@attrs.frozen
class Track:
    """Somebody is in the room, or is there differently than before (same `meta.key`)."""

    room: str
    meta: Meta


@attrs.frozen
class Untrack:
    room: str
    key: str


@attrs.define(eq=False)
class Claim(Request[bool]):
    """May `holder` (a connection's id) be called `name`? True: it is theirs until released. A user's sockets share."""

    name: str
    user_id: str
    holder: str


@attrs.define(eq=False)
class NameInUse(Request[bool]):
    """Does anybody who is online have `name`? Nothing is held by asking."""

    name: str


@attrs.frozen
class Release:
    """The connection is gone, or goes by another name now."""

    holder: str


@attrs.frozen
class Hush:
    """The node drains. Everybody leaves and comes back elsewhere, which is no news to those who are still here."""


PresenceMessage = Watch | Track | Untrack | Claim | NameInUse | Release | Hush


@attrs.define(eq=False)
class _Watched:
    """One room: who is there, who was when it was last told, and when it may be told next."""

    ref: Ref[Any] | None = None
    audience: Callable[[], int] = int
    now: dict[str, Meta] = attrs.Factory(dict)
    before: dict[str, Meta | None] = attrs.Factory(dict)  # what changed since: key -> what was told of it
    whole: bool = True
    due: float = 0.0

    def put(self, key: str, meta: Meta | None) -> None:
        self.before.setdefault(key, self.now.get(key))
        if meta is None:
            self.now.pop(key, None)
        else:
            self.now[key] = meta

    @property
    def news(self) -> bool:
        return self.ref is not None and (self.whole or bool(self.before))

    def take(self) -> PresenceChanged:
        if self.whole:
            changed = PresenceChanged(Diff(), tuple(self.now.values()))
        else:
            old = [meta for meta in self.before.values() if meta is not None]
            new = [self.now[key] for key in self.before if key in self.now]
            changed = PresenceChanged(difference(old, new))
        self.whole = False
        self.before = {}
        return changed

    @property
    def interval(self) -> float:
        return min(LONGEST, max(SHORTEST, self.audience() * SECONDS_PER_MEMBER))


@attrs.define(eq=False)
class _Claimed:
    user_id: str
    holders: set[str]


class Presence(Actor[PresenceMessage]):
    """See the module. `tell_again` asks every room and session to tell what they know; called at each start."""

    def __init__(self, mailbox: Mailbox[PresenceMessage], tell_again: Callable[[], None]) -> None:
        super().__init__(mailbox)
        self._tell_again = tell_again
        self._rooms: dict[str, _Watched] = {}
        self._names: dict[str, _Claimed] = {}
        self._held: dict[str, str] = {}  # holder -> folded name
        self._dirty: dict[str, None] = {}  # as an ordered set
        self._hushed = False

    async def started(self) -> None:
        self._tell_again()

    async def serve(self) -> None:
        while True:
            messages: list[PresenceMessage] = []
            with trio.move_on_at(self._next_due()):
                messages = await self.mailbox.get_all()
            for message in messages:
                await self.handle(message)
            self._tell_rooms()

    def _next_due(self) -> float:
        return min((self._rooms[room].due for room in self._dirty), default=float("inf"))

    async def handle(self, message: PresenceMessage) -> None:
        match message:
            case Watch():
                self._watch(message)
            case Track(room=room, meta=meta):
                self._changed(room, meta.key, meta)
            case Untrack(room=room, key=key):
                self._changed(room, key, None)
            case Claim():
                message.reply(self._claim(message))
            case NameInUse(name=name):
                message.reply(name.casefold() in self._names)
            case Release(holder=holder):
                self._release(holder)
            case Hush():
                self._hushed = True

    def _watch(self, message: Watch) -> None:
        room = self._rooms.setdefault(message.room, _Watched())
        room.ref, room.audience, room.whole = message.ref, message.audience, True
        room.now = {}
        self._schedule(message.room, room)

    def _changed(self, name: str, key: str, meta: Meta | None) -> None:
        room = self._rooms.setdefault(name, _Watched())
        room.put(key, meta)
        self._schedule(name, room)

    def _schedule(self, name: str, room: _Watched) -> None:
        """The first change waits for those that come with it; then the room's interval passes between two tellings."""
        if name not in self._dirty:
            self._dirty[name] = None
            room.due = max(trio.current_time() + SHORTEST, room.due)

    def _tell_rooms(self) -> None:
        now = trio.current_time()
        for name in [name for name in self._dirty if self._rooms[name].due <= now]:
            del self._dirty[name]
            self._tell(name, self._rooms[name], now)

    def _tell(self, name: str, room: _Watched, now: float) -> None:
        room.due = now + room.interval
        if room.ref is None or not room.news or self._hushed:
            return
        try:
            room.ref.cast(room.take())
        except ActorError:  # it is overwhelmed, or has ended: it gets the whole truth when it can
            room.whole = True
            if room.ref.ended:
                room.ref = None
        if not room.now and room.ref is None:
            del self._rooms[name]

    def _claim(self, claim: Claim) -> bool:
        folded = claim.name.casefold()
        claimed = self._names.get(folded)
        if claimed is not None and claimed.user_id != claim.user_id:
            if claimed.holders != {claim.holder}:
                return False
            claimed.user_id = claim.user_id  # it was granted before, and the answer got lost
        if self._held.get(claim.holder) != folded:
            self._release(claim.holder)
            claimed = self._names.setdefault(folded, _Claimed(claim.user_id, set()))
        assert claimed is not None
        claimed.holders.add(claim.holder)
        self._held[claim.holder] = folded
        return True

    def _release(self, holder: str) -> None:
        folded = self._held.pop(holder, None)
        if folded is None:
            return
        claimed = self._names[folded]
        claimed.holders.discard(holder)
        if not claimed.holders:
            del self._names[folded]
