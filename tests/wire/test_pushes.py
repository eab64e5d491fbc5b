"""The shapes of payloads: what fits, what is refused, and that nothing else is ever raised."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatter.errors import Invalid
from chatter.wire import pushes
from chatter.wire.pushes import (
    MAX_SEQ,
    DeleteMessage,
    EditMessage,
    History,
    Identify,
    Join,
    NewMessage,
    React,
    Read,
    Status,
    Typing,
)

SHAPES: list[type] = [
    DeleteMessage,
    EditMessage,
    History,
    Identify,
    Join,
    NewMessage,
    React,
    Read,
    Status,
    Typing,
]


def parsed(shape: type, payload: Any) -> Any:
    return pushes.parsed(shape, json.dumps(payload).encode())


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, Join(100, None)),
        ({"limit": 0}, Join(0, None)),
        ({"limit": 500}, Join(500, None)),
        ({"after": 0}, Join(100, 0)),
        ({"after": MAX_SEQ}, Join(100, MAX_SEQ)),
        ({"after": None}, Join(100, None)),
        ({"name": "Ann"}, Identify("Ann")),
        ({"text": "Hello"}, NewMessage(text="Hello")),
        ({"content": "Hello", "client_id": "c1"}, NewMessage(content="Hello", client_id="c1")),
        ({"text": "Hello", "client_id": None}, NewMessage(text="Hello")),
        ({"id": "m1", "text": "Hi"}, EditMessage("m1", text="Hi")),
        ({"id": "m1", "content": "Hi"}, EditMessage("m1", content="Hi")),
        ({"id": "m" * 64}, DeleteMessage("m" * 64)),
        ({"id": "m1", "emoji": "👋", "on": False}, React("m1", "👋", False)),
        ({"typing": True}, Typing(True)),
        ({"status": "away"}, Status("away")),
        ({"status": "online"}, Status("online")),
        ({"before": 7}, History(7, 100)),
        ({"before": 0, "limit": 1}, History(0, 1)),
        ({"before": MAX_SEQ, "limit": 500}, History(MAX_SEQ, 500)),
        ({"seq": 0}, Read(0)),
    ],
)
def test_what_the_contract_allows_fits(payload: dict[str, Any], expected: Any) -> None:
    assert parsed(type(expected), payload) == expected
    assert parsed(type(expected), payload | {"colour": "red", "": {"deep": [1]}}) == expected


@pytest.mark.parametrize(
    ("shape", "payload"),
    [
        (Join, {"limit": -1}),
        (Join, {"limit": 501}),
        (Join, {"limit": None}),
        (Join, {"limit": "10"}),
        (Join, {"limit": 1.5}),
        (Join, {"limit": True}),
        (Join, {"after": -1}),
        (Join, {"after": MAX_SEQ + 1}),
        (Join, {"after": 10**30}),
        (Join, {"after": "1"}),
        (Identify, {}),
        (Identify, {"name": None}),
        (Identify, {"name": 7}),
        (Identify, {"name": ["Ann"]}),
        (NewMessage, {"text": 7}),
        (NewMessage, {"text": {"a": 1}}),
        (NewMessage, {"text": "x", "client_id": 7}),
        (EditMessage, {"text": "x"}),
        (EditMessage, {"id": None, "text": "x"}),
        (EditMessage, {"id": 7, "text": "x"}),
        (EditMessage, {"id": "", "text": "x"}),
        (EditMessage, {"id": "m" * 65, "text": "x"}),
        (DeleteMessage, {}),
        (DeleteMessage, {"id": True}),
        (React, {"id": "m1", "emoji": "👋"}),
        (React, {"id": "m1", "on": True}),
        (React, {"id": "m1", "emoji": "👋", "on": 1}),
        (React, {"id": "m1", "emoji": "👋", "on": "true"}),
        (React, {"id": "m1", "emoji": 1, "on": True}),
        (Typing, {}),
        (Typing, {"typing": None}),
        (Typing, {"typing": 0}),
        (Status, {}),
        (Status, {"status": "offline"}),
        (Status, {"status": "Online"}),
        (Status, {"status": None}),
        (History, {}),
        (History, {"before": -1}),
        (History, {"before": None}),
        (History, {"before": 5, "limit": 0}),
        (History, {"before": 5, "limit": 501}),
        (History, {"before": 5, "limit": None}),
        (Read, {}),
        (Read, {"seq": -1}),
        (Read, {"seq": 1.5}),
        (Read, {"seq": MAX_SEQ + 1}),
    ],
)
def test_what_the_contract_does_not_allow_is_invalid(shape: type, payload: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="does not fit"):
        parsed(shape, payload)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "payload", [b"null", b"[]", b"1", b'"x"', b"true", b"", b"{", b"\xff", b"[" * 100_000, b"{} {}"]
)
def test_a_payload_that_is_no_object_is_invalid(shape: type, payload: bytes) -> None:
    with pytest.raises(Invalid):
        pushes.parsed(shape, payload)


@pytest.mark.parametrize("text", [b"\\ud800", b"\\udfff", b"\xed\xa0\x80", b"\xff"])
def test_half_a_surrogate_pair_is_never_let_in(text: bytes) -> None:
    assert pushes.parsed(NewMessage, b'{"text":"\\ud83d\\ude00"}').text == "😀"
    with pytest.raises(Invalid):
        pushes.parsed(NewMessage, b'{"text":"%b"}' % text)


def test_of_a_field_that_comes_twice_the_last_counts() -> None:
    assert pushes.parsed(NewMessage, b'{"text":"a","text":"b"}').text == "b"


@given(st.sampled_from(SHAPES), st.binary(max_size=60) | st.text(max_size=60).map(lambda text: repr(text).encode()))
@settings(deadline=None)
def test_no_bytes_raise_anything_but_invalid(shape: type, payload: bytes) -> None:
    with suppress(Invalid):
        pushes.parsed(shape, payload)
