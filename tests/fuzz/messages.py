"""Phoenix messages: read as any JSON parser reads them, or refused; and what is said back is what was meant."""

import json
import math
from itertools import product
from typing import Any, Final

import attrs

from chatter.errors import BadFrame, Invalid
from chatter.wire import pushes
from chatter.wire.phoenix import (
    LONGPOLL_V1,
    LONGPOLL_V2,
    NOT_JSON,
    NOT_PHOENIX,
    V1,
    V2,
    WEBSOCKET_V1,
    WEBSOCKET_V2,
    Codec,
    Push,
    Serializer,
    decode_binary,
)
from chatter.wire.websocket import FrameReader
from tests.fuzz.documents import Writer

SHAPES: Final = (
    pushes.Join,
    pushes.Identify,
    pushes.NewMessage,
    pushes.EditMessage,
    pushes.DeleteMessage,
    pushes.React,
    pushes.Typing,
    pushes.Status,
    pushes.History,
    pushes.Read,
)

FIELDS: Final = ("join_ref", "ref", "topic", "event")
SHALLOW: Final = 200
LONGEST_NUMBER: Final = 4300

WORDS: Final = (
    *(b'"', b"\\", b"\\u", b"\\ud83d", b"\\ude00", b"null", b"true", b"1e9", b"-0", b"[", b"]", b"{", b"}", b",", b":"),
    *(b'"topic":', b'"event":', b'"payload":', b'"ref":', b'"join_ref":', b'"text":', b'"content":', b'"client_id":'),
    *(b'"id":', b'"emoji":', b'"on":', b'"typing":', b'"status":', b'"away"', b'"name":', b'"before":', b'"limit":'),
    *(
        b'"after":',
        b'"seq":',
        b"9007199254740993",
        b"\xf0\x9f\x98\x80",
        b"\xed\xa0\x80",
        b'"chat:lobby"',
        b'"phx_join"',
    ),
)

SEEDS: Final = (
    b'\x00["1","1","chat:lobby","phx_join",{"limit":50,"after":12}]',
    b'\x00[null,"2","phoenix","heartbeat",{}]',
    b'\x00["1",4,"text_channel:lobby","edit_message",{"id":"018f","content":"\\u0000"}]',
    b'\x00["1","11","chat:\\udc00","read",{"seq":1e3}]',
    b'\x00[1,-2,"","",[[[[]]],1.5e-7,null]] ',
    b'\x00{"topic":"chat:lobby","event":"phx_join","payload":{},"ref":"1","join_ref":"1"}',
    b'\x00{"topic":"chat:lobby","event":"new_message","payload":{"text":"\\\\ud800 \\udfff"},"ref":2}',
    b'\x01{"text":"h\xc3\xa9 \\ud83d\\ude00","client_id":"c1"}',
    b'\x01{"id":"018f","emoji":"\xf0\x9f\x91\x8d","on":true}',
    b'\x01{"before":9007199254740992,"limit":500}',
    b'\x01{"status":"away","typing":false,"seq":0}',
    b"\x02" + bytes(range(40)),
    b"\x02\x02\x01\x06\x02\x01\x06\x01\x04\x01\x05\x06\x03\x00\x02\x01\x0a\x03\x02\x01\x0b",
    b"\x03" + bytes(range(80, 40, -1)),
    b"\x00\x00\x01\x01\x0a\x0311chat:lobbyeveraw",
    b"\x00\x00\x00\x00\x00\x00",
)


def check(data: bytes) -> None:
    """The first byte says what the rest is: anything, a payload, or what dictates a message in one of the versions."""
    said = data[1:]
    match data[0] % 4 if data else 0:
        case 0:
            check_binary(said)
            check_message(said)
        case 1:
            check_message(b'["1","2","chat:lobby","event",%b]' % said)
        case 2:
            write = Writer(said)
            check_message(b'["1",%b,%b,"event",%b]' % (write.value(), write.string(), write.value()))
        case _:
            write = Writer(said)
            parts = (write.value(), write.string(), write.value(), write.value())
            check_message(b'{"payload":%b,"topic":%b,"event":"event","ref":%b,"join_ref":%b}' % parts)


