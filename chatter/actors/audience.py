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

from chatter.actors.member import Departures, Member
from chatter.core.presence import Meta, PresenceSet
from chatter.wire.phoenix import Codec

AT_ONCE: Final = 256 * 1024
"""Bytes that are joined to be one write."""
BREATH: Final = 512
"""After so many writes the others on this node get a turn: two or three milliseconds."""


class Lane:
    """Members who hear the same bytes, on one kind of connection."""

    def __init__(self, first: Member) -> None:
        self.codec = first.codec
        self.topic = first.topic
        self.dialect = first.dialect
        self._members: dict[str, Member] = {}
        self._breaths: tuple[_Breath, ...] | None = None

    def __len__(self) -> int:
        return len(self._members)

    def add(self, member: Member) -> None:
        self._members[member.key] = member
        self._breaths = None

    def discard(self, member: Member) -> None:
        if self._members.get(member.key) is member:
            del self._members[member.key]
            self._breaths = None

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __contains__(self, member: Member) -> bool:
        return self._members.get(member.key) is member

    def get(self, key: str) -> Member | None:
        return self._members.get(key)

    def telling(self, data: bytes, departures: Departures, but: Member | None = None) -> "_Telling":
        if self._breaths is None:
            everyone = tuple(self._members.values())
            self._breaths = tuple(_Breath(everyone[n : n + BREATH]) for n in range(0, len(everyone), BREATH))
        return _Telling(data, departures, self._breaths, but)


class _Breath:
    """Members who are told in one go, one at least."""

    __slots__ = ("members", "tell")

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members
        self.tell = members[0].connection.fanout([member.connection for member in members])

    def tell_one_by_one(self, data: bytes, but: Member | None) -> None:
        for member in self.members:
            if not member.left and member is not but:
                member.connection.write(data)


@attrs.define(eq=False)
class _Telling:
    """Bytes on their way: `breaths[:told]` have them. `outdated`: one of the members is in the audience no more."""

    data: bytes
    departures: Departures
    breaths: tuple[_Breath, ...]
    but: Member | None
    told: int = 0
    outdated: bool = False

    def takes_in(self, later: "_Telling") -> bool:
        """Become one with what the same members are told next, if that can be: one write is cheaper than two."""
        if self.told or self.but is not later.but or len(self.data) + len(later.data) > AT_ONCE:
            return False
        self.data += later.data
        return True

    def next_breath(self) -> None:
        """Tell some more. Who left is told nothing: maybe they joined again, and would hear it twice, or hear the
        later of two events and not the earlier. Members are looked at only when one of them did leave: touching each
        costs a tenth of what the write does."""
        breath = self.breaths[self.told]
        self.told += 1
        if self.but is None and not self.outdated and not self.departures.count:
            breath.tell(self.data)
        else:
            breath.tell_one_by_one(self.data, self.but)


_LaneKey = tuple[type, Codec, str]


def _lane_key(member: Member) -> _LaneKey:
    return type(member.connection), member.codec, member.topic


class Audience:
    """See the module. `told_seq`: the last event that is told, or on its way. `people`: the presence last told; until
    it is known (`knows_people`) members wait for it as `strangers`, each with whether it came as somebody. `newcomers`,
    by their key, were told of themselves as they arrived, and nobody else was yet.
    `registry_is_behind`: the presence registry could not be told everything."""

    def __init__(self) -> None:
        self.told_seq: int | None = None
        self.people = PresenceSet()
        self.knows_people = True
        self.registry_is_behind = False
        self.strangers: list[tuple[Member, bool]] = []
        self.newcomers: dict[str, tuple[Member, Meta]] = {}
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

    @property
    def wants_a_look(self) -> bool:
        """Whether its room may be idle, or has something to make up for."""
        return not self._lanes or self._departures.count > 0 or self.registry_is_behind

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
            self.newcomers.pop(member.key, None)
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
        for telling in tellings:  # all lanes or, should `encode` raise, none
            last = next((one for one in reversed(self._on_their_way) if one.breaths is telling.breaths), None)
            if last is None or not last.takes_in(telling):
                self._on_their_way.append(telling)

    async def deliver(self) -> None:
        """Write what is on its way. Cancelled or crashed in between: the next call goes on where it stopped."""
        while self._on_their_way:
            telling = self._on_their_way[0]
            await self._deliver(telling)
            self._on_their_way.popleft()

    async def _deliver(self, telling: _Telling) -> None:
        while telling.told < len(telling.breaths):
            if telling.told:
                await trio.sleep(0)
            telling.next_breath()

    def dismiss(self, end: Callable[[Member], None] = Member.fail) -> None:
        """The room is given up: who is still here must join again (`Member.fail`), or can't (`Member.close`)."""
        for member in self:
            if not member.left:
                end(member)
        self._lanes.clear()
        self._on_their_way.clear()
