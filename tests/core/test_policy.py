"""What is let in: each bound exactly, one below and one above."""

from collections.abc import Callable
from typing import Any

import pytest

from chatter.core import policy
from chatter.core.model import User
from chatter.errors import Invalid, TooLong

ANN = User("u-ann", "Ann")
MIA = User("u-mia", "Mia", moderator=True)


def test_ones_own_messages_may_be_changed_and_others_not() -> None:
    assert policy.may_change("u-ann", ANN)
    assert not policy.may_change("u-bob", ANN)


def test_a_moderator_may_change_everybodys_messages() -> None:
    assert policy.may_change("u-bob", MIA)


@pytest.mark.parametrize("text", ["a", "x" * 4_000, "🎉" * 4_000, " padded ", "two\nlines", "\u200bzero width", "0"])
def test_a_text_of_1_to_4000_characters_is_kept_as_it_is(text: str) -> None:
    assert policy.checked_text(text) == text


@pytest.mark.parametrize("text", ["x" * 4_001, "🎉" * 4_001, " " * 4_001])
def test_a_text_of_4001_characters_is_too_long(text: str) -> None:
    with pytest.raises(TooLong):
        policy.checked_text(text)


@pytest.mark.parametrize("text", ["", " ", "\n\t \r", "\u2003\u00a0", " " * 4_000, "a\x00b", "\x00"])
def test_a_text_that_says_nothing_or_holds_nul_is_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        policy.checked_text(text)


@pytest.mark.parametrize("name", ["a", "Z", "0", "_", "-", "a" * 50, "Ann_B-2"])
def test_a_users_name_has_1_to_50_plain_characters(name: str) -> None:
    assert policy.checked_user_name(name) == name


@pytest.mark.parametrize("name", ["", " ", "Ann B", "Ann\n", "\nAnn", "Änn", "a.b", "a\x00", "ａｎｎ", "٣", "é" * 50])
def test_a_users_name_of_other_characters_is_invalid(name: str) -> None:
    with pytest.raises(Invalid):
        policy.checked_user_name(name)


@pytest.mark.parametrize("name", ["a", "0", "a" * 64, "a-b_c", "9-"])
def test_a_rooms_name_has_1_to_64_characters_and_begins_with_a_letter_or_digit(name: str) -> None:
    assert policy.checked_room_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "A", "aB", "a b", "a\n", "ä", "a/b", "a:b", "a\x00", "²"])
def test_a_rooms_name_of_other_characters_is_invalid(name: str) -> None:
    with pytest.raises(Invalid):
        policy.checked_room_name(name)


@pytest.mark.parametrize("topic", ["", " ", "x" * 250, "Любая тема 🎈", "two\nlines"])
def test_a_rooms_topic_has_up_to_250_characters(topic: str) -> None:
    assert policy.checked_topic(topic) == topic


@pytest.mark.parametrize("client_id", [None, "a", " ", "x" * 64, "🎉" * 64])
def test_a_client_id_is_absent_or_has_1_to_64_characters(client_id: str | None) -> None:
    assert policy.checked_client_id(client_id) == client_id


@pytest.mark.parametrize("emoji", ["👍", "👩🏽‍🚀", ":tada:", "a" * 32, "+1", "\u00a1"])
def test_a_reaction_is_any_short_text_without_spaces(emoji: str) -> None:
    assert policy.checked_emoji(emoji) == emoji


@pytest.mark.parametrize("emoji", ["", " ", "a b", "👍 ", "\x00", "\x1f", "\x7f", "\x80", "\x9f", "\u2003", "\u00a0"])
def test_a_reaction_with_a_space_or_a_control_character_is_invalid(emoji: str) -> None:
    with pytest.raises(Invalid):
        policy.checked_emoji(emoji)


@pytest.mark.parametrize(
    ("check", "longest"),
    [
        (policy.checked_user_name, "a" * 50),
        (policy.checked_room_name, "a" * 64),
        (policy.checked_topic, "a" * 250),
        (policy.checked_client_id, "a" * 64),
        (policy.checked_emoji, "a" * 32),
    ],
)
def test_one_character_more_is_too_long(check: Callable[[str], Any], longest: str) -> None:
    assert check(longest) == longest
    with pytest.raises(TooLong):
        check(longest + "a")


@pytest.mark.parametrize("check", [policy.checked_topic, policy.checked_client_id])
def test_nul_is_refused_wherever_a_text_is_stored(check: Callable[[str], Any]) -> None:
    assert check("ab") == "ab"
    with pytest.raises(Invalid):
        check("a\x00b")


def test_an_empty_client_id_is_invalid() -> None:
    with pytest.raises(Invalid):
        policy.checked_client_id("")
