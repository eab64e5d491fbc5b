"""What the gateway needs of the application: who somebody is, and a session for each socket."""

from collections.abc import Sequence
from typing import Any, Protocol

from chatter.actors.connection import Connection
from chatter.actors.mailbox import Ref
from chatter.core.model import User


class House(Protocol):
    """The first two are called while a client waits for its handshake, and must not take long."""

    def authenticate(self, token: str) -> User:
        """Whose token it is; `errors.Unauthorized` when it is bad or expired."""
        ...

    def welcome(self, connection: Connection, user: User | None) -> Ref[Any]:
        """Start the socket's session, which is cast `INPUT`; `errors.Unavailable` when it can't be.

        What the session writes before the handshake is answered waits for it. The session reads (`peek`) when it
        starts, and again when it is started anew after a crash.
        """
        ...

    def close(self) -> None:
        """The gateway drains: nobody is let in any more."""
        ...

    async def settle(self, connections: Sequence[str]) -> None:
        """Wait until all that came in on these connections (their ids) is answered. They hear nothing more."""
        ...
