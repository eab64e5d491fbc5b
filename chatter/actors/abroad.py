"""The presence registry's line to the other nodes: `core.neighbours` on the bus.

What is heard comes into the registry's mailbox, like everything that happens to it; `Abroad` says what it means.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import attrs
import trio

from chatter.bus.port import Bus, Subscription
from chatter.core import neighbours
from chatter.core.model import new_id
from chatter.core.neighbours import Alive, Bye, Neighbours
from chatter.core.presence import Diff, Meta

NODES: Final = "nodes"


@attrs.frozen
class HeardInRoom:
    """Another node said something about who is in a room."""

    room: str
    data: bytes


@attrs.frozen
class HeardByAll:
    """Another node said something to all."""

    data: bytes


@attrs.frozen
class MissedInRoom:
    """Something may have been said about a room that was not heard."""

    room: str


Heard = HeardInRoom | HeardByAll | MissedInRoom


class Nodes:
    """This node's name and, as far as it knows, the others'. For whoever wants to see them."""

    def __init__(self, own: str) -> None:
        self.own = own
        self.others: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted((self.own, *self.others)))


class Abroad:
    """One incarnation's. `tell` puts what is heard into its mailbox, and must not raise."""

    def __init__(self, nodes: Nodes, bus: Bus, tell: Callable[[Heard], None]) -> None:
        self._bus = bus
        self._tell = tell
        self._epoch = new_id()
        self._known = nodes
        self._neighbours = Neighbours(nodes.own, self._epoch, nodes.others, trio.current_time())
        self._rooms: dict[str, Subscription] = {}
        self._nodes = bus.subscribe(NODES, lambda data: tell(HeardByAll(data)), lambda: None)

    def open(self, room: str) -> list[Meta]:
        """Listen to who is in the room; who is, as far as is known."""
        if room not in self._rooms:
            self._neighbours.open(room)
            self._rooms[room] = self._bus.subscribe(
                _channel(room),
                lambda data: self._tell(HeardInRoom(room, data)),
                lambda: self._tell(MissedInRoom(room)),
            )
        return self._neighbours.others(room)

    def all_told(self, room: str) -> bool:
        """Whether every other node that is known has said who is in the room."""
        return self._neighbours.all_told(room)

    def close(self, room: str) -> None:
        if (subscription := self._rooms.pop(room, None)) is not None:
            subscription.end()
            self._neighbours.close(room)

    def changed(self, room: str, ours: Mapping[str, Meta | None]) -> None:
        """Our own people, by key: as they are now, or gone."""
        if room in self._rooms:
            self._neighbours.changed(room, ours)

    def hear(self, heard: Heard, now: float) -> dict[str, Diff]:
        """Who came to which room and who left it, on other nodes."""
        match heard:
            case HeardInRoom(room=room, data=data):
                said = neighbours.in_room(data)
                return {} if said is None else {room: self._neighbours.hear(room, said, now)}
            case HeardByAll(data=data):
                called = neighbours.to_all(data)
                return {} if called is None else self._neighbours.called(called, now)
            case MissedInRoom(room=room):
                self._neighbours.missed(room)
                return {}

    def beat(self, now: float) -> dict[str, Diff]:
        """Say that we are here, and where we are; who left which room with their node."""
        self._bus.publish(NODES, lambda: neighbours.encoded(Alive(self._neighbours.node, self._epoch)))
        self._neighbours.heartbeat()
        return self._neighbours.expire(now)

    def speak(self) -> None:
        """Say all that there is to say."""
        self._known.others = tuple(self._neighbours)
        for room, said in self._neighbours.say():
            self._bus.publish(_channel(room), partial(neighbours.encoded, said))

    def leave(self) -> None:
        """This node stops: its people are gone at once."""
        self._bus.publish(NODES, lambda: neighbours.encoded(Bye(self._neighbours.node)))

    def end(self) -> None:
        """Hear no more."""
        self._nodes.end()
        for room in list(self._rooms):
            self.close(room)


def _channel(room: str) -> str:
    return f"presence:{room}"
