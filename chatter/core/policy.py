"""Who may do what, and which words are acceptable: pure rules, asked by everybody who lets something in."""

from typing import Final

from chatter.core.model import (
    LOBBY,
    MAX_CLIENT_ID,
    MAX_EMOJI,
    MAX_TEXT,
    MAX_TOPIC,
    MAX_USER_ID,
    ROOM_NAME,
    USER_NAME,
    User,
)
from chatter.errors import Forbidden, Invalid, TooLong

MAX_REACTION_KINDS: Final = 50


def may_change(author_id: str, user: User) -> bool:
    """One's own messages, and a moderator everybody's."""
    return user.moderator or author_id == user.id


def check_closable(room: str) -> None:
    """Every room may be closed but the one that always exists."""
    if room == LOBBY:
        raise Forbidden("The lobby can't be closed.")


def checked_text(text: str) -> str:
    """The text as it will be stored, or a refusal. Surrounding white space does not count as saying something."""
    if len(text) > MAX_TEXT:
        raise TooLong(f"A message has at most {MAX_TEXT} characters.")
    if not text.strip():
        raise Invalid("A message needs some text.")
    if "\x00" in text:
        raise Invalid("A message can't hold the character NUL.")
    return text


def checked_user_name(name: str) -> str:
    if len(name) > 50:
        raise TooLong("A name has at most 50 characters.")
    if USER_NAME.fullmatch(name) is None:
        raise Invalid("A name has 1 to 50 of the characters A-Z, a-z, 0-9, _ and -.")
    return name


def checked_user_id(user_id: str) -> str:
    if len(user_id) > MAX_USER_ID:
        raise TooLong(f"A user's id has at most {MAX_USER_ID} characters.")
    if "\x00" in user_id:
        raise Invalid("A user's id can't hold the character NUL.")
    return user_id


def checked_room_name(name: str) -> str:
    if len(name) > 64:
        raise TooLong("A room's name has at most 64 characters.")
    if ROOM_NAME.fullmatch(name) is None:
        raise Invalid("A room's name has a-z, 0-9, _ and -, and begins with a letter or a digit.")
    return name


def checked_topic(topic: str) -> str:
    if len(topic) > MAX_TOPIC:
        raise TooLong(f"A room's topic has at most {MAX_TOPIC} characters.")
    if "\x00" in topic:
        raise Invalid("A topic can't hold the character NUL.")
    return topic


def checked_client_id(client_id: str | None) -> str | None:
    if client_id is None:
        return None
    if len(client_id) > MAX_CLIENT_ID:
        raise TooLong(f"A client_id has at most {MAX_CLIENT_ID} characters.")
    if not client_id or "\x00" in client_id:
        raise Invalid("A client_id has at least one character, and no NUL.")
    return client_id


def checked_emoji(emoji: str) -> str:
    """Any short text without spaces or control characters: emoji grow faster than lists of them."""
    if len(emoji) > MAX_EMOJI:
        raise TooLong(f"A reaction has at most {MAX_EMOJI} characters.")
    if not emoji or any(c.isspace() or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in emoji):
        raise Invalid("A reaction is an emoji: no spaces, no control characters.")
    return emoji
