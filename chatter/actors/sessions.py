"""The sessions of this node: one for each socket, started when it comes, restarted on it when it crashes.

A session that crashes too often is given up: its socket is closed with 1011, and its client comes back by itself.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from chatter.actors.child import ChildSpec, Observer, Restart, SupervisorError, actor
from chatter.actors.client import Means, Seat
from chatter.actors.connection import Connection
from chatter.actors.exits import Down
from chatter.actors.mailbox import Mailbox, Ref
from chatter.actors.session import Session, SessionMessage
from chatter.actors.settling import settle
from chatter.actors.topics import give_up
from chatter.core.model import User
from chatter.errors import Unavailable
from chatter.supervisor import DynamicSupervisor

SESSION_CAPACITY: Final = 64
GAVE_UP: Final = 1011
DISCONNECTED: Final = 1001


@attrs.define(eq=False)
class _Sitting:
    connection: Connection
    seat: Seat
    ref: Ref[SessionMessage]


class Sessions:
    """Starts sessions under its `supervisor`, which somebody else runs."""

    def __init__(self, means: Means, observer: Observer | None = None, shutdown: float = 5.0) -> None:
        self.supervisor = DynamicSupervisor("sessions", shutdown=shutdown, observer=observer)
        self._means = means
        self._sittings: dict[str, _Sitting] = {}

    def __len__(self) -> int:
        return len(self._sittings)

    def welcome(self, connection: Connection, user: User | None) -> Ref[SessionMessage]:
        """Start the session of a new socket; `Unavailable` while stopping."""
        mailbox: Mailbox[SessionMessage] = Mailbox(connection.id, SESSION_CAPACITY)
        sitting = _Sitting(connection, Seat(user), mailbox.ref)
        try:
            self.supervisor.start(self._spec(mailbox, sitting))
        except SupervisorError as error:
            raise Unavailable("The server is stopping.") from error
        self._sittings[connection.id] = sitting
        mailbox.monitor(self._ended)
        return sitting.ref

    def _spec(self, mailbox: Mailbox[SessionMessage], sitting: _Sitting) -> ChildSpec:
        return actor(
            mailbox,
            lambda: Session(mailbox, sitting.connection, sitting.seat, self._means),
            restart=Restart.TRANSIENT,
        )

    def _ended(self, down: Down) -> None:
        if down.restarting:
            return
        sitting = self._sittings.pop(down.name)
        if down.exit.abnormal:
            sitting.connection.close(GAVE_UP, "the session crashed too often")
        give_up(sitting.connection, sitting.seat, self._means)

    def disconnect(self, user_id: str) -> int:
        """Close all connections that a user has on this node, as Phoenix does when `"disconnect"` is broadcast to a
        socket's id; how many there were.

        With 1001, so that clients come back and are whoever their token then says. To keep somebody out, see to it
        before that the token is refused.
        """
        theirs = [s for s in self._sittings.values() if s.seat.user is not None and s.seat.user.id == user_id]
        for sitting in theirs:
            sitting.connection.close(DISCONNECTED, "disconnected")
        return len(theirs)

    async def settle(self, connections: Iterable[str]) -> None:
        """Wait until all that came in on these connections is handled, and answered by sessions and rooms."""
        sittings = [self._sittings[id] for id in connections if id in self._sittings]
        await settle(sitting.ref for sitting in sittings)
        await self._means.rooms.settle()
