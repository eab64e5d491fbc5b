"""The store: the truth of every room, and the only giver of `seq`.

What every adapter promises (and `tests/contracts/` checks of each):

* `append` is all-or-nothing per call, and durable when it returns: a power cut after that loses nothing.
* Events of a room are numbered 1, 2, 3, … in the order in which they were stored, without gaps, whatever crashes
  or is cancelled in between, and however many writers the room has.
* The same `Post` twice (same command `id`, or same user and `client_id` in the same room) is stored once; the second
  gets `Known` with the first one's event. An `Edit`, `Delete` or `React` that changes nothing any more is `Known` too.
* A refused command changes nothing and does not disturb its neighbours in the same call.
* Cancelling a call either stored all of it or nothing, and leaves the store usable.
* When the database cannot be reached, is locked or full, calls raise `errors.Unavailable` and nothing is stored; unless
  it went away in the middle of the commit and stays away: then nobody knows, and the same command again tells.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs

from chatter.core.commands import Command
from chatter.core.events import Event
from chatter.core.model import MemberInfo, Message, RoomInfo, User
from chatter.errors import ChatterError, Refused
from chatter.frozen import frozen


class StoreUnreachable(ChatterError):
    """The store cannot be started at all: wrong path, not a database, held by somebody. `str()` is one clear line."""


@attrs.frozen
class DatabaseLost:
    """The database can't be reached; `why` is one line. Told once, until it is found again."""

    database: str
    why: str


@attrs.frozen
class DatabaseFound:
    """It answers again, after so many seconds."""

    database: str
    seconds: float


StoreObserver = Callable[[DatabaseLost | DatabaseFound], None]
"""Called at once, in the order things happen; must not raise."""


@frozen
class Stored:
    """The command took effect, as this event."""

    event: Event


@frozen
class Known:
    """The command had taken effect before: nothing is new, nothing must be told.

    `seq` is that of the event that did it (of the post, when nothing else ever did). `message` is there for a
    `Post`: the first one's, as it stands now.
    """

    seq: int
    message: Message | None = None


Outcome = Stored | Known | Refused


@attrs.frozen
class Tail:
    """The newest of a room: what its actor keeps at hand. Both lists are oldest first."""

    last_seq: int
    events: list[Event]
    messages: list[Message]


@attrs.frozen
class Page:
    """Some messages, oldest first; `more` tells whether there are others beyond them in the direction asked."""

    messages: list[Message]
    more: bool


@attrs.frozen
class MemberPage:
    """Some of a room's members, who was there last first; `more` tells whether there are others beyond them."""

    members: list[MemberInfo]
    more: bool


@attrs.frozen
class Disconnections:
    """Users to be disconnected, and the number of the newest such order."""

    newest: int
    user_ids: list[str]


@attrs.frozen
class Hit:
    """A message that a search found, and where."""

    room: str
    message: Message


class Store(Protocol):
    """The port. Rooms are named by their name; an unknown room raises `errors.NotFound`, except where said."""

    async def append(self, room: str, commands: Sequence[Command]) -> list[Outcome]:
        """Run `commands` in order in one transaction; one outcome each.

        Refusals: `NotFound` (no such message, or deleted already and not a `Delete`), `Forbidden` (see
        `core.policy.may_change`), `Invalid` (more kinds of reactions than a message holds).
        """
        ...

    async def tail(self, room: str, *, events: int, messages: int) -> Tail:
        """The newest `events` events and `messages` messages of the room."""
        ...

    async def events_after(self, room: str, after: int, limit: int) -> list[Event]:
        """Up to `limit` events with `seq > after`, in order.

        A `Posted` carries the message as it stands now. Once a message is deleted, its `Edited` events have no text.
        """
        ...

    async def page(self, room: str, *, before: int | None = None, after: int | None = None, limit: int) -> Page:
        """Messages with `seq < before` (the newest of them), or `seq > after` (the oldest of them), or the newest."""
        ...

    async def mark_read(self, room: str, user: User, seq: int) -> int:
        """Remember that the user has read up to `seq` (never goes back, and at most to the room's last), and was here.

        Returns how many of others' messages come after; deleted ones do not count.
        """
        ...

    async def members(self, room: str, *, before: tuple[str, str] | None = None, limit: int) -> MemberPage:
        """Whoever marked something as read, by when they last did; of two at once, the greater user id first.

        `before`: the `last_seen_at` and the user id of somebody, whom the page comes behind.
        """
        ...

    async def search(self, query: str, *, room: str | None, limit: int) -> list[Hit]:
        """Messages that hold every word of `query` (the last as a prefix), newest first. Any text is a legal query.

        Whatever was acknowledged before the call can be found.
        """
        ...

    async def rooms(self) -> list[RoomInfo]:
        """All rooms, by name, but those that were closed."""
        ...

    async def last_seqs(self, names: Sequence[str]) -> dict[str, int]:
        """The last `seq` of each of these rooms that is there."""
        ...

    async def room(self, name: str) -> RoomInfo | None:
        """One room, or None."""
        ...

    async def create_room(self, name: str, topic: str) -> RoomInfo:
        """A new room; `errors.AlreadyExists` when it is there, or was and is closed."""
        ...

    async def close_room(self, name: str) -> None:
        """From now on there is no such room, for no call; its name stays taken, and what was said in it is kept."""
        ...

    async def disconnect(self, user_id: str) -> None:
        """Have every node find the user in `disconnections`."""
        ...

    async def disconnections(self, after: int | None) -> Disconnections:
        """All orders with a greater number (of the newest 10,000); None: no order, only where they stand."""
        ...

    async def check(self) -> None:
        """Return when the database answers, raise `errors.Unavailable` when it does not. Takes 5 s at most."""
        ...
