"""Phoenix Channels messages, v2 (arrays) and v1 (objects), to and from bytes.

The specification is Phoenix's guide "Writing a Channels Client" and what `Phoenix.Socket.V1/V2.JSONSerializer` do.
Payloads travel as JSON bytes that were encoded once, for all members: here they are only put in their envelope.

A `Codec` is a serializer and a framing. WebSocket members get each message in a text frame (RFC 6455); long-poll
members get it as an element of an array. Members that share a codec and a topic share the very bytes.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Protocol

import attrs
import msgspec

from chatter.errors import BadFrame
from chatter.frozen import frozen
from chatter.wire import surrogates
from chatter.wire.websocket import text_frame

Ref = str | int | None

LONGEST_KEPT: Final = 100
HEARTBEAT_TOPIC: Final = "phoenix"
NOT_JSON: Final = 1007
NOT_PHOENIX: Final = 1008
NOT_TEXT: Final = b'{"\\udfff":null}'

_encode = msgspec.json.Encoder().encode


@frozen
class Push:
    """A message from a client. `payload` is JSON bytes, or raw bytes when `binary`."""

    join_ref: Ref
    ref: Ref
    topic: str
    event: str
    payload: bytes
    binary: bool = False


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return _encode(value)


class Serializer(Protocol):
    """One version of the protocol; all results are unframed JSON. `payload` is JSON."""

    def decode(self, text: bytes) -> Push:
        """A client's text message; `BadFrame` when it is not JSON (1007) or not a Phoenix message (1008).

        A payload that holds half a surrogate pair is replaced by `NOT_TEXT`, which `pushes.parsed` refuses.
        """
        ...

    def envelope(self, join_ref: Ref, ref: Ref, topic: str, event: str) -> tuple[bytes, bytes]:
        """What stands before and behind a payload."""
        ...

    def __hash__(self) -> int: ...


class _V2:
    """`[join_ref, ref, topic, event, payload]`."""

    _decoder = msgspec.json.Decoder(tuple[Ref, Ref, str, str, msgspec.Raw])

    def decode(self, text: bytes) -> Push:
        try:
            join_ref, ref, topic, event, payload = self._decoder.decode(text)
        except msgspec.ValidationError as error:
            raise BadFrame(NOT_PHOENIX, "not a Phoenix v2 message") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _decode_mended(self, text, error)
        return Push(join_ref, ref, topic, event, bytes(payload))

    def envelope(self, join_ref: Ref, ref: Ref, topic: str, event: str) -> tuple[bytes, bytes]:
        return b"[%b,%b,%b,%b," % (_json(join_ref), _json(ref), _known(topic), _known(event)), b"]"


class _V1Message(msgspec.Struct):
    topic: str
    event: str
    payload: msgspec.Raw = msgspec.Raw(b"{}")
    ref: Ref = None
    join_ref: Ref = None


class _V1:
    """`{"topic": …, "event": …, "payload": …, "ref": …}`. Clients of v1 may leave `join_ref` out."""

    _decoder = msgspec.json.Decoder(_V1Message)

    def decode(self, text: bytes) -> Push:
        try:
            message = self._decoder.decode(text)
        except msgspec.ValidationError as error:
            raise BadFrame(NOT_PHOENIX, "not a Phoenix v1 message") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _decode_mended(self, text, error)
        return Push(message.join_ref, message.ref, message.topic, message.event, bytes(message.payload))

    def envelope(self, join_ref: Ref, ref: Ref, topic: str, event: str) -> tuple[bytes, bytes]:
        return b'{"topic":%b,"event":%b,"payload":' % (_known(topic), _known(event)), b',"ref":%b}' % _json(ref)


def _decode_mended(serializer: Serializer, text: bytes, error: Exception) -> Push:
    """Half a character is no fault of the protocol's but of one push: its payload then fits nothing (`NOT_TEXT`)."""
    mended = surrogates.mended(text)
    if mended == text:
        raise BadFrame(NOT_JSON, "not JSON") from error
    push = serializer.decode(mended)
    return push if push.payload in text else attrs.evolve(push, payload=NOT_TEXT)


def _json(value: Ref) -> bytes:
    return b"null" if value is None else _encode(value)


def _known(word: str) -> bytes:
    """Topics and events come again and again; those of any length a stranger likes are not kept."""
    return _kept(word) if len(word) <= LONGEST_KEPT else _encode(word)


@lru_cache(maxsize=4096)
def _kept(word: str) -> bytes:
    return _encode(word)


V1: Final[Serializer] = _V1()
V2: Final[Serializer] = _V2()

_BINARY_PUSH: Final = 0


def decode_binary(data: bytes) -> Push:
    """A v2 binary push: one byte each for the kind (0) and the sizes of join_ref, ref, topic and event, then those
    four, then the payload. `BadFrame` 1007 for text that is not UTF-8, 1008 for anything else that does not fit."""
    if len(data) < 5 or data[0] != _BINARY_PUSH:
        raise BadFrame(NOT_PHOENIX, "not a Phoenix binary push")
    fields, at = [], 5
    for size in data[1:5]:
        fields.append(data[at : at + size])
        at += size
    if at > len(data):
        raise BadFrame(NOT_PHOENIX, "a Phoenix binary push that ends too early")
    try:
        join_ref, ref, topic, event = (field.decode() for field in fields)
    except UnicodeDecodeError as error:
        raise BadFrame(NOT_JSON, "not UTF-8") from error
    return Push(join_ref or None, ref or None, topic, event, data[at:], binary=True)


@lru_cache(maxsize=4096)
def _without_refs(serializer: Serializer, topic: str, event: str) -> tuple[bytes, bytes]:
    return serializer.envelope(None, None, topic, event)


def element(message: bytes) -> bytes:
    """The framing of long-poll members: a poll is answered with an array of messages, each a JSON string; so they can
    be joined as they are, but for the last comma."""
    return _encode(message.decode()) + b","


@attrs.frozen
class Codec:
    """How one kind of member is spoken to: everything it returns can be written as it is, and joined with `+`."""

    serializer: Serializer
    frame: Callable[[bytes], bytes]

    def decode(self, data: bytes, *, binary: bool) -> Push:
        if not binary:
            return self.serializer.decode(data)
        if self.serializer is V1:
            raise BadFrame(NOT_PHOENIX, "v1 has no binary pushes")
        return decode_binary(data)

    def reply(self, join_ref: Ref, ref: Ref, topic: str, status: str, response: bytes) -> bytes:
        """`phx_reply`: `status` is "ok" or "error", `response` JSON."""
        before, behind = self.serializer.envelope(join_ref, ref, topic, "phx_reply")
        return self.frame(b'%b{"status":"%b","response":%b}%b' % (before, status.encode(), response, behind))

    def broadcast(self, topic: str, event: str, payload: bytes) -> bytes:
        """To whoever joined `topic`: without refs, so the same bytes for all of them."""
        before, behind = _without_refs(self.serializer, topic, event)
        return self.frame(b"%b%b%b" % (before, payload, behind))

    def push(self, join_ref: Ref, ref: Ref, topic: str, event: str, payload: bytes) -> bytes:
        before, behind = self.serializer.envelope(join_ref, ref, topic, event)
        return self.frame(b"%b%b%b" % (before, payload, behind))


WEBSOCKET_V1: Final = Codec(V1, text_frame)
WEBSOCKET_V2: Final = Codec(V2, text_frame)
LONGPOLL_V1: Final = Codec(V1, element)
LONGPOLL_V2: Final = Codec(V2, element)