def check_message(data: bytes) -> None:
    if is_text(data):  # the socket's reader sees to that
        for serializer in (V1, V2):
            check_text(serializer, data)


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def check_text(serializer: Serializer, data: bytes) -> None:
    try:
        push = serializer.decode(data)
    except BadFrame as error:
        refused(error)
        assert not is_well_formed(serializer, data)
        return
    assert not push.binary
    try:
        meant = parsed_json(data)
    except RecursionError:  # it gives up earlier than we do
        return
    said = dict(zip(FIELDS, meant, strict=False)) if isinstance(meant, list) else meant
    for field in FIELDS:
        assert getattr(push, field) == whole(said.get(field)), field
    for shape in SHAPES:
        check_shape(shape, push.payload)
    check_answers(push)


def refused(error: BadFrame) -> None:
    assert error.close_code in (NOT_JSON, NOT_PHOENIX)


def parsed_json(data: bytes) -> Any:
    return json.loads(data.decode(), parse_int=number, parse_constant=no_constant)


def number(digits: str) -> int | float:
    """As far as Python takes it; what is longer is no ref."""
    return int(digits) if len(digits.lstrip("-")) <= LONGEST_NUMBER else math.inf


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def is_well_formed(serializer: Serializer, data: bytes) -> bool:
    """Whether nobody could find fault with it."""
    if data.count(b"[") + data.count(b"{") > SHALLOW:
        return False
    try:
        meant = parsed_json(data)
    except (ValueError, RecursionError):
        return False
    if serializer is V2:
        fields = meant if isinstance(meant, list) and len(meant) == 5 else [None] * 5
    else:
        fields = [meant.get(name) for name in FIELDS] if isinstance(meant, dict) else [None] * 4
    return all(map(is_ref, fields[:2])) and all(isinstance(name, str) for name in fields[2:4])


def is_ref(value: Any) -> bool:
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def whole(value: Any) -> Any:
    """Text as it can be said: half an emoji is none."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def check_binary(data: bytes) -> None:
    try:
        push = decode_binary(data)
    except BadFrame as error:
        refused(error)
        return
    assert push.binary
    fields = [push.join_ref or "", push.ref or "", push.topic, push.event]
    encoded = [str(field).encode() for field in fields]
    assert b"\x00" + bytes(map(len, encoded)) + b"".join(encoded) + push.payload == data
    check_answers(push)


def check_answers(push: Push) -> None:
    """Whoever pushed must understand the reply; and it may hold whatever the push held."""
    for codec, known in product((WEBSOCKET_V1, WEBSOCKET_V2), (b"{}", b'{"reason":"invalid"}')):
        reply = heard(codec, codec.reply(push.join_ref, push.ref, push.topic, "error", known))
        if codec.serializer is V2:
            assert reply[:4] == [push.join_ref, push.ref, push.topic, "phx_reply"]
            assert reply[4] == {"status": "error", "response": json.loads(known)}
        else:
            assert (reply["ref"], reply["topic"]) == (push.ref, push.topic)
    for codec in (LONGPOLL_V1, LONGPOLL_V2):
        polled = codec.reply(push.join_ref, push.ref, push.topic, "ok", b"{}")
        assert json.loads(b"[" + polled.rstrip(b",\n") + b"]")


def heard(codec: Codec, framed: bytes) -> Any:
    """What is in a server's frame, which clients' frames differ from by their mask."""
    size = 4 if framed[1] == 126 else 10 if framed[1] == 127 else 2
    reader = FrameReader()
    reader.feed(framed[:1] + bytes([framed[1] | 0x80]) + framed[2:size] + bytes(4) + framed[size:])
    arrival = reader.next()
    assert arrival is not None
    assert len(reader) == 0
    return json.loads(arrival[1])


def check_shape(shape: type[Any], payload: bytes) -> None:
    try:
        parsed = pushes.parsed(shape, payload)
    except Invalid as refusal:
        str(refusal).encode()
        return
    assert isinstance(parsed, shape)
    for name in attrs.fields(shape):
        str(getattr(parsed, name.name)).encode()
