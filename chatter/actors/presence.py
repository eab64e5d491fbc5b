"""The presence registry: who is in which room. One actor a node.

Rooms tell it who came, changed and went; it gathers that for a moment and tells each room what is different. So a
thousand people who arrive together make a handful of diffs, not a thousand each: the more people a diff has to be
written to, the longer it gathers (`next_due`).

It forgets everything in a crash. Its restart asks the rooms to tell it again (`tell_again`), and each room
gets the whole truth in return; the room finds the difference to what its members were told, which is nothing for
those who did not move.

Who is in a room on other nodes comes over the bus (`Abroad`), and is told to the room as if they were here, only
sooner: their node has gathered already. A room that is new here is told when the other nodes have said who is there,
or had the time to.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs
import trio

from chatter.actors.abroad import Abroad, Heard, HeardByAll, HeardInRoom, MissedInRoom, Nodes
from chatter.actors.actor import Actor
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Mailbox, Ref
from chatter.bus.port import Bus
from chatter.core.neighbours import HEARTBEAT
from chatter.core.presence import Diff, Meta, difference

SHORTEST: Final = 0.05
LONGEST: Final = 2.0
HEARSAY: Final = 0.15
"""Seconds in which other nodes say who is in a room that is new here; those that know it not say nothing."""
RETELLING: Final = 1.0
"""Seconds in which they say it again after a crash. Whom they don't name in time leaves, in the eyes of those here."""
LINGER: Final = 30.0
"""Seconds in which other nodes hear that nobody is in a room that has ended here: several leases."""
SECONDS_PER_MEMBER: Final = 0.0001  # a write costs some 5 µs: diffs then take a twentieth of a core at the most


@attrs.frozen
class PresenceChanged:
    """Told to a room: apply `diff`, or, when `everybody` is there, take it as the whole truth."""

    diff: Diff
    everybody: tuple[Meta, ...] | None = None


@attrs.frozen
class Watch:
    """A room wants to be told. `everybody` is who is there: one message, however many they are, since after a crash of
    the registry all rooms tell theirs at once, and what does not fit its mailbox would be told again and again.

    `audience` says how many will hear each diff.
    """

    room: str
    ref: Ref[Any]  # of a room, which takes `PresenceChanged`
    audience: Callable[[], int]
    everybody: tuple[Meta, ...] = ()


@attrs.frozen
class Unwatch:
    """The room has ended."""

    room: str
    ref: Ref[Any]


@attrs.frozen
class Track:
    """Somebody is in the room, or is there differently than before (same `meta.key`)."""

    room: str
    meta: Meta


@attrs.frozen
class Untrack:
    room: str
    key: str


@attrs.frozen
class Hush:
    """The node drains. Everybody leaves and comes back elsewhere, which is no news to those who are still here."""


PresenceMessage = Watch | Unwatch | Track | Untrack | Hush | Heard


@attrs.define(eq=False)
class _Watched:
    """One room: who is there, who was when it was last told, and when it may be told next.

    `own`: the keys of those who are here on this node; `ours`: what changed of them since the other nodes were told.
    """

    ref: Ref[Any] | None = None
    audience: Callable[[], int] = int
    now: dict[str, Meta] = attrs.Factory(dict)
    before: dict[str, Meta | None] = attrs.Factory(dict)  # what changed since: key -> what was told of it
    own: set[str] = attrs.Factory(set)
    ours: dict[str, Meta | None] = attrs.Factory(dict)
    whole: bool = True
    waits_for_others: bool = False
    told_at: float = -LONGEST
    due: float = 0.0

    def put(self, key: str, meta: Meta | None) -> None:
        self.before.setdefault(key, self.now.get(key))
        if meta is None:
            self.now.pop(key, None)
        else:
            self.now[key] = meta

    def put_own(self, key: str, meta: Meta | None) -> None:
        self.put(key, meta)
        self.ours[key] = meta
        if meta is None:
            self.own.discard(key)
        else:
            self.own.add(key)

    def begin_anew(self, others: Iterable[Meta]) -> None:
        """Only those on other nodes are there; who is here is said next."""
        self.whole = True
        self.now = {meta.key: meta for meta in others}
        self.ours.update(dict.fromkeys(self.own))
        self.own.clear()

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

    def next_due(self, now: float, gather: float) -> float:
        """When it may be told again: not before what is new was gathered, and not too soon after the last time."""
        interval = min(LONGEST, max(gather, self.audience() * SECONDS_PER_MEMBER))
        return max(now + gather, self.told_at + interval)


