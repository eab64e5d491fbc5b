"""Tokens: ours are read back, and whatever else is refused, never anything worse."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatter.core.model import User
from chatter.errors import Unauthorized
from chatter.tokens import MAX_AGE, MAX_LENGTH, PollTokens, Tokens

KEY = "a key of sufficient length"
ANN = User("u-ann", "Ann", avatar="ann.png", moderator=True)
BOB = User("u-bob", "Bob")


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(KEY)


@pytest.mark.parametrize("user", [ANN, BOB, User("ü", "Ä", "🎈")])
def test_a_token_says_who_somebody_is(tokens: Tokens, user: User) -> None:
    assert tokens.user(tokens.mint(user)) == user


def test_a_token_can_be_put_into_an_address_and_a_header(tokens: Tokens) -> None:
    assert set(tokens.mint(ANN)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_token_of_another_key_is_refused(tokens: Tokens) -> None:
    with pytest.raises(Unauthorized):
        Tokens(KEY + "!").user(tokens.mint(ANN))


def test_a_token_that_is_too_old_is_refused(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token, minted = tokens.mint(ANN), time.time()
    monkeypatch.setattr(time, "time", lambda: minted + MAX_AGE - 1)
    assert tokens.user(token) == ANN
    monkeypatch.setattr(time, "time", lambda: minted + MAX_AGE + 2)
    with pytest.raises(Unauthorized):
        tokens.user(token)


def test_a_token_from_the_future_is_refused(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3_600)
    token = tokens.mint(ANN)
    assert tokens.user(token) == ANN
    monkeypatch.setattr(time, "time", lambda: now)
    with pytest.raises(Unauthorized):
        tokens.user(token)


def test_every_token_that_was_cut_short_is_refused(tokens: Tokens) -> None:
    token = tokens.mint(ANN)
    assert tokens.user(token) == ANN
    for length in range(len(token)):
        with pytest.raises(Unauthorized):
            tokens.user(token[:length])


def test_every_token_with_one_other_character_is_refused(tokens: Tokens) -> None:
    token = tokens.mint(BOB)
    for at in range(len(token) - 1):  # the last one holds spare bits, which base64 may ignore
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(Unauthorized):
            tokens.user(forged)


def test_a_token_that_was_signed_for_something_else_is_refused(tokens: Tokens) -> None:
    """As an older version of ours may have done."""
    for claims in ({"id": "u"}, [], ["u"], ["u", "Ann", None, False, 1], None, "u", 7, [1, 2, None, False]):
        with pytest.raises(Unauthorized):
            tokens.user(str(tokens._serializer.dumps(claims)))


def test_a_token_without_end_is_refused_unread(tokens: Tokens) -> None:
    with pytest.raises(Unauthorized):
        tokens.user("a" * (MAX_LENGTH + 1))


@pytest.mark.parametrize("junk", ["", ".", "..", "...", "a.b.c", "\x00", "é.é.é", "\ud800", ".\ud800.", "🎈" * 500])
def test_junk_is_refused(tokens: Tokens, junk: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.user(junk)


@given(st.text(st.characters(), max_size=100))
@settings(deadline=None)
def test_no_text_raises_anything_but_unauthorized(text: str) -> None:
    with pytest.raises(Unauthorized):
        Tokens(KEY).user(text)


# -- those of long-poll sessions


def test_a_poll_token_names_its_session() -> None:
    polls = PollTokens(KEY)
    assert polls.session(polls.mint("session 1")) == "session 1"


def test_a_poll_token_of_another_key_names_none() -> None:
    assert PollTokens(KEY + "!").session(PollTokens(KEY).mint("session 1")) is None


def test_tokens_of_users_and_of_polls_are_not_taken_for_each_other(tokens: Tokens) -> None:
    polls = PollTokens(KEY)
    assert polls.session(tokens.mint(ANN)) is None
    assert polls.session("poll." + tokens.mint(ANN)) is None
    for token in (polls.mint("u"), polls.mint("u").removeprefix("poll.")):
        with pytest.raises(Unauthorized):
            tokens.user(token)


def test_every_poll_token_that_was_changed_names_none() -> None:
    polls = PollTokens(KEY)
    token = polls.mint("session 1")
    for at in range(len(token) - 1):
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert polls.session(forged) is None
        assert polls.session(token[:at]) is None


@given(st.text(st.characters(), max_size=100))
@settings(deadline=None)
def test_no_text_is_more_than_no_poll_token(text: str) -> None:
    for token in (text, "poll." + text, "a" * (MAX_LENGTH + 1)):
        assert PollTokens(KEY).session(token) is None
