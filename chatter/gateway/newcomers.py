"""Plain connections that have not said yet what they want. None of them has a task: the poller tells when they speak,
the sweeper when they have been silent for too long. A WebSocket's handshake that has come then is answered on the spot,
and its socket stays the poller's; whoever wants anything else, or stammers, becomes a visitor."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatter.actors.worker import contained
from chatter.gateway.door import Door, Line
from chatter.gateway.limits import Limits
from chatter.gateway.listening import Room
from chatter.gateway.poller import Poller
from chatter.gateway.sweeper import Sweeper

if TYPE_CHECKING:
    from chatter.actors.exits import Exit


class Newcomers:
    """`visit`: serves who becomes a visitor. `crashed` is told of a bug that one of them met, and hangs up on it."""

    def __init__(
        self,
        door: Door,
        poller: Poller,
        sweeper: Sweeper,
        room: Room,
        limits: Limits,
        visit: Callable[[Line, socket.socket], None],
        crashed: "Callable[[Newcomer, Exit], None]",
    ) -> None:
        self._door = door
        self._poller = poller
        self._sweeper = sweeper
        self._room = room
        self._limits = limits
        self._visit = visit
        self._crashed = crashed
        self._waiting: dict[Newcomer, None] = {}

    def admit(self, plain: socket.socket, id: str) -> None:
        """Somebody was accepted."""
        newcomer = Newcomer(id, plain, self._door.line(plain), self)
        if (crash := contained(self.look, newcomer)) is not None:
            self._crashed(newcomer, crash)

    def look(self, newcomer: "Newcomer") -> None:
        """What they want, if they say so by now."""
        line = newcomer.line
        self._door.begin(line)
        if line.handed_over:
            self._forget(newcomer)
        elif line.unread is None:
            self._wait(newcomer)
        elif line.unread or line.answer is not None:
            self.let_in(newcomer)
        else:
            newcomer.hang_up()

    def let_in(self, newcomer: "Newcomer") -> None:
        """What they want takes a task."""
        if self._forget(newcomer):
            self._poller.unregister(newcomer.plain.fileno())
        self._visit(newcomer.line, newcomer.plain)

    def hang_up_on(self, newcomer: "Newcomer") -> None:
        self._forget(newcomer)
        self._poller.unregister(newcomer.plain.fileno())  # whoever it became is given up, too
        newcomer.plain.close()

    def hang_up(self) -> None:
        """On all who have said nothing so far."""
        for newcomer in list(self._waiting):
            newcomer.hang_up()

    def _wait(self, newcomer: "Newcomer") -> None:
        if newcomer not in self._waiting:
            self._waiting[newcomer] = None
            self._room.enter()
            self._sweeper.expect(newcomer, self._limits.head)
            self._poller.register(newcomer, newcomer.plain.fileno())

    def _forget(self, newcomer: "Newcomer") -> bool:
        """Whether it has waited."""
        if newcomer not in self._waiting:
            return False
        del self._waiting[newcomer]
        self._room.leave()
        self._sweeper.forgive(newcomer)
        return True


class Newcomer:
    """What poller and sweeper know of one."""

    __slots__ = ("_newcomers", "id", "line", "plain")

    def __init__(self, id: str, plain: socket.socket, line: Line, newcomers: Newcomers) -> None:
        self.id = id
        self.plain = plain
        self.line = line
        self._newcomers = newcomers

    def attend(self, _events: int) -> None:
        """They said something, or left."""
        self._newcomers.look(self)

    def overdue(self) -> None:
        """They said nothing for too long."""
        self.line.too_slow()
        self._newcomers.let_in(self)

    def close(self, code: int, reason: str = "") -> None:
        """They met a bug, and there is nothing yet that could tell them."""
        self.hang_up()

    def hang_up(self) -> None:
        self._newcomers.hang_up_on(self)
