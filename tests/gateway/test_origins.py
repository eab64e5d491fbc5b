"""Which pages may open a socket."""

import pytest

from chatter.gateway.origins import Origins


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://chat.example", "chat.example"),
        ("https://chat.example", "chat.example"),
        ("http://chat.example:80", "chat.example"),
        ("https://chat.example", "chat.example:443"),
        ("http://chat.example:4000", "chat.example:4000"),
        ("http://CHAT.example", "Chat.Example"),
        ("http://[::1]:4000", "[::1]:4000"),
    ],
)
def test_the_page_of_the_same_host_and_port_is_allowed(origin: str, host: str) -> None:
    assert Origins().allow([origin], host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://chat.example:4001", "chat.example:4000"),
        ("http://chat.example", "chat.example:4000"),
        ("http://evil.example", "chat.example"),
        ("http://chat.example.evil.example", "chat.example"),
        ("http://evil.example?chat.example", "chat.example"),
        ("http://chat.example:x", "chat.example"),
        ("null", "chat.example"),
        ("", "chat.example"),
        ("file://", ""),
        ("http://[", "["),
    ],
)
def test_any_other_page_is_not(origin: str, host: str) -> None:
    assert not Origins().allow([origin], host)


def test_who_is_no_browser_says_nothing_and_is_allowed() -> None:
    assert Origins().allow([], "chat.example")


def test_two_origins_are_none() -> None:
    assert not Origins().allow(["http://chat.example", "http://chat.example"], "chat.example")


@pytest.mark.parametrize(
    ("allowed", "origin", "fine"),
    [
        ("https://friend.example", "https://friend.example", True),
        ("https://friend.example", "https://friend.example:443", True),
        ("https://friend.example", "http://friend.example", False),
        ("https://friend.example", "https://friend.example:8443", False),
        ("https://friend.example:8443", "https://friend.example:8443", True),
        ("//friend.example", "http://friend.example:8080", True),
        ("friend.example", "https://friend.example", True),
        ("//friend.example", "https://www.friend.example", False),
        ("//*.friend.example", "https://www.friend.example", True),
        ("//*.friend.example", "https://a.b.friend.example", True),
        ("//*.friend.example", "https://friend.example", True),
        ("//*.friend.example", "https://unfriend.example", False),
        ("https://*.friend.example", "http://www.friend.example", False),
        ("*", "https://anybody.example", True),
        ("*", "null", True),
    ],
)
def test_the_list_is_written_as_phoenix_has_it(allowed: str, origin: str, fine: bool) -> None:
    origins = Origins(["https://somebody.else.example", allowed])
    assert origins.allow([origin], "chat.example") is fine


@pytest.mark.parametrize("wrong", ["", "https://", "//"])
def test_what_is_no_origin_is_an_error_at_once(wrong: str) -> None:
    with pytest.raises(ValueError, match="no origin"):
        Origins([wrong])
