"""Phoenix messages v1 and v2: what comes in, what is refused and how, and the exact bytes that go out."""

import json
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatter.errors import BadFrame, Invalid
from chatter.wire import phoenix, pushes, surrogates
from chatter.wire.phoenix import (
    LONGPOLL_V1,
    LONGPOLL_V2,
    V1,
    V2,
    WEBSOCKET_V1,
    WEBSOCKET_V2,
    Codec,
    Push,
    Serializer,
)
from chatter.wire.websocket import text_frame

texts = st.text(st.characters(codec="utf-8"), max_size=30)
refs = st.none() | texts | st.integers(-(2**63), 2**64 - 1)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
BOTH: Final = pytest.mark.parametrize("serializer", [V1, V2], ids=["v1", "v2"])


def close_code(serializer: Serializer, text: bytes) -> int:
    with pytest.raises(BadFrame) as caught:
        serializer.decode(text)
    return caught.value.close_code


def in_v1(topic: object, event: object, payload: object, ref: object = None, **more: object) -> bytes:
    return json.dumps({"topic": topic, "event": event, "payload": payload, "ref": ref, **more}).encode()


def in_v2(*fields: object) -> bytes:
    return json.dumps(fields).encode()


def in_v2_of(topic: object, event: object, payload: object, ref: object = None) -> bytes:
    return in_v2(None, ref, topic, event, payload)


@given(refs, refs, texts, texts, values)
@settings(deadline=None)
def test_a_v2_message_is_an_array_whatever_is_in_it(
    join_ref: Any, ref: Any, topic: str, event: str, payload: Any
) -> None:
    push = V2.decode(in_v2(join_ref, ref, topic, event, payload))
    assert (push.join_ref, push.ref, push.topic, push.event, push.binary) == (join_ref, ref, topic, event, False)
    assert json.loads(push.payload) == payload


@given(refs, refs, texts, texts, values)
@settings(deadline=None)
def test_a_v1_message_is_an_object_whatever_is_in_it(
    join_ref: Any, ref: Any, topic: str, event: str, payload: Any
) -> None:
    push = V1.decode(in_v1(topic, event, payload, ref, join_ref=join_ref))
    assert (push.join_ref, push.ref, push.topic, push.event, push.binary) == (join_ref, ref, topic, event, False)
    assert json.loads(push.payload) == payload


def said(serializer: Serializer, join_ref: Any, ref: Any, topic: str, event: str, payload: bytes) -> bytes:
    before, behind = serializer.envelope(join_ref, ref, topic, event)
    return before + payload + behind


@given(refs, refs, texts, texts, values)
@settings(deadline=None)
def test_what_we_say_we_can_read(join_ref: Any, ref: Any, topic: str, event: str, payload: Any) -> None:
    body = phoenix.encode(payload)
    assert V2.decode(said(V2, join_ref, ref, topic, event, body)) == Push(join_ref, ref, topic, event, body)
    assert V1.decode(said(V1, join_ref, ref, topic, event, body)) == Push(None, ref, topic, event, body)
    assert json.loads(said(V2, join_ref, ref, topic, event, body)) == [join_ref, ref, topic, event, payload]


def test_refs_come_back_as_they_came_numbers_as_numbers() -> None:
    for ref in ("1", 1, "", 0, None, "ünï"):
        push = V2.decode(in_v2(ref, ref, "t", "e", {}))
        assert json.loads(said(V2, push.join_ref, push.ref, "t", "e", b"{}"))[:2] == [ref, ref]
        assert type(push.ref) is type(ref)


def test_a_client_of_v1_may_leave_out_payload_and_refs() -> None:
    assert V1.decode(b'{"topic":"phoenix","event":"heartbeat"}') == Push(None, None, "phoenix", "heartbeat", b"{}")


def test_fields_that_nobody_knows_are_ignored_in_v1() -> None:
    assert V1.decode(in_v1("t", "e", {}, "1", colour="red")).ref == "1"


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    assert V1.decode(b'{"topic":"a","topic":"b","event":"e","payload":{"x":1},"payload":{}}').topic == "b"


@BOTH
@pytest.mark.parametrize("text", [b"", b" ", b"hello", b"\xff", b"\x00", b"NaN", b"\xef\xbb\xbf[]", b"nul", b"'t'"])
def test_what_is_not_json_closes_with_1007(serializer: Serializer, text: bytes) -> None:
    assert close_code(serializer, text) == 1007


