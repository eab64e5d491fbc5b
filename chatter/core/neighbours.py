"""Who is in a room on other nodes: what the nodes tell each other, and what each makes of it. Pure.

Each node owns its *share* of a room: the metas of its own people there, stamped with a version that counts its
changes and with the epoch of whoever counts (a node that starts anew begins a new one). Of two shares of one node the
later is true. So a node's view of a room is, for each other node, the latest share it heard of, and in whatever order
and however often shares are heard, the view ends up the same: `latest` is commutative, associative and idempotent.

What travels most are *changes*, from one version to the next. Whoever misses one finds out by the next, or by the
*digest* that every node repeats, and asks for the whole share. A node that is not heard for the length of its lease is
gone, and its people with it, until it is heard again.

This is a delta-state CRDT with causal intervals (Almeida, Shoker, Baquero: "Delta state replicated data types", 2018),
as in Phoenix.Tracker; simpler, since each share has one writer.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs
import msgspec

from chatter.core.presence import Diff, Meta, difference

HEARTBEAT: Final = 2.0
"""Seconds between a node's signs of life."""
LEASE: Final = 8.0
"""Seconds after which a node that gave none is gone."""

Stamp = tuple[str, int]
"""Epoch and version; the greater is the later."""


class Change(msgspec.Struct, tag="change", frozen=True):
    """A share went from the version before to this one."""

    node: str
    epoch: str
    version: int
    joins: list[Meta]
    leaves: list[str]


class Whole(msgspec.Struct, tag="whole", frozen=True):
    """A whole share."""

    node: str
    epoch: str
    version: int
    metas: list[Meta]


class Digest(msgspec.Struct, tag="digest", frozen=True):
    """Where a share is now."""

    node: str
    epoch: str
    version: int


class Ask(msgspec.Struct, tag="ask", frozen=True):
    """Tell me your whole share: everybody, or the node `of`."""

    node: str
    of: str | None = None


class Alive(msgspec.Struct, tag="alive", frozen=True):
    """I am here, and what I said in epochs before is void."""

    node: str
    epoch: str


class Bye(msgspec.Struct, tag="bye", frozen=True):
    """I stop, and my people have left."""

    node: str


InRoom = Change | Whole | Digest | Ask
ToAll = Alive | Bye

_in_room: msgspec.msgpack.Decoder[InRoom] = msgspec.msgpack.Decoder(InRoom)
_to_all: msgspec.msgpack.Decoder[ToAll] = msgspec.msgpack.Decoder(ToAll)
_encode = msgspec.msgpack.Encoder().encode


def in_room(data: bytes) -> InRoom | None:
    """What a node said about a room; None when it is nothing that this version knows."""
    try:
        return _in_room.decode(data)
    except msgspec.MsgspecError:
        return None


def to_all(data: bytes) -> ToAll | None:
    """What a node said to all; None when it is nothing that this version knows."""
    try:
        return _to_all.decode(data)
    except msgspec.MsgspecError:
        return None


def encoded(said: InRoom | ToAll) -> bytes:
    return _encode(said)


@attrs.frozen
class Share:
    """One node's people in one room, by key."""

    stamp: Stamp
    metas: dict[str, Meta]


def latest(one: Share | None, other: Share | None) -> Share | None:
    """The later of two shares of one node in one room."""
    if one is None or other is None:
        return one or other
    return one if one.stamp >= other.stamp else other


class OwnShare:
    """This node's share of a room. `begun`: it is known who is in it, and may be told."""

    def __init__(self, node: str, epoch: str) -> None:
        self.version = 0
        self.begun = False
        self._node = node
        self._epoch = epoch
        self._metas: dict[str, Meta] = {}

    def __len__(self) -> int:
        return len(self._metas)

    def update(self, ours: Mapping[str, Meta | None]) -> Change | None:
        """These are so now, or gone; what to tell the others of it, None when there is nothing to tell."""
        joins = [meta for key, meta in ours.items() if meta is not None and self._metas.get(key) != meta]
        leaves = [key for key, meta in ours.items() if meta is None and key in self._metas]
        if not joins and not leaves:
            return None
        for key in leaves:
            del self._metas[key]
        self._metas.update(_by_key(joins))
        self.version += 1
        return Change(self._node, self._epoch, self.version, joins, leaves)

    def whole(self) -> Whole:
        return Whole(self._node, self._epoch, self.version, list(self._metas.values()))

    def digest(self) -> Digest:
        return Digest(self._node, self._epoch, self.version)


class OtherShares:
    """The other nodes' shares of a room, as far as they were heard."""

    def __init__(self) -> None:
        self._shares: dict[str, Share] = {}

    def __iter__(self) -> Iterator[Meta]:
        for share in self._shares.values():
            yield from share.metas.values()

    def __contains__(self, node: str) -> bool:
        """Whether its share was heard."""
        return node in self._shares

    def hear(self, said: Change | Whole | Digest) -> Diff | None:
        """What is different now; None when the node has to be asked for its whole share."""
        known = self._shares.get(said.node)
        stamp = (said.epoch, said.version)
        if known is not None and known.stamp >= stamp:
            return Diff()
        match said:
            case Whole():
                return self._put(said.node, Share(stamp, _by_key(said.metas)))
            case Change() if known is not None and known.stamp == (said.epoch, said.version - 1):
                stay = {key: meta for key, meta in known.metas.items() if key not in said.leaves}
                return self._put(said.node, Share(stamp, stay | _by_key(said.joins)))
            case Change(version=1):  # the first of its epoch: it begins with nobody
                return self._put(said.node, Share(stamp, _by_key(said.joins)))
            case _:
                return None

    def _put(self, node: str, share: Share) -> Diff:
        known = self._shares.get(node)
        self._shares[node] = share
        return difference(() if known is None else known.metas.values(), share.metas.values())

    def drop(self, node: str, before: str | None = None) -> Diff:
        """The node is gone, or all that it said in epochs `before` one."""
        share = self._shares.get(node)
        if share is None or (before is not None and share.stamp[0] >= before):
            return Diff()
        del self._shares[node]
        return Diff(leaves=tuple(share.metas.values()))


