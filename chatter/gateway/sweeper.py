"""One timer for all connections: it ticks each second, and sees who is overdue.

A timer a connection would cost each a cancel scope and a place in Trio's heap, and each read a new deadline. Here a
read costs the copy of a number, and times are kept to about a second.
"""

from typing import TYPE_CHECKING, Final, Protocol

import trio

from chatter.actors.worker import contained
from chatter.gateway.transport import Mortal

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatter.actors.exits import Exit
    from chatter.gateway.transport import Transport

TICK: Final = 1.0


class Expected(Mortal, Protocol):
    """Who has to do something in time."""

    def overdue(self) -> None: ...


class Sweeper:
    """Knows all that is open, as keys in the order in which they came: what is done to all of them is done in an
    order that can be told. `now`: the time of the last tick. `draining`: nobody is listened to any more."""

    def __init__(self, silence: float, crashed: "Callable[[Mortal, Exit], None]") -> None:
        self.now = 0.0
        self.draining = False
        self.connections: dict[Transport, None] = {}
        self._silence = silence
        self._crashed = crashed
        self._due: dict[Expected, float] = {}
        self._unheard: dict[Transport, None] = {}

    async def run(self) -> None:
        while True:
            self.now = trio.current_time()
            self.sweep()
            await trio.sleep(TICK)

    def expect(self, connection: Expected, within: float) -> None:
        """Call `connection.overdue` in `within` seconds, unless `expect` or `forgive` is called before."""
        self._due[connection] = trio.current_time() + within

    def forgive(self, connection: Expected) -> None:
        self._due.pop(connection, None)

    def tell_again(self, connection: "Transport") -> None:
        """Its session's mailbox was full: try again at the next tick."""
        self._unheard[connection] = None

    def forget(self, connection: "Transport") -> None:
        self.connections.pop(connection, None)
        self._due.pop(connection, None)

    def sweep(self) -> None:
        silent_since = self.now - self._silence
        for connection in [c for c in self.connections if c.seen <= silent_since]:
            self._tell(connection, connection.silent)
        for late in [expected for expected, due in self._due.items() if due <= self.now]:
            self._due.pop(late, None)
            self._tell(late, late.overdue)
        unheard, self._unheard = self._unheard, {}
        for connection in unheard:
            self._tell(connection, connection.tell)

    def _tell(self, connection: Expected, told: "Callable[[], None]") -> None:
        """One that crashes is told to `crashed`; the others get what is theirs."""
        if (crash := contained(told)) is not None:
            self._crashed(connection, crash)
