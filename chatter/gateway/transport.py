"""What WebSockets and long-poll sessions have in common: a session that is told what comes, and the sweeper's watch."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, Protocol

import trio

from chatter.actors.connection import INPUT, Frame
from chatter.actors.exits import ActorEnded, Down, ExitKind, MailboxFull
from chatter.wire.phoenix import Codec

if TYPE_CHECKING:
    from chatter.actors.mailbox import Ref
    from chatter.gateway.sweeper import Sweeper

GOING_AWAY: Final = 1001
INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012
TRY_AGAIN_LATER: Final = 1013


class Mortal(Protocol):
    """Whom a bug ends, and nobody else: `close` says so if that can be said, `hang_up` does without."""

    id: str

    def close(self, code: int, reason: str = "") -> None: ...

    def hang_up(self) -> None: ...


class Transport(ABC):
    """Half of `actors.connection.Connection`; the other half is how bytes move. `seen`: when the client last spoke."""

    __slots__ = ("_gone", "_session", "_sweeper", "_told", "closed", "codec", "id", "seen")

    def __init__(self, id: str, codec: Codec, sweeper: "Sweeper") -> None:
        self.id = id
        self.codec = codec
        self.closed = False
        self.seen = 0.0
        self._session: Ref[Any] | None = None
        self._sweeper = sweeper
        self._told = False  # an INPUT is on its way, or its session has not looked at everything yet
        self._gone = False

    @abstractmethod
    def peek(self) -> Frame | None: ...

    @abstractmethod
    def close(self, code: int, reason: str = "") -> None: ...

    @abstractmethod
    def stop_listening(self) -> None:
        """The gateway drains: what comes now would not be answered any more."""

    @abstractmethod
    def _release(self) -> None:
        """Give back what it holds; nothing more can be written."""

    def tell(self) -> None:
        """Cast `INPUT`. A session that ended needs none: see `_session_ended`."""
        if self._session is None:
            return
        try:
            self._session.cast(INPUT)
            self._told = True
        except MailboxFull:
            self._sweeper.tell_again(self)
        except ActorEnded:
            return

    def silent(self) -> None:
        """Nothing came for too long; Phoenix's clients send a heartbeat each 30 s."""
        self.close(GOING_AWAY, "nothing heard for too long")

    def overdue(self) -> None:
        """What the sweeper was told to `expect` did not happen in time."""
        self.hang_up()

    def hang_up(self) -> None:
        """End it now, whatever waits to be written."""
        if self._gone:
            return
        self._gone = True
        self._sweeper.forget(self)
        self._release()
        if not self.closed:
            self.closed = True
            self.tell()

    def _belong_to(self, session: "Ref[Any]") -> None:
        """Let `session` read, and the sweeper watch."""
        self._session = session
        self.seen = trio.current_time()
        self._sweeper.connections[self] = None
        session.monitor(self._session_ended)

    def _session_ended(self, down: Down) -> None:
        """The next incarnation reads as it starts; without one, nobody does."""
        if down.restarting:
            self._told = False
        elif down.exit.kind is ExitKind.CRASHED:
            self.close(INTERNAL_ERROR)
        else:
            self.close(SERVICE_RESTART, "service restart")
