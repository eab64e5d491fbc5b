"""A WebSocket after its handshake: what its session does with it, and how it ends. How bytes move is its subclass's.

It ends in one of these ways, and then casts `INPUT` for the last time:

* `close`: we say goodbye behind what waits to be written, hear no more, and hang up when the client has said
  goodbye too, or after `Limits.goodbye` seconds.
* The client says goodbye: we do too, and hang up.
* `hang_up`: the socket broke, or somebody ran out of patience. What came in before can still be read.

An idle connection is one object and its socket: no task, no timer, no queue.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final

from chatter.actors.connection import Fanout, Frame, one_by_one
from chatter.errors import BadFrame
from chatter.gateway.backlog import Backlog
from chatter.gateway.limits import Limits
from chatter.gateway.transport import INTERNAL_ERROR, TRY_AGAIN_LATER, Transport
from chatter.wire.phoenix import Codec
from chatter.wire.websocket import BINARY, CLOSE, MAX_HEADER, PING, PONG, FrameReader, close_frame, control_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatter.actors.mailbox import Ref
    from chatter.gateway.sweeper import Sweeper

CONTROLS_A_TURN: Final = 512


class WebSocketConnection(Transport):
    """`actors.connection.Connection`; see there for what sessions may call."""

    __slots__ = (
        "_backlog",
        "_frame",
        "_heard_goodbye",
        "_limits",
        "_parting",
        "_paused",
        "_reader",
        "_said",
    )

    def __init__(self, id: str, codec: Codec, sweeper: "Sweeper", limits: Limits) -> None:
        super().__init__(id, codec, sweeper)
        self._reader = FrameReader(limits.message)
        self._frame: Frame | None = None
        self._backlog: Backlog | None = None
        self._limits = limits
        self._paused = False
        self._parting = False  # our goodbye is written, or waits to be; what comes in is not for the session
        self._said = False
        self._heard_goodbye = False

    # -- for the session

    def peek(self) -> Frame | None:
        if self._frame is not None:
            return self._frame
        for _ in range(CONTROLS_A_TURN):
            arrival = None if self._parting else self._reader.next()
            if arrival is None:
                self._told = False
                if self._paused and not self._sweeper.draining:
                    self._resume()
                return None
            opcode, payload = arrival
            if opcode <= BINARY:
                self._frame = frame = Frame(payload, opcode == BINARY)
                return frame
            self._answer(opcode, payload)
        self.tell()  # a flood of pings gives way to others
        return None

    def advance(self) -> None:
        self._frame = None

    @abstractmethod
    def write(self, data: bytes) -> None: ...

    @staticmethod
    def fanout(connections: "Sequence[Any]") -> Fanout:
        return one_by_one(connections)

    def close(self, code: int, reason: str = "") -> None:
        if not self.closed:
            if code == INTERNAL_ERROR:
                self._reader.abandon()  # what crashed the session may have been the reading
            self._part(close_frame(code, reason))

    # -- for the gateway

    def open(self, session: "Ref[Any]", unread: bytes) -> None:
        """The handshake is answered: `session` reads, beginning with what came right behind the request."""
        if self._gone:  # it broke before it began
            self._session = session
            self.tell()
            return
        self._belong_to(session)
        if self._backlog is not None and not self.closed:
            self._sweeper.expect(self, self._limits.stall)
        if unread:
            self.received(unread)

    def received(self, data: bytes) -> None:
        """Bytes came from the client; when they did is for the caller to note in `seen`."""
        self._reader.feed(data)
        if self._parting:
            self._listen_for_goodbye()
            return
        if not self._told:
            self.tell()
        if len(self._reader) > self._limits.message + MAX_HEADER:
            self._pause()

    def stop_listening(self) -> None:
        if not self.closed and not self._paused:
            self._pause()

    def hang_up(self) -> None:
        self._backlog = None
        super().hang_up()

    # -- inside

    def _answer(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.write(control_frame(PONG, payload))
        elif opcode == CLOSE:
            self._heard_goodbye = True
            self._part(control_frame(CLOSE, payload))

    def _part(self, goodbye: bytes) -> None:
        if self.closed:
            return
        self.closed = self._parting = True
        self._frame = None
        self._sweeper.expect(self, self._limits.goodbye)
        if self._paused:
            self._resume()
        self._say(goodbye)
        self._listen_for_goodbye()
        self.tell()

    def _said_goodbye(self) -> None:
        """All is written, our close frame too."""
        self._said = True
        if self._heard_goodbye:
            self.hang_up()
        elif self._reader.broken:  # its goodbye would not be understood: let it see that we are done
            self._shut_writing()

    def _listen_for_goodbye(self) -> None:
        if self._gone or self._heard_goodbye or self._reader.broken:
            return
        try:
            while (arrival := self._reader.next()) is not None:
                self._heard_goodbye |= arrival[0] == CLOSE
        except BadFrame:
            return
        if self._heard_goodbye and self._said:
            self.hang_up()

    def _queue(self, data: bytes) -> None:
        """`data` waits behind what waits already. Too much waits: 1013, right behind the write under way."""
        if self._backlog is None:
            self._backlog = Backlog()
            self._sweeper.expect(self, self._limits.stall)
        if self._backlog.behind > self._limits.backlog:
            self._backlog.cut()
            self._part(close_frame(TRY_AGAIN_LATER, "too slow a reader"))
        else:
            self._backlog.add(data)

    @abstractmethod
    def _say(self, goodbye: bytes) -> None:
        """Write what waits, then `goodbye`; then call `_said_goodbye`."""

    @abstractmethod
    def _shut_writing(self) -> None:
        """Let the client see the end of the stream, if that is possible while we read on."""

    @abstractmethod
    def _pause(self) -> None:
        """Read nothing more, and set `_paused`."""

    @abstractmethod
    def _resume(self) -> None:
        """Read again, and clear `_paused`."""
