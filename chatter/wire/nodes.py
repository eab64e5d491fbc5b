"""What nodes tell each other about a room: what was stored, and who types. MessagePack, since only nodes read it.

A node takes what it can read; what it can't, from a newer version, it finds in the store.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from chatter.core.events import Deleted, Edited, Event, Posted, Reacted


class Happened(msgspec.Struct, tag="happened", frozen=True):
    """Events that were stored, in `seq` order. Each by its kind's name, since their classes carry no tag."""

    events: list[tuple[str, msgspec.Raw]]


class Types(msgspec.Struct, tag="types", frozen=True):
    """Somebody types, or stopped: the payload of `typing`, as members get it."""

    payload: bytes


class Closed(msgspec.Struct, tag="closed", frozen=True):
    """There is no such room any more."""


_KINDS: dict[str, type[Event]] = {kind.name: kind for kind in (Posted, Edited, Deleted, Reacted)}

_encoder = msgspec.msgpack.Encoder()
_told: msgspec.msgpack.Decoder[Happened | Types | Closed] = msgspec.msgpack.Decoder(Happened | Types | Closed)
_events: dict[str, msgspec.msgpack.Decoder[Any]] = {
    name: msgspec.msgpack.Decoder(kind) for name, kind in _KINDS.items()
}


def happened(events: Sequence[Event]) -> bytes:
    return _encoder.encode(Happened([(event.name, msgspec.Raw(_encoder.encode(event))) for event in events]))


def typing(payload: bytes) -> bytes:
    return _encoder.encode(Types(payload))


def closed() -> bytes:
    return _encoder.encode(Closed())


def read(data: bytes) -> list[Event] | bytes | Closed | None:
    """Events, the payload of a `typing`, that the room is closed, or None when it can't be read."""
    try:
        match _told.decode(data):
            case Happened(events=events):
                return [_events[kind].decode(event) for kind, event in events]
            case Types(payload=payload):
                return payload
            case Closed() as closing:
                return closing
    except (msgspec.MsgspecError, KeyError):
        return None
