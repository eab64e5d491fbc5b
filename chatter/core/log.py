"""The newest part of a room's log, kept encoded, so that joins and resumes need neither database nor encoder.

A room's actor feeds it every event in `seq` order. It holds the newest `EVENTS` events for those who resume, and the
newest `MESSAGES` messages, as they stand now, for those who join. Each is encoded when it comes, once; a message that
is edited, deleted or reacted to is encoded again.

Two dialects differ in one field's name: on `chat:` topics a message's text is `text`, on `text_channel:` topics
`content`.
"""

from collections import OrderedDict, deque
from enum import Enum
from typing import Any, Final

import attrs
import msgspec

from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import Message

EVENTS: Final = 1000
MESSAGES: Final = 500

_encode = msgspec.json.Encoder().encode


class Dialect(Enum):
    """How a topic calls a message's text; the value is the topic's prefix."""

    CHAT = "chat"
    TEXT_CHANNEL = "text_channel"

    def translate(self, payload: dict[str, Any]) -> dict[str, Any]:
        if self is Dialect.CHAT or "text" not in payload:
            return payload
        return {("content" if key == "text" else key): value for key, value in payload.items()}


def encoded(payload: dict[str, Any], dialect: Dialect) -> bytes:
    """The payload as compact JSON, in the dialect's words."""
    return _encode(dialect.translate(payload))


def after_change(message: Message, event: Edited | Deleted | Reacted) -> Message:
    """The message as it stands after the event."""
    match event:
        case Edited():
            return attrs.evolve(message, text=event.text, edited_at=event.edited_at)
        case Deleted():
            return attrs.evolve(message, text="", deleted=True, client_id=None, edited_at=None, reactions={})
        case Reacted():
            return attrs.evolve(message, reactions=_after_reaction(message.reactions, event))


def _after_reaction(reactions: dict[str, tuple[str, ...]], event: Reacted) -> dict[str, tuple[str, ...]]:
    users = tuple(user for user in reactions.get(event.emoji, ()) if user != event.user_id)
    if event.on:
        users = (*users, event.user_id)
    changed = reactions | {event.emoji: users}
    return {emoji: who for emoji, who in changed.items() if who}


class RoomLog:
    """`last_seq` is the newest event's. Events come through `append`, in order; a gap is a bug and raises."""

    def __init__(self, last_seq: int, events: list[Event], messages: list[Message]) -> None:
        self.last_seq = last_seq
        self._events: deque[Event] = deque(events, maxlen=EVENTS)
        self._messages: OrderedDict[str, Message] = OrderedDict((m.id, m) for m in messages)
        self._encoded: dict[Dialect, dict[str, bytes]] = {dialect: {} for dialect in Dialect}  # message id -> payload
        self._newest: dict[tuple[int, Dialect], bytes] = {}  # limit -> JSON list; until the next event
        self._resumed: dict[tuple[int, Dialect], bytes | None] = {}  # after -> JSON list; until the next event
        self._pairs: dict[Dialect, dict[int, bytes]] = {dialect: {} for dialect in Dialect}  # seq -> [name, payload]

    def append(self, event: Event) -> None:
        if event.seq != self.last_seq + 1:
            raise ValueError(f"event {event.seq} after {self.last_seq}")
        self.last_seq = event.seq
        self._newest.clear()
        self._resumed.clear()
        if isinstance(event, Posted):
            self._add(event.message)
        else:
            self._change(event)
        self._events.append(event)
        self._forget_pair(event.seq - EVENTS)

    def _add(self, message: Message) -> None:
        self._messages[message.id] = message
        if len(self._messages) > MESSAGES:
            old, _ = self._messages.popitem(last=False)
            self._forget(old)

    def _change(self, event: Edited | Deleted | Reacted) -> None:
        if (message := self._messages.get(event.message_id)) is not None:
            self._messages[message.id] = after_change(message, event)
            self._forget(message.id)
        if isinstance(event, Deleted):
            self._erase(event.message_id)

    def _erase(self, message_id: str) -> None:
        """What a deleted message said is not told to those who resume either."""
        for at, event in enumerate(self._events):
            if event.message_id != message_id:
                continue
            self._forget_pair(event.seq)
            if isinstance(event, Posted):
                tombstone = attrs.evolve(event.message, text="", deleted=True, reactions={}, client_id=None)
                self._events[at] = Posted(attrs.evolve(tombstone, edited_at=None))
            elif isinstance(event, Edited):
                self._events[at] = attrs.evolve(event, text="")

    def _forget(self, message_id: str) -> None:
        for payloads in self._encoded.values():
            payloads.pop(message_id, None)

    def _forget_pair(self, seq: int) -> None:
        for pairs in self._pairs.values():
            pairs.pop(seq, None)

    def event_payload(self, event: Event, dialect: Dialect) -> bytes:
        """The event's payload. A fresh message's is kept: joins will want it."""
        payload = encoded(event.as_payload(), dialect)
        if isinstance(event, Posted) and self._messages.get(event.message_id) is event.message:
            self._encoded[dialect][event.message_id] = payload
        return payload

    def newest(self, limit: int, dialect: Dialect) -> bytes:
        """A JSON list of the newest `limit` messages, oldest first. The same for all who join between two events."""
        if (known := self._newest.get((limit, dialect))) is None:
            messages = list(self._messages.values())[-limit:] if limit else []
            known = b"[%b]" % b",".join([self._message_payload(m, dialect) for m in messages])
            self._newest[limit, dialect] = known
        return known

    def _message_payload(self, message: Message, dialect: Dialect) -> bytes:
        payloads = self._encoded[dialect]
        if (payload := payloads.get(message.id)) is None:
            payload = payloads[message.id] = encoded(message.as_payload(), dialect)
        return payload

    def events_after(self, seq: int) -> list[Event] | None:
        """Every event after `seq`, in order; None when some of them are kept no more, or `seq` never was."""
        if not 0 <= seq <= self.last_seq:
            return None
        missed = self.last_seq - seq
        if missed > len(self._events):
            return None
        return list(self._events)[len(self._events) - missed :]

    def resume(self, seq: int, dialect: Dialect) -> bytes | None:
        """A JSON list `[[name, payload], …]` of what came after `seq`, None as above. Those who all left at one
        moment, and all come back at one, share it."""
        if (seq, dialect) not in self._resumed:
            self._resumed[seq, dialect] = self._encode_events_after(seq, dialect)
        return self._resumed[seq, dialect]

    def _encode_events_after(self, seq: int, dialect: Dialect) -> bytes | None:
        events = self.events_after(seq)
        if events is None:
            return None
        return b"[%b]" % b",".join([self._pair(event, dialect) for event in events])

    def _pair(self, event: Event, dialect: Dialect) -> bytes:
        pairs = self._pairs[dialect]
        if (pair := pairs.get(event.seq)) is None:
            pair = pairs[event.seq] = b'["%b",%b]' % (event.name.encode(), encoded(event.as_payload(), dialect))
        return pair