class Presence(Actor[PresenceMessage]):
    """See the module. `tell_again` asks every room to tell what it knows; called at each start."""

    def __init__(
        self, mailbox: Mailbox[PresenceMessage], tell_again: Callable[[], None], nodes: Nodes, bus: Bus
    ) -> None:
        super().__init__(mailbox)
        self._tell_again = tell_again
        self._abroad = Abroad(nodes, bus, self._send_self)
        self._rooms: dict[str, _Watched] = {}
        self._dirty: dict[str, None] = {}  # as an ordered set
        self._lingering: dict[str, float] = {}
        self._nodes = nodes
        self._hushed = False
        self._follows_another = bool(nodes.others)
        self._beat_at = trio.current_time() + HEARTBEAT
        self._retold_at = trio.current_time() + RETELLING

    async def run(self, started: Callable[[], Any]) -> None:
        try:
            await super().run(started)
        finally:
            self._abroad.end()

    async def started(self) -> None:
        self._tell_again()

    async def stopping(self) -> None:
        self._abroad.leave()

    async def serve(self) -> None:
        while True:
            messages: list[PresenceMessage] = []
            with trio.move_on_at(self._next_due()):
                messages = await self.mailbox.get_all()
            for message in messages:
                await self.handle(message)
            self._beat()
            self._tell_rooms()
            self._abroad.speak()

    def _next_due(self) -> float:
        return min([self._beat_at, *(self._rooms[room].due for room in self._dirty)])

    async def handle(self, message: PresenceMessage) -> None:
        match message:
            case Watch():
                self._watch(message)
            case Unwatch(room=room, ref=ref):
                self._unwatch(room, ref)
            case Track(room=room, meta=meta):
                self._changed(room, meta.key, meta)
            case Untrack(room=room, key=key):
                self._changed(room, key, None)
            case Hush():
                self._hushed = True
            case HeardInRoom() | HeardByAll() | MissedInRoom():
                self._changed_abroad(self._abroad.hear(message, trio.current_time()))
                if isinstance(message, HeardInRoom):
                    self._wait_no_longer(message.room)

    # -- rooms

    def _watch(self, message: Watch) -> None:
        room = self._rooms.setdefault(message.room, _Watched())
        new = room.ref is None  # it may be known all the same, by somebody who came to it
        if room.ref != message.ref:
            self._tell_when_it_ends(message.room, message.ref)
        self._lingering.pop(message.room, None)
        room.ref, room.audience = message.ref, message.audience
        room.begin_anew(self._abroad.open(message.room))
        for meta in message.everybody:
            room.put_own(meta.key, meta)
        self._schedule(message.room, room)
        if new and not self._abroad.all_told(message.room):
            room.waits_for_others = True
            room.due = max(room.due + HEARSAY, self._retold_at if self._follows_another else 0.0)

    def _tell_when_it_ends(self, name: str, ref: Ref[Any]) -> None:
        ref.monitor(lambda down: None if down.restarting else self._send_self(Unwatch(name, ref)))

    def _unwatch(self, name: str, ref: Ref[Any]) -> None:
        room = self._rooms.get(name)
        if room is None or room.ref != ref:
            return
        if self._nodes.others and not self._hushed:
            self._linger(name, room)
        else:
            self._forget(name)

    def _linger(self, name: str, room: _Watched) -> None:
        """If it was given up, it could not say that its people left, or nobody could hear it: other nodes hear so
        until it must have reached them."""
        self._abroad.changed(name, room.ours | dict.fromkeys(room.own))
        room.ref = None
        room.own.clear()
        room.ours.clear()
        self._lingering[name] = trio.current_time() + LINGER

    def _forget(self, name: str) -> None:
        del self._rooms[name]
        self._dirty.pop(name, None)
        self._abroad.close(name)

    def _forget_lingering(self, now: float) -> None:
        for name in [name for name, until in self._lingering.items() if until <= now]:
            del self._lingering[name]
            self._forget(name)

    def _changed(self, name: str, key: str, meta: Meta | None) -> None:
        room = self._rooms.setdefault(name, _Watched())
        room.put_own(key, meta)
        self._schedule(name, room)

    def _changed_abroad(self, diffs: Mapping[str, Diff]) -> None:
        for name, diff in diffs.items():
            room = self._rooms.get(name)
            if room is None or not diff:
                continue
            for meta in diff.leaves:
                room.put(meta.key, None)
            for meta in diff.joins:
                room.put(meta.key, meta)
            self._schedule(name, room, gather=0)

    def _wait_no_longer(self, name: str) -> None:
        """For other nodes, since all have said who is in the room."""
        room = self._rooms.get(name)
        if room is not None and room.waits_for_others and self._abroad.all_told(name):
            room.waits_for_others = False
            room.due = trio.current_time()

    def _schedule(self, name: str, room: _Watched, gather: float = SHORTEST) -> None:
        """The first change waits for those that come with it; then the room's interval passes between two tellings."""
        due = room.next_due(trio.current_time(), gather)
        if name not in self._dirty:
            self._dirty[name] = None
            room.due = due
        elif not room.waits_for_others:
            room.due = min(room.due, due)

    def _beat(self) -> None:
        now = trio.current_time()
        if now >= self._beat_at:
            self._beat_at = now + HEARTBEAT
            self._changed_abroad(self._abroad.beat(now))
            self._forget_lingering(now)

    def _tell_rooms(self) -> None:
        now = trio.current_time()
        for name in [name for name in self._dirty if self._rooms[name].due <= now]:
            del self._dirty[name]
            self._tell(name, self._rooms[name], now)

    def _tell(self, name: str, room: _Watched, now: float) -> None:
        room.told_at = now
        room.waits_for_others = False
        if room.ref is None or not room.news or self._hushed:
            return
        ours, room.ours = room.ours, {}
        self._abroad.changed(name, ours)
        try:
            room.ref.cast(room.take())
        except ActorError:  # it has ended, or is overwhelmed: it gets the whole truth when it can
            room.whole = True
            self._schedule(name, room)

    def _send_self(self, message: PresenceMessage) -> None:
        try:
            self.mailbox.put(message)
        except ActorError:  # what nodes say is repeated; a room that ended is found out when it is told something
            return
