"""A member is one socket's place in one room: made by its session, held by the room while it is joined."""

import time
from typing import Any

import attrs

from chatter.actors.connection import Connection
from chatter.actors.exits import ActorError
from chatter.core.log import Dialect, encoded
from chatter.core.model import User
from chatter.core.presence import Meta
from chatter.errors import Refused, Unavailable
from chatter.wire.phoenix import Codec, Ref, encode


@attrs.define(eq=False)
class Departures:
    """How many of an audience's members have left, and are still in it."""

    count: int = 0


@attrs.define(eq=False)
class Member:
    """`key` is unique among all members on this node. `topic` is as it was joined, `join_ref` names that join.

    `meta`: how the presence registry was last told of it.
    `left`: the session gave the place up, or the room refused it; nothing is written to it any more.
    `departures`: of the audience that it is in.
    """

    key: str
    topic: str
    join_ref: Ref
    dialect: Dialect
    connection: Connection
    user: User | None = None
    status: str = "online"
    online_at: int = attrs.Factory(lambda: int(time.time()))
    left: bool = False
    meta: Meta | None = None
    departures: Departures | None = None
    _held: list[bytes] | None = None

    @property
    def codec(self) -> Codec:
        return self.connection.codec

    def write(self, data: bytes) -> None:
        self.connection.write(data)

    def reply(self, ref: Ref, status: str, response: bytes) -> None:
        self._say(self.codec.reply(self.join_ref, ref, self.topic, status, response))

    def _say(self, data: bytes) -> None:
        if self._held is None:
            self.write(data)
        else:
            self._held.append(data)

    def hold(self) -> None:
        """Keep what is said to this member alone back, to be written as one piece by `release`."""
        self._held = []

    def release(self) -> None:
        if self._held:
            self.write(b"".join(self._held))
        self._held = None

    def push(self, event: str, payload: bytes) -> None:
        self._say(self.codec.push(self.join_ref, None, self.topic, event, payload))

    def leave(self) -> None:
        """Give the place up. Twice: once."""
        if not self.left:
            self.left = True
            if self.departures is not None:
                self.departures.count += 1

    def close(self) -> None:
        """Tell the client that its join of the topic is over."""
        self._end("phx_close")

    def fail(self) -> None:
        """Tell the client that the room broke, and that it must join again."""
        self._end("phx_error")

    def _end(self, event: str) -> None:
        self.leave()
        self.write(self.codec.push(self.join_ref, self.join_ref, self.topic, event, b"{}"))


@attrs.define(eq=False)
class PushReceipt:
    """Answers one push of one member, once: what a room (or whoever acts on it) knows of the asker."""

    member: Member
    ref: Ref
    answered: bool = False

    def ok(self, payload: dict[str, Any]) -> None:
        self._answer("ok", encoded(payload, self.member.dialect))

    def answer_encoded(self, response: bytes) -> None:
        """`ok` with a response that is JSON already."""
        self._answer("ok", response)

    def refused(self, refusal: Refused) -> None:
        self._answer("error", encode(refusal.as_payload()))

    def failed(self, _error: ActorError) -> None:
        self.refused(Unavailable("The room is too busy. Try again."))

    def _answer(self, status: str, response: bytes) -> None:
        if not self.answered:
            self.answered = True
            self.member.reply(self.ref, status, response)
