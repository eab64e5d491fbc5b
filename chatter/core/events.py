"""What happened in a room, durably: a closed union whose `seq` is the room's only order.

`seq` counts from 1 without gaps, per room, over all kinds together. The store gives it, inside its transaction;
nobody else may. Each event knows its name and payload on the wire.
"""

from typing import Any, ClassVar

from chatter.core.model import Message
from chatter.frozen import frozen


@frozen
class Posted:
    """A message is new. After its deletion, a resumed `Posted` carries the tombstone."""

    name: ClassVar[str] = "new_message"
    message: Message

    @property
    def seq(self) -> int:
        return self.message.seq

    @property
    def message_id(self) -> str:
        return self.message.id

    def as_payload(self) -> dict[str, Any]:
        return self.message.as_payload()


@frozen
class Edited:
    name: ClassVar[str] = "message_edited"
    seq: int
    message_id: str
    text: str
    edited_at: str

    def as_payload(self) -> dict[str, Any]:
        return {"id": self.message_id, "seq": self.seq, "text": self.text, "edited_at": self.edited_at}


@frozen
class Deleted:
    name: ClassVar[str] = "message_deleted"
    seq: int
    message_id: str

    def as_payload(self) -> dict[str, Any]:
        return {"id": self.message_id, "seq": self.seq}


@frozen
class Reacted:
    """`user` is the shape `{id, name}` of who reacted."""

    name: ClassVar[str] = "reaction"
    seq: int
    message_id: str
    emoji: str
    user_id: str
    user_name: str
    on: bool

    def as_payload(self) -> dict[str, Any]:
        return {
            "id": self.message_id,
            "seq": self.seq,
            "emoji": self.emoji,
            "user": {"id": self.user_id, "name": self.user_name},
            "on": self.on,
        }


Event = Posted | Edited | Deleted | Reacted
