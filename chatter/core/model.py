"""The nouns of the product: users, rooms, messages.

Everything here is frozen and knows how it looks on the wire (`as_payload`). Times are ISO 8601 strings in UTC
with millisecond precision ("2026-01-31T12:00:00.000Z"): they are shown and stored, and order nothing that happens in
a room, because only its `seq` does (see `core.events`). They sort as text.
"""

import re
import time
from functools import lru_cache
from typing import Any, Final

import attrs
import uuid_utils

from chatter.frozen import frozen

LOBBY: Final = "lobby"
MAX_TEXT: Final = 4_000
MAX_CLIENT_ID: Final = 64
MAX_EMOJI: Final = 32
MAX_TOPIC: Final = 250
MAX_USER_ID: Final = 100

ROOM_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
USER_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562) as text: unique everywhere, and rising with time within this process."""
    return str(uuid_utils.uuid7())


def now() -> str:
    """The time of day, as messages carry it."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{_to_the_second(seconds)}.{rest // 1_000_000:03}Z"


@lru_cache(maxsize=4)
def _to_the_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


@attrs.frozen
class User:
    """Somebody: a guest who picked a name, or an account. `id` never changes; `name` may."""

    id: str
    name: str
    avatar: str | None = None
    moderator: bool = False

    def as_payload(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name}

    def as_author(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "avatar": self.avatar}


@attrs.frozen
class RoomInfo:
    """What the list of rooms says of a room. `last_seq` counts its durable events so far."""

    name: str
    topic: str
    created_at: str
    last_seq: int = 0

    def as_payload(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "topic": self.topic,
            "created_at": self.created_at,
            "last_seq": self.last_seq,
        }


@attrs.frozen
class MemberInfo:
    """What the list of a room's members says of one: somebody who read there, last at `last_seen_at`."""

    user: User
    last_seen_at: str

    def as_payload(self) -> dict[str, Any]:
        return self.user.as_author() | {"last_seen_at": self.last_seen_at}


@frozen
class Message:
    """A message as it stands now: edits, reactions and deletion applied.

    `seq` is that of the `new_message` event that brought it. A deleted message is a tombstone: its text and
    reactions are gone. `reactions` maps an emoji to the ids of the users who gave it, in the order they did.
    """

    id: str
    seq: int
    user: User
    text: str
    inserted_at: str
    client_id: str | None = None
    edited_at: str | None = None
    deleted: bool = False
    reactions: dict[str, tuple[str, ...]] = attrs.Factory(dict)

    def as_payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "id": self.id,
            "seq": self.seq,
            "user": self.user.as_author(),
            "text": self.text,
            "inserted_at": self.inserted_at,
        }
        if self.deleted:
            return payload | {"deleted": True, "text": ""}
        if self.client_id is not None:
            payload["client_id"] = self.client_id
        if self.edited_at is not None:
            payload["edited_at"] = self.edited_at
        if self.reactions:
            payload["reactions"] = [{"emoji": e, "users": list(u)} for e, u in self.reactions.items()]
        return payload
