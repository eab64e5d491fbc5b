"""What a room can be told: a closed union, of which `actors.room` handles every case."""

from collections.abc import Callable
from typing import Any, Protocol

import attrs

from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Refusable, Request
from chatter.actors.member import Member, PushReceipt
from chatter.actors.presence import PresenceChanged
from chatter.actors.settling import Settle
from chatter.core.commands import Command
from chatter.core.log import RoomLog
from chatter.errors import Refused, Unavailable
from chatter.wire.phoenix import encode


class Receipt(Protocol):
    """Whom to tell how a command went; the first call counts."""

    @property
    def answered(self) -> bool: ...
    def ok(self, payload: dict[str, Any]) -> None: ...
    def refused(self, refusal: Refused) -> None: ...


def _nothing() -> None:
    """Nobody waits."""


@attrs.define(eq=False)
class Join(Refusable):
    """Let `member` in; the reply tells the newest `limit` messages, or what came after `after`. `next_may_come` is
    called when it waits no more, once or more often (see `actors.turnstile`)."""

    member: Member
    receipt: PushReceipt
    limit: int
    after: int | None
    next_may_come: Callable[[], None] = _nothing

    @property
    def settled(self) -> bool:
        return self.receipt.answered

    def refuse(self, error: ActorError) -> None:
        self.next_may_come()
        self.member.leave()
        self.receipt.failed(error)

    def welcome(self, room: str, log: RoomLog) -> bytes:
        """The reply to it, when the room's log stands so."""
        user = encode(self.member.user.as_payload() if self.member.user else None)
        head = b'{"room":%b,"user":%b,"last_seq":%d' % (encode(room), user, log.last_seq)
        if self.after is None:
            return b'%b,"messages":%b}' % (head, log.newest(self.limit, self.member.dialect))
        events = log.resume(self.after, self.member.dialect)
        if events is None:
            return b'%b,"messages":%b,"resumed":false}' % (head, log.newest(self.limit, self.member.dialect))
        return b'%b,"events":%b,"resumed":true}' % (head, events)


@attrs.frozen
class Leave:
    """`member` is gone, or wants to be. Gone twice: once."""

    member: Member


@attrs.define(eq=False)
class Submit(Refusable):
    """Do `command`, and say how it went."""

    command: Command
    receipt: Receipt

    @property
    def settled(self) -> bool:
        return self.receipt.answered

    def refuse(self, error: ActorError) -> None:
        self.receipt.refused(Unavailable("The room could not do that now. Try again."))


@attrs.frozen
class TypingChanged:
    member: Member
    typing: bool


@attrs.frozen
class MemberChanged:
    """The member has a user now, another name, or another status."""

    member: Member


@attrs.frozen
class TellPresence:
    """The registry forgot: tell it who is here."""


@attrs.define(eq=False)
class EndIfIdle(Request[bool]):
    """End when nobody has been here for a while; the answer says whether it does."""


@attrs.frozen
class Overheard:
    """The room on another node told it."""

    data: bytes


@attrs.frozen
class Doubt:
    """The room on another node may have told something that was not heard."""


@attrs.frozen
class StoredUpTo:
    """So many events are stored."""

    seq: int


@attrs.frozen
class Closed:
    """There is no such room any more, as the store will say."""


RoomMessage = (
    Join
    | Leave
    | Submit
    | TypingChanged
    | MemberChanged
    | PresenceChanged
    | TellPresence
    | EndIfIdle
    | Settle
    | Overheard
    | Doubt
    | StoredUpTo
    | Closed
)
