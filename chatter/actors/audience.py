"""The audience of a room: its members, what they were told, and what is on its way to them.

It outlives a crash of the room's actor, so its members stay its members, and the next incarnation goes on telling
where the last one stopped. Members who hear the same bytes (same codec, same topic) sit in one lane.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import attrs
import trio
import trio.lowlevel

from chatter.actors.member import Member
from chatter.core.log import Dialect
from chatter.core.presence import PresenceSet
from chatter.wire.phoenix import Codec

BREATH: Final = 512
"""After so many writes the others on this node get a turn: two or three milliseconds."""


class Lane:
    """Members who hear the same bytes."""

    def __init__(self, codec: Codec, topic: str, dialect: Dialect) -> None:
        self.codec = codec
        self.topic = topic
        self.dialect = dialect
        self._members: dict[str, Member] = {}
        self._listing: tuple[Member, ...] | None = None

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

    def members(self, but: Member | None = None) -> tuple[Member, ...]:
        if but is not None:
            return tuple(member for member in self._members.values() if member is not but)
        if self._listing is None:
            self._listing = tuple(self._members.values())
        return self._listing


@attrs.define(eq=False)
class _Telling:
    """Bytes on their way: `members[:told]` have them."""

    data: bytes
    members: tuple[Member, ...]
    told: int = 0


class Audience:
    """See the module. `told_seq`: the last event that is told, or on its way. `people`: the presence last told."""

    def __init__(self) -> None:
        self.told_seq: int | None = None
        self.people = PresenceSet()
        self._lanes: dict[tuple[Codec, str], Lane] = {}
        self._on_their_way: deque[_Telling] = deque()

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __iter__(self) -> Iterator[Member]:
        for lane in self._lanes.values():
            yield from lane

    def __contains__(self, member: Member) -> bool:
        lane = self._lanes.get((member.codec, member.topic))
        return lane is not None and member in lane

    def add(self, member: Member) -> None:
        key = (member.codec, member.topic)
        if (lane := self._lanes.get(key)) is None:
            lane = self._lanes[key] = Lane(member.codec, member.topic, member.dialect)
        lane.add(member)

    def discard(self, member: Member) -> None:
        lane = self._lanes.get((member.codec, member.topic))
        if lane is not None:
            lane.discard(member)
            if not lane:
                del self._lanes[member.codec, member.topic]

    def tell(self, encode: Callable[[Lane], bytes], but: Member | None = None) -> None:
        """Put something on its way to all members, in each lane's own bytes; `deliver` takes it there."""
        tellings = [_Telling(encode(lane), lane.members(but)) for lane in self._lanes.values()]
        self._on_their_way.extend(tellings)  # all lanes or, should `encode` raise, none

    async def deliver(self) -> None:
        """Write what is on its way. Cancelled or crashed in between: the next call goes on where it stopped."""
        while self._on_their_way:
            telling = self._on_their_way[0]
            await self._deliver(telling)
            self._on_their_way.popleft()

    async def _deliver(self, telling: _Telling) -> None:
        data, members = telling.data, telling.members
        while telling.told < len(members):
            if telling.told:
                await trio.lowlevel.checkpoint()
            now = members[telling.told : telling.told + BREATH]
            telling.told += len(now)
            for member in now:
                if not member.left:  # it may have left, and joined again, during a breath
                    member.write(data)

    def dismiss(self) -> None:
        """The room is given up: whoever is still here must join again."""
        for member in self:
            if not member.left:
                member.fail()
        self._lanes.clear()
        self._on_their_way.clear()
