"""A long-poll session: what its chat session does with it, and the requests that come for it, one after the other.

What is written waits until a poll takes it, and one whose client has hung up takes nothing. What got lost on its way
after that is the client's to notice: phoenix.js then begins a new session, and rooms are resumed.

It ends in one of these ways:

* `close`: the poll that waits, or the next one within `Limits.goodbye` seconds, brings the rest. (In a drain: within
  `Limits.between_polls` of the last one, since those who are not back by then are not coming.)
* `hang_up`: nobody polled for too long.

Any request that comes later is told that the session is gone.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import trio

from chatter.actors.connection import Fanout, Frame, one_by_one
from chatter.errors import BadFrame
from chatter.gateway.limits import Limits
from chatter.gateway.transport import TRY_AGAIN_LATER, Transport
from chatter.wire.phoenix import Codec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatter.actors.mailbox import Ref
    from chatter.gateway.sweeper import Sweeper


class LongPollConnection(Transport):
    """`actors.connection.Connection`; see there for what sessions may call. `forget` is called when it has ended."""

    __slots__ = ("_behind", "_brought", "_forget", "_handled", "_inbox", "_limits", "_outbox", "_poll", "turn")

    def __init__(
        self, id: str, codec: Codec, sweeper: "Sweeper", limits: Limits, forget: Callable[[str], object]
    ) -> None:
        super().__init__(id, codec, sweeper)
        self.turn = trio.Lock()
        """Held by who reads and `publish`es a request's body: one at a time, so that there is but one to keep."""
        self._limits = limits
        self._forget = forget
        self._inbox: deque[Frame | BadFrame] = deque()
        self._handled = trio.Event()  # nothing is in the inbox, or nobody looks into it any more
        self._handled.set()
        self._outbox: list[bytes] = []
        self._behind = 0  # bytes in the outbox behind the first write
        self._poll: trio.Event | None = None
        self._brought = -math.inf  # when a poll was last answered

    # -- for the session

    def peek(self) -> Frame | None:
        if not self._inbox or self.closed:
            self._told = False
            return None
        frame = self._inbox[0]
        if isinstance(frame, BadFrame):
            raise frame
        return frame

    def advance(self) -> None:
        if self._inbox:
            self._inbox.popleft()
        if not self._inbox:
            self._handled.set()

    def write(self, data: bytes) -> None:
        if self.closed:
            return
        if self._behind > self._limits.backlog:
            self._outbox.clear()
            self.close(TRY_AGAIN_LATER)
            return
        if self._outbox:
            self._behind += len(data)
        self._outbox.append(data)
        if self._poll is not None and not self._sweeper.draining:  # in a drain it is the last, and brings all
            self._poll.set()

    @staticmethod
    def fanout(connections: "Sequence[Any]") -> Fanout:
        return one_by_one(connections)

    def close(self, code: int, reason: str = "") -> None:
        """Long-poll clients learn neither: they begin a new session, whatever the reason."""
        if self.closed:
            return
        self.closed = True
        self._handled.set()
        if self._poll is not None:
            self._poll.set()
        elif self._outbox and (patience := self._patience()) > 0:
            self._sweeper.expect(self, patience)
        else:
            self.hang_up()
        self.tell()

    def _patience(self) -> float:
        """Seconds that the rest waits for a poll. In a drain only who is between two polls is waited for."""
        if not self._sweeper.draining:
            return self._limits.goodbye
        return self._brought + self._limits.between_polls - trio.current_time()

    # -- for the gateway

    def open(self, session: "Ref[Any]") -> None:
        self._belong_to(session)
        self._sweeper.expect(self, self._limits.absence)

    def stop_listening(self) -> None:
        """Nothing to do: in a drain, requests that come are turned away."""

    def next_poll(self) -> trio.Event:
        """A poll has come, and waits until this is set. One that waited before it is over, and brings nothing."""
        self._heard()
        if self._poll is not None:
            self._poll.set()
        poll = self._poll = trio.Event()
        if self.closed or (self._outbox and not self._sweeper.draining):
            poll.set()
        return poll

    def take(self, poll: trio.Event) -> bytes:
        """What `poll` brings: elements of an array, each with a comma behind it."""
        self.seen = trio.current_time()
        if poll is not self._poll:
            return b""
        self._brought = self.seen
        self._poll = None
        taken = b"".join(self._outbox)
        self._outbox.clear()
        self._behind = 0
        if self.closed:
            self.hang_up()
        return taken

    def missed(self, poll: trio.Event) -> None:
        """The client of `poll` hung up."""
        if poll is not self._poll:
            return
        self._poll = None
        if self.closed:
            self.hang_up()
        else:
            self._sweeper.expect(self, self._limits.absence)

    async def publish(self, frames: Iterable[Frame | BadFrame]) -> bool:
        """Have the session handle them, and wait until it has; whether it did, or will not any more."""
        self._heard()
        await self._handled.wait()
        if not self.closed:
            self._inbox.extend(frames)
        if not self._inbox or self.closed:
            return not self.closed
        self._handled = trio.Event()
        if not self._told:
            self.tell()
        await self._handled.wait()
        return not self._inbox

    # -- inside

    def _heard(self) -> None:
        self.seen = trio.current_time()
        if not self.closed:
            self._sweeper.forgive(self)

    def _release(self) -> None:
        self._handled.set()
        if self._poll is not None:
            self._poll.set()
        self._forget(self.id)
