"""How the nouns and events look on the wire."""

import re
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import Message, RoomInfo, User, new_id, now

ANN = User("u-ann", "Ann", avatar="ann.png", moderator=True)
HELLO = Message("m1", 7, ANN, "Hello", "2026-01-31T12:00:00.000Z")
PLAIN: dict[str, Any] = {
    "id": "m1",
    "seq": 7,
    "user": {"id": "u-ann", "name": "Ann", "avatar": "ann.png"},
    "text": "Hello",
    "inserted_at": "2026-01-31T12:00:00.000Z",
}


def test_a_user_is_shown_by_id_and_name_alone() -> None:
    assert ANN.as_payload() == {"id": "u-ann", "name": "Ann"}


def test_an_author_has_an_avatar_or_null() -> None:
    assert ANN.as_author() == {"id": "u-ann", "name": "Ann", "avatar": "ann.png"}
    assert User("u", "Bob").as_author() == {"id": "u", "name": "Bob", "avatar": None}


def test_a_message_shows_nothing_that_it_does_not_have() -> None:
    assert HELLO.as_payload() == PLAIN


def test_a_message_shows_its_client_id_its_edit_and_its_reactions() -> None:
    message = attrs.evolve(HELLO, client_id="c1", edited_at="later", reactions={"👋": ("u1", "u2"), "❤": ("u1",)})
    assert message.as_payload() == PLAIN | {
        "client_id": "c1",
        "edited_at": "later",
        "reactions": [{"emoji": "👋", "users": ["u1", "u2"]}, {"emoji": "❤", "users": ["u1"]}],
    }


def test_a_tombstone_says_who_and_when_and_nothing_more_whatever_is_left_of_it() -> None:
    gone = attrs.evolve(HELLO, deleted=True, client_id="c1", edited_at="later", reactions={"👋": ("u1",)})
    assert gone.as_payload() == PLAIN | {"text": "", "deleted": True}


def test_a_room_is_listed_with_its_topic_and_last_seq() -> None:
    room = RoomInfo("lobby", "Everybody", "2026-01-31T12:00:00.000Z", 3)
    assert room.as_payload() == {
        "name": "lobby",
        "topic": "Everybody",
        "created_at": "2026-01-31T12:00:00.000Z",
        "last_seq": 3,
    }


@pytest.mark.parametrize(
    ("event", "name", "payload"),
    [
        (Posted(HELLO), "new_message", PLAIN),
        (Edited(8, "m1", "Hi", "t"), "message_edited", {"id": "m1", "seq": 8, "text": "Hi", "edited_at": "t"}),
        (Deleted(9, "m1"), "message_deleted", {"id": "m1", "seq": 9}),
        (
            Reacted(10, "m1", "👋", "u-bob", "Bob", True),
            "reaction",
            {"id": "m1", "seq": 10, "emoji": "👋", "user": {"id": "u-bob", "name": "Bob"}, "on": True},
        ),
    ],
)
def test_an_event_has_the_contracts_name_and_payload(event: Event, name: str, payload: dict[str, Any]) -> None:
    assert (event.name, event.as_payload()) == (name, payload)
    assert event.seq == payload["seq"]
    assert event.message_id == "m1"


def test_ids_are_uuids_of_version_7_that_rise() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", id) for id in ids)


def test_times_are_iso_8601_in_utc_with_milliseconds() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now())
    assert abs((datetime.fromisoformat(now()) - datetime.now(UTC)).total_seconds()) < 60


def test_every_command_is_complete_when_it_is_made() -> None:
    commands: list[Command] = [
        Post(user=ANN, text="Hello"),
        Edit(user=ANN, message_id="m1", text="Hi"),
        Delete(user=ANN, message_id="m1"),
        React(user=ANN, message_id="m1", emoji="👋", on=True),
    ]
    assert len({command.id for command in commands}) == 4
    assert all(command.at.endswith("Z") for command in commands)