@pytest.mark.parametrize(
    "text", [b"{", b'{"topic":"t"', b"{'topic':'t'}", b'{"topic":"\\ud800","event":}', in_v1("t", "e", {})[:-1]]
)
def test_a_v1_object_that_is_not_quite_json_closes_with_1007(text: bytes) -> None:
    assert close_code(V1, text) == 1007


@pytest.mark.parametrize(
    "text",
    [
        b"[",
        b'[null,null,"t","e",',
        b"[null,null,'t','e',{}]",
        b'["\\ud800","","","",{]',
        b'[null,null,"t","e",{}] []',
        b'[null,null,"t","e",{"a":}]',
        b'[null,null,"t","e",nan]',
        b'[null,null,"t\xff","e",{}]',
        b'[null,"\xc3","t","e",{}]',
        b'[null,null,"t","e",{"a":"\\ud80"}]',
        b'[null,null,"t","e",{"a":"\\ud800\\x"}]',
        b'[null,null,"t","e",01]',
    ],
)
def test_a_v2_array_that_is_not_quite_json_closes_with_1007(text: bytes) -> None:
    assert close_code(V2, text) == 1007


HALVES: Final = ["\\ud800", "\\uDFff", "\\udc00\\ud83d", "\\ud83d\\ud83d\\ude00", "\\ud83d\\\\ude00", "\\\\\\ud83d"]


@BOTH
@pytest.mark.parametrize("half", HALVES)
def test_half_a_character_is_the_fault_of_its_payload_alone(serializer: Serializer, half: str) -> None:
    in_payload = in_v1 if serializer is V1 else in_v2_of
    push = serializer.decode(in_payload("t", "e", {"a": "HALF"}, "1").replace(b"HALF", half.encode()))
    assert (push.ref, push.topic, push.event) == ("1", "t", "e")
    with pytest.raises(Invalid):
        pushes.parsed(pushes.Join, push.payload)


@BOTH
def test_half_a_character_elsewhere_is_a_character_that_nothing_is_called(serializer: Serializer) -> None:
    in_payload = in_v1 if serializer is V1 else in_v2_of
    push = serializer.decode(in_payload("t-HALF", "e", {"text": "\U0001f600"}, "1").replace(b"HALF", b"\\udc00"))
    assert (push.topic, json.loads(push.payload)) == ("t-\ufffd", {"text": "\U0001f600"})
    assert b"t-\xef\xbf\xbd" in said(serializer, None, push.ref, push.topic, "e", b"{}")


@pytest.mark.parametrize("text", ["\\\\ud800", "\\ud83d\\ude00", "\\\\\\ud83d\\uDE00", "\\ufffd", "ud800", "\\u0000"])
def test_what_only_looks_like_half_a_character_is_as_it_is(text: str) -> None:
    message = b'[null,null,"t","e",{"a":"%b"}]' % text.encode()
    assert V2.decode(message).payload == b'{"a":"%b"}' % text.encode()
    assert surrogates.mended(message) == message


def test_a_long_message_with_half_a_character_closes_with_1007_at_once() -> None:
    short, long = (in_v2(None, None, "t", "e", "\ud83d" + "x" * size) for size in (10_000, surrogates.LONGEST))
    assert V2.decode(short).payload == phoenix.NOT_TEXT
    assert close_code(V2, long) == 1007


@given(st.text(st.sampled_from('\\u"dD8cC0x\ud800\udc00') | st.characters(), max_size=30))
def test_mended_text_can_be_said(text: str) -> None:
    escaped = json.dumps(text).encode()
    mended = json.loads(surrogates.mended(escaped))
    assert mended == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [None, None, "t", "e"],
        [None, None, "t", "e", {}, 1],
        [None, None, 1, "e", {}],
        [None, None, "t", None, {}],
        [True, None, "t", "e", {}],
        [None, 1.5, "t", "e", {}],
        [None, [], "t", "e", {}],
        [{}, None, "t", "e", {}],
    ],
)
def test_an_array_of_another_shape_closes_with_1008(fields: list[object]) -> None:
    assert close_code(V2, in_v2(*fields)) == 1008


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"topic":"t"}',
        b'{"event":"e"}',
        in_v1(1, "e", {}),
        in_v1("t", None, {}),
        in_v1("t", "e", {}, ref=[]),
        in_v1("t", "e", {}, ref=True),
        in_v1("t", "e", {}, join_ref={}),
    ],
)
def test_an_object_of_another_shape_closes_with_1008(text: bytes) -> None:
    assert close_code(V1, text) == 1008


