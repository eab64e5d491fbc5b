"""Request heads: taken apart the same way however they come, and refused, never crashed on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import memory_stream_pair

from chatter.gateway.handshake import is_handshake, shake_hands
from chatter.gateway.head import parse_head, read_head, split_head
from chatter.gateway.limits import MAX_HEAD
from chatter.gateway.origins import Origins
from chatter.gateway.responses import Refusal
from tests.gateway.client import upgrade_request

HEAD = b"GET /a/b/?c=d&c=e&f HTTP/1.1\r\nHost: chat.example\r\nX-Many:\t one \r\nx-many: two, THREE\r\nEmpty:\r\n\r\n"

lines = st.sampled_from(HEAD.split(b"\r\n")) | st.sampled_from(upgrade_request().split(b"\r\n"))
scraps = st.sampled_from(
    [b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b":", b"\0", b"\xff", b"?", b"HTTP/1.1", b"%", b"//"]
)
pieces = st.lists(lines | scraps | st.binary(max_size=10), max_size=20)


def status(data: bytes) -> int:
    with pytest.raises(Refusal) as caught:
        parse_head(data)
    return int(caught.value.response.split()[1])


def test_a_head_is_taken_apart() -> None:
    head = parse_head(HEAD)
    assert (head.method, head.target, head.version) == ("GET", "/a/b/?c=d&c=e&f", "1.1")
    assert head.path == "/a/b"
    assert head.parameters() == {"c": "e", "f": ""}
    assert head.values("x-many") == ["one", "two, THREE"]
    assert head.elements("x-many") == ["one", "two", "THREE"]
    assert head.has_token("x-many", "three")
    assert head.value("x-many") is None
    assert head.value("empty") == ""
    assert head.value("missing") is None


@pytest.mark.parametrize("target", ["/a/b", "/a/b?x", "/a/b/", "http://host/a/b", "https://host:1/a/b/?x=http://y/z"])
def test_the_path_is_found_in_all_forms_of_a_target(target: str) -> None:
    assert parse_head(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).path == "/a/b"


def test_old_clients_need_not_name_a_host() -> None:
    assert parse_head(b"GET / HTTP/1.0\r\n\r\n").version == "1.0"
    assert status(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == 400


def test_what_is_behind_the_head_is_kept_apart() -> None:
    assert split_head(HEAD + b"more") == (HEAD, b"more")
    assert split_head(HEAD[:-1]) is None
    filled = HEAD[:-2] + b"x: " + b"y" * (MAX_HEAD - len(HEAD) - 5) + b"\r\n\r\n"
    assert split_head(filled + bytes(100_000)) == (filled, bytes(100_000))


def answer(data: bytes) -> bytes:
    """The status with which a request for our WebSocket is answered; none for one that is not ours."""
    try:
        head = parse_head(data)
        return shake_hands(head, Origins(["//*.friend.example"])).response[9:12] if is_handshake(head) else b""
    except Refusal as refusal:
        return refusal.response[9:12]


@given(pieces)
def test_anything_is_a_head_or_refused(pieces: list[bytes]) -> None:
    assert answer(b"".join(pieces)) in (b"", b"101", b"400", b"403", b"426")


@given(st.lists(st.sampled_from(["http://", "chat", ".example", ":80", ":x", "[", "]", "@", "#", "\xff", "[::1"])))
def test_any_origin_is_allowed_or_refused(parts: list[str]) -> None:
    assert answer(upgrade_request(origin="".join(parts))) in (b"101", b"403")


def test_empty_lines_before_a_head_are_skipped_but_count() -> None:
    assert split_head(b"\r\n\r\n" + HEAD + b"more") == (HEAD, b"more")
    assert split_head(b"\r\n\r") is None
    assert split_head(b"\r\n" * (MAX_HEAD // 2)) is None
    with pytest.raises(Refusal, match="more than"):
        split_head(b"\r\n" * (MAX_HEAD // 2) + b"\r")


@pytest.mark.parametrize("first", [b"\x16\x03\x01", b"\n", b"\r\n\r\r", b" GET"])
def test_what_can_not_become_a_head_is_refused_at_once(first: bytes) -> None:
    with pytest.raises(Refusal, match="Not an HTTP"):
        split_head(first)


@pytest.mark.parametrize("before", [b"", b"\r\n", b"\r\n\r\n\r\n"])
async def test_a_head_is_the_same_however_it_is_cut(before: bytes) -> None:
    sent = before + HEAD
    for cut in range(len(sent)):
        ours, theirs = memory_stream_pair()
        await ours.send_all(sent[cut:] + b"more")
        assert await read_head(theirs, sent[:cut]) == (HEAD, b"more")
        await ours.aclose()
        await theirs.aclose()


async def test_a_stream_that_ends_within_the_head_has_none() -> None:
    ours, theirs = memory_stream_pair()
    await ours.send_all(HEAD[:-1])
    await ours.send_eof()
    assert await read_head(theirs, b"") == (b"", b"")
