"""What nodes tell each other about a room."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import Message, User
from chatter.wire import nodes

ANN = User("u-ann", "Ann", avatar="a.png")
EVENTS: list[Event] = [
    Posted(Message("m1", 1, ANN, "Hello 🙂", "2026-01-31T12:00:00.000Z", client_id="c1")),
    Posted(Message("m2", 2, ANN, "", "2026-01-31T12:00:00.000Z", deleted=True)),
    Edited(3, "m1", "Hello!", "2026-01-31T12:00:01.000Z"),
    Reacted(4, "m1", "👍", "u-ann", "Ann", on=True),
    Deleted(5, "m1"),
]


def test_events_arrive_as_they_were() -> None:
    assert nodes.read(nodes.happened(EVENTS)) == EVENTS


def test_a_message_arrives_with_its_reactions() -> None:
    message = Message("m1", 1, ANN, "Hello", "2026-01-31T12:00:00.000Z", reactions={"👍": ("u-ann", "u-bob")})
    assert nodes.read(nodes.happened([Posted(message)])) == [Posted(message)]


def test_typing_arrives_as_its_payload() -> None:
    assert nodes.read(nodes.typing(b'{"typing":true}')) == b'{"typing":true}'


@given(st.binary())
def test_whatever_comes_is_read_or_nothing(data: bytes) -> None:
    assert nodes.read(data) is None or isinstance(nodes.read(data), list | bytes)


@pytest.mark.parametrize("events", [[("from_the_future", {"seq": 1})], [("new_message", {"seq": 1})], [("x",)]])
def test_events_that_this_version_does_not_know_are_nothing(events: list[tuple[object, ...]]) -> None:
    assert nodes.read(msgspec.msgpack.encode({"type": "happened", "events": events})) is None