def _by_key(metas: list[Meta]) -> dict[str, Meta]:
    return {meta.key: meta for meta in metas}


@attrs.define(eq=False)
class _Room:
    own: OwnShare
    others: OtherShares = attrs.Factory(OtherShares)


class Neighbours:
    """One node's part in it. It is told what happens; what it then has to say waits in `in_rooms` and `calls`.

    `epoch`: greater than any that this node had before. `known`: nodes that were here a moment ago, and may be expected
    to speak. Times are seconds on any clock that does not go back.
    """

    def __init__(self, node: str, epoch: str, known: Iterable[str] = (), now: float = 0.0) -> None:
        self.node = node
        self._epoch = epoch
        self._rooms: dict[str, _Room] = {}
        self._heard: dict[str, float] = dict.fromkeys(known, now)
        self._said: list[tuple[str, InRoom]] = []
        self._owed: dict[str, None] = {}  # rooms whose whole share somebody asked for
        self._asked: dict[tuple[str, str], None] = {}

    def __iter__(self) -> Iterator[str]:
        """The other nodes that are here."""
        return iter(self._heard)

    def others(self, room: str) -> list[Meta]:
        """Who is in the room on other nodes."""
        return list(self._rooms[room].others) if room in self._rooms else []

    def all_told(self, room: str) -> bool:
        """Whether each of them has told its share of the room."""
        here = self._rooms.get(room)
        return here is not None and all(node in here.others for node in self._heard)

    # -- what happens on this node

    def open(self, room: str) -> None:
        """Somebody here wants to know who is in the room. Again: no effect."""
        if room not in self._rooms:
            self._rooms[room] = _Room(OwnShare(self.node, self._epoch))
            self._said.append((room, Ask(self.node)))

    def close(self, room: str) -> None:
        """Nobody here does any more, and none of our people are in it."""
        self._rooms.pop(room, None)
        self._owed.pop(room, None)

    def changed(self, room: str, ours: Mapping[str, Meta | None]) -> None:
        """Our own people in an open room, by key: as they are now, or gone. The first time, these are all."""
        own = self._rooms[room].own
        change = own.update(ours)
        if not own.begun:
            own.begun = True
            self._owed[room] = None
        elif change is not None:
            self._said.append((room, change))

    def missed(self, room: str) -> None:
        """What others said about the room may not have been heard, nor what we said."""
        if room in self._rooms:
            self._said.append((room, Ask(self.node)))
            self._owe(room)

    # -- what others say

    def hear(self, room: str, said: InRoom, now: float) -> Diff:
        """Somebody said it about a room; who came and went by that."""
        here = self._rooms.get(room)
        if said.node == self.node or here is None:
            return Diff()
        self._heard[said.node] = now
        if isinstance(said, Ask):
            if said.of in (None, self.node):
                self._owe(room)
            return Diff()
        diff = here.others.hear(said)
        if diff is None:
            self._asked[room, said.node] = None
            return Diff()
        return diff

    def called(self, said: ToAll, now: float) -> dict[str, Diff]:
        """Somebody said it to all; who left which room by that."""
        if said.node == self.node:
            return {}
        match said:
            case Alive():
                self._heard[said.node] = now
                return self._drop(said.node, before=said.epoch)
            case Bye():
                self._heard.pop(said.node, None)
                return self._drop(said.node)

    def expire(self, now: float) -> dict[str, Diff]:
        """Who left which room, because their node is not heard any more."""
        gone: dict[str, Diff] = {}
        for node in [node for node, heard in self._heard.items() if heard < now - LEASE]:
            del self._heard[node]
            for room, diff in self._drop(node).items():
                gone[room] = Diff(leaves=gone.get(room, Diff()).leaves + diff.leaves)
        return gone

    def _owe(self, room: str) -> None:
        if self._rooms[room].own.begun:
            self._owed[room] = None

    def _drop(self, node: str, before: str | None = None) -> dict[str, Diff]:
        diffs = {name: room.others.drop(node, before) for name, room in self._rooms.items()}
        return {name: diff for name, diff in diffs.items() if diff}

    # -- what there is to say

    def heartbeat(self) -> None:
        """Repeat where our shares are, for those who missed something."""
        self._said.extend((name, room.own.digest()) for name, room in self._rooms.items() if room.own.begun)

    def say(self) -> list[tuple[str, InRoom]]:
        """All that is to be said about rooms now. What somebody asked for is said once, however many asked."""
        said, self._said = self._said, []
        said.extend((room, Ask(self.node, node)) for room, node in self._asked)
        said.extend((room, self._rooms[room].own.whole()) for room in self._owed)
        self._asked.clear()
        self._owed.clear()
        return said
