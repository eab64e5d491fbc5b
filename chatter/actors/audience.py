"""The audience of a room: its members, what they were told, and what is on its way to them.

It outlives a crash of the room's actor, so its members stay its members, and the next incarnation goes on telling
where the last one stopped. Members who hear the same bytes sit in one lane: same codec, same topic, same kind of
connection.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs
import trio

from chatter.actors.connection import Connection
from chatter.actors.member import Departures, Member
from chatter.core.presence import PresenceSet
from chatter.wire.phoenix import Codec

BREATH: Final = 512
"""After so many writes the others on this node get a turn: two or three milliseconds."""


class Lane:
    """Members who hear the same bytes, on one kind of connection."""

    def __init__(self, first: Member) -> None:
        self.codec = first.codec
        self.topic = first.topic
        self.dialect = first.dialect
        self.write_all = first.connection.write_all
        self._members: dict[str, Member] = {}
        self._listing: tuple[Member, ...] | None = None
        self._connections: tuple[Connection, ...] = ()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, member: Member) -> None:
        self._members[member.key] = member
        self._listing = None

    def discard(self, member: Member) -> None:
        if self._members.get(member.key) is member:
            del self._members[member.key]
            self._listing = None

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __contains__(self, member: Member) -> bool:
        return self._members.get(member.key) is member

    def get(self, key: str) -> Member | None:
        return self._members.get(key)

    def telling(self, data: bytes, departures: Departures, but: Member | None = None) -> "_Telling":
        if self._listing is None:
            self._listing = tuple(self._members.values())
            self._connections = tuple(member.connection for member in self._listing)
        if but is None:
            return _Telling(data, self.write_all, departures, self._listing, self._connections)
        members = tuple(member for member in self._listing if member is not but)
        return _Telling(data, self.write_all, departures, members, tuple(member.connection for member in members))


@attrs.define(eq=False)
class _Telling:
    """Bytes on their way: `members[:told]` have them. `outdated`: one of the members is in the audience no more."""

    data: bytes
    write_all: Callable[[Sequence[Connection], bytes], None]
    departures: Departures
    members: tuple[Member, ...]
    connections: tuple[Connection, ...]  # the members', at the same places
    told: int = 0
    outdated: bool = False

    def next_breath(self) -> Sequence[Connection]:
        """Whom to tell now. Who left is told no more: maybe they joined again, and would hear it twice, or hear the
        later of two events and not the earlier. Members are looked at only when one of them did leave: touching each
        costs a tenth of what the write does."""
        begin, self.told = self.told, self.told + BREATH
        if not self.outdated and not self.departures.count:
            return self.connections[begin : self.told]
        return [member.connection for member in self.members[begin : self.told] if not member.left]


_LaneKey = tuple[type, Codec, str]


def _lane_key(member: Member) -> _LaneKey:
    return type(member.connection), member.codec, member.topic


class Audience:
    """See the module. `told_seq`: the last event that is told, or on its way. `people`: the presence last told."""

    def __init__(self) -> None:
        self.told_seq: int | None = None
        self.people = PresenceSet()
        self._departures = Departures()
        self._lanes: dict[_LaneKey, Lane] = {}
        self._on_their_way: deque[_Telling] = deque()

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __iter__(self) -> Iterator[Member]:
        for lane in self._lanes.values():
            yield from lane

    def __contains__(self, member: Member) -> bool:
        lane = self._lanes.get(_lane_key(member))
        return lane is not None and member in lane

    def add(self, member: Member) -> None:
        key = _lane_key(member)
        if (lane := self._lanes.get(key)) is None:
            lane = self._lanes[key] = Lane(member)
        elif (before := lane.get(member.key)) is not None:
            self._let_go(before)
        lane.add(member)
        member.departures = self._departures

    def discard(self, member: Member) -> None:
        key = _lane_key(member)
        lane = self._lanes.get(key)
        if lane is not None and member in lane:
            self._let_go(member)
            lane.discard(member)
            if not lane:
                del self._lanes[key]

    def _let_go(self, member: Member) -> None:
        member.departures = None
        self._departures.count -= member.left
        for telling in self._on_their_way:
            telling.outdated = True

    def tell(self, encode: Callable[[Lane], bytes], but: Member | None = None) -> None:
        """Put something on its way to all members, in each lane's own bytes; `deliver` takes it there."""
        tellings = [lane.telling(encode(lane), self._departures, but) for lane in self._lanes.values()]
        self._on_their_way.extend(tellings)  # all lanes or, should `encode` raise, none

    async def deliver(self) -> None:
        """Write what is on its way. Cancelled or crashed in between: the next call goes on where it stopped."""
        while self._on_their_way:
            telling = self._on_their_way[0]
            await self._deliver(telling)
            self._on_their_way.popleft()

    async def _deliver(self, telling: _Telling) -> None:
        while telling.told < len(telling.members):
            if telling.told:
                await trio.sleep(0)
            telling.write_all(telling.next_breath(), telling.data)

    def dismiss(self) -> None:
        """The room is given up: whoever is still here must join again."""
        for member in self:
            if not member.left:
                member.fail()
        self._lanes.clear()
        self._on_their_way.clear()