@pytest.mark.parametrize("text", [b"null", b"1", b'"text"', b"true"])
@BOTH
def test_json_that_is_no_message_closes_with_1008(serializer: Serializer, text: bytes) -> None:
    assert close_code(serializer, text) == 1008


def test_the_versions_do_not_take_each_others_messages() -> None:
    assert close_code(V1, in_v2(None, None, "t", "e", {})) == 1008
    assert close_code(V2, in_v1("t", "e", {})) == 1008


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_without_end_is_refused_and_harms_nobody(opening: bytes) -> None:
    assert close_code(V2, b'[null,null,"t","e",' + opening * 100_000) == 1007
    assert close_code(V1, b'{"topic":"t","event":"e","payload":' + opening * 100_000) == 1007
    assert close_code(V2, opening * 100_000) in (1007, 1008)
    assert V2.decode(in_v2(None, "1", "t", "e", {})).ref == "1"


def test_deep_but_closed_nesting_is_refused_too() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert close_code(V2, b'[null,null,"t","e",%b]' % deep) == 1007


def test_a_huge_payload_is_read_whole() -> None:
    push = V2.decode(in_v2("1", "2", "t", "e", {"text": "x" * 200_000}))
    assert len(push.payload) > 200_000


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_bytes_raise_anything_but_bad_frame(data: bytes) -> None:
    for codec in (WEBSOCKET_V1, WEBSOCKET_V2):
        for binary in (False, True):
            with suppress(BadFrame):
                codec.decode(data, binary=binary)


# -- the bytes that go out


PLAIN_V1: Final = Codec(V1, bytes)
PLAIN_V2: Final = Codec(V2, bytes)


def test_a_reply_in_v2_has_the_refs_of_the_push() -> None:
    said = PLAIN_V2.reply("1", "2", "chat:lobby", "ok", b'{"id":"m"}')
    assert said == b'["1","2","chat:lobby","phx_reply",{"status":"ok","response":{"id":"m"}}]'


def test_a_reply_in_v1_has_the_ref_of_the_push() -> None:
    said = PLAIN_V1.reply("1", "2", "chat:lobby", "error", b'{"reason":"x"}')
    expected = (
        b'{"topic":"chat:lobby","event":"phx_reply","payload":{"status":"error","response":{"reason":"x"}},"ref":"2"}'
    )
    assert said == expected


def test_a_broadcast_has_no_refs_so_that_all_members_share_its_bytes() -> None:
    assert PLAIN_V2.broadcast("chat:lobby", "typing", b"{}") == b'[null,null,"chat:lobby","typing",{}]'
    in_v1 = b'{"topic":"chat:lobby","event":"typing","payload":{},"ref":null}'
    assert PLAIN_V1.broadcast("chat:lobby", "typing", b"{}") == in_v1


def test_a_push_to_one_member_names_its_join() -> None:
    said = PLAIN_V2.push(3, None, "chat:lobby", "presence_state", b"{}")
    assert said == b'[3,null,"chat:lobby","presence_state",{}]'


def test_topics_and_events_are_escaped() -> None:
    said = PLAIN_V2.broadcast('a"b\n', "é\\", b"{}")
    assert b"\n" not in said
    assert json.loads(said) == [None, None, 'a"b\n', "é\\", {}]


@given(values)
@settings(deadline=None)
def test_json_on_the_wire_is_compact(payload: Any) -> None:
    assert json.loads(phoenix.encode(payload)) == payload
    assert phoenix.encode({"a": [1, {"b": None}]}) == b'{"a":[1,{"b":null}]}'


def test_a_websocket_member_gets_each_message_in_a_text_frame() -> None:
    for codec, plain in ((WEBSOCKET_V1, PLAIN_V1), (WEBSOCKET_V2, PLAIN_V2)):
        assert codec.broadcast("t", "e", b"{}") == text_frame(plain.broadcast("t", "e", b"{}"))


@given(st.lists(st.tuples(texts, texts, values), min_size=1, max_size=5))
@settings(deadline=None)
def test_a_long_poll_member_gets_each_message_as_a_string_in_an_array(messages: list[tuple[str, str, Any]]) -> None:
    for codec, plain in ((LONGPOLL_V1, PLAIN_V1), (LONGPOLL_V2, PLAIN_V2)):
        said = [(topic, event, phoenix.encode(payload)) for topic, event, payload in messages]
        joined = b"".join(codec.broadcast(*message) for message in said)
        assert json.loads(b"[%b]" % joined[:-1]) == [plain.broadcast(*message).decode() for message in said]
