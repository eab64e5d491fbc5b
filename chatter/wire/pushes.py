"""What clients push on a `chat:` topic: the shapes, and nothing but well-formed ones get through.

A payload is JSON from a stranger. Each event's shape is a class; `parsed` fills it or refuses with `Invalid`.
Fields that a shape does not name are ignored, as Phoenix does.
"""

from typing import Annotated, Any, Final, Literal, TypeVar

import attrs
import msgspec

from chatter.errors import Invalid

T = TypeVar("T")

MAX_SEQ: Final = 2**53  # beyond it, JSON's numbers are not exact in JavaScript

Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


@attrs.frozen
class Join:
    limit: Annotated[int, msgspec.Meta(ge=0, le=500)] = 100
    after: Seq | None = None


@attrs.frozen
class Identify:
    name: str


@attrs.frozen
class NewMessage:
    """On `text_channel:` topics the text comes as `content`."""

    text: str | None = None
    content: str | None = None
    client_id: str | None = None


@attrs.frozen
class EditMessage:
    id: Id
    text: str | None = None
    content: str | None = None


@attrs.frozen
class DeleteMessage:
    id: Id


@attrs.frozen
class React:
    id: Id
    emoji: str
    on: bool


@attrs.frozen
class Typing:
    typing: bool


@attrs.frozen
class Status:
    status: Literal["online", "away"]


@attrs.frozen
class History:
    before: Seq
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


@attrs.frozen
class Read:
    seq: Seq


_SHAPES: Final = (Join, Identify, NewMessage, EditMessage, DeleteMessage, React, Typing, Status, History, Read)
_decoders: Final[dict[type, msgspec.json.Decoder[Any]]] = {shape: msgspec.json.Decoder(shape) for shape in _SHAPES}


def parsed(shape: type[T], payload: bytes) -> T:
    """`payload` (JSON) as a `shape`; `Invalid` says what does not fit."""
    try:
        fitting: T = _decoders[shape].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"The payload does not fit: {error}") from error
    return fitting
