"""Strangers send nonsense: they get the contract's refusal or close code, and a bystander notices nothing.

The server of this module has to end without a traceback, as all have.
"""

import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Final

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .client import Place, Refusal
from .conftest import Arrive, unique
from .raw import BINARY, CLOSE, PING, TEXT, Raw, frame, knock
from .server import Server

REASONS: Final = {
    None,
    "unauthorized",
    "forbidden",
    "name_taken",
    "invalid",
    "too_long",
    "rate_limited",
    "not_found",
    "unavailable",
    "unmatched topic",
}
LIMIT: Final = 256 * 1024

pytestmark = pytest.mark.also_on_two_nodes


@pytest.fixture
async def bystander(arrive: Arrive) -> AsyncIterator[Place]:
    """Bob minds his own business, and can still do so at the end."""
    bob = await arrive("bob")
    yield bob
    await bob.client.heartbeat()
    posted = await bob.say("All is well.")
    heard = await bob.caught_up(posted["seq"])
    assert [payload["seq"] for _, payload in heard] == list(range(1, posted["seq"] + 1))
    assert bob.unread("phx_error") == bob.unread("phx_close") == []


# -- every event, with payloads of every shape

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
strings = st.text(max_size=80) | st.sampled_from(
    ["", " ", "\x00", "a" * 51, "x" * 65, "ü" * 4001, "💥", "a\nb", "null", "\u202e"]
)


def _shape(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nearly the right payload, or not at all."""
    nearly = {name: fitting | anything for name, fitting in fields.items()}
    return st.fixed_dictionaries({}, optional=nearly) | st.fixed_dictionaries(nearly) | anything


EVENTS: Final = {
    "phx_join": _shape(limit=st.integers(-1, 501), after=st.integers(-1, 100)),
    "phx_leave": _shape(),
    "identify": _shape(name=strings),
    "new_message": _shape(text=strings, client_id=strings),
    "edit_message": _shape(id=strings, text=strings),
    "delete_message": _shape(id=strings),
    "react": _shape(id=strings, emoji=strings, on=st.booleans()),
    "typing": _shape(typing=st.booleans()),
    "status": _shape(status=st.sampled_from(["online", "away", "asleep"])),
    "history": _shape(before=st.integers(-1, 2**53 + 1), limit=st.integers(-1, 501)),
    "read": _shape(seq=st.integers(-1, 2**53 + 1)),
    "heartbeat": _shape(),
    "make_coffee": _shape(),
}


@pytest.mark.parametrize("event", EVENTS)
async def test_any_payload_of_an_event_is_answered_or_refused(event: str, arrive: Arrive, bystander: Place) -> None:
    mallory = await arrive("mallory")
    posted = await mallory.say("mine")
    examples = 0

    async def push(payload: Any) -> None:
        nonlocal examples
        examples += 1
        if isinstance(payload, dict) and payload.get("id") == "null":
            payload["id"] = posted["id"]
        assert await _refusal(mallory.push_any(event, payload)) in REASONS
        if event == "phx_leave":
            await mallory.rejoin()

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(EVENTS[event])
    def hold(payload: Any) -> None:
        trio.from_thread.run(push, payload)

    await trio.to_thread.run_sync(hold)
    assert examples >= 200 or event in ("typing", "phx_leave")
    await mallory.rejoin()
    assert (await mallory.say("still here"))["seq"] >= 2


async def _refusal(pushing: Awaitable[Any]) -> str | None:
    """Its reason, or None when there was none."""
    try:
        await pushing
    except Refusal as refusal:
        return refusal.reason
    return None


async def test_any_topic_and_event_is_answered_or_refused(arrive: Arrive, bystander: Place) -> None:
    mallory = await arrive("mallory")

    async def push(topic: str, event: str) -> None:
        with pytest.raises(Refusal) as refused:
            await mallory.client.ask(topic, event, {}, join_ref=mallory.join_ref)
        assert refused.value.reason in ("unmatched topic", "not_found", "invalid")

    wellformed = st.text(max_size=30)

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(wellformed | st.just(mallory.topic), wellformed.map(lambda event: f"~{event}") | st.just("phx_reply"))
    def hold(topic: str, event: str) -> None:
        trio.from_thread.run(push, topic, event)

    await trio.to_thread.run_sync(hold)
    await mallory.say("still here")


# -- out of bounds


@attrs.frozen
class Out:
    event: str
    payload: dict[str, Any]
    reason: str


OUT_OF_BOUNDS: Final = [
    Out("identify", {"name": ""}, "invalid"),
    Out("identify", {"name": "two words"}, "invalid"),
    Out("identify", {"name": "ümlaut"}, "invalid"),
    Out("identify", {"name": "line\n"}, "invalid"),
    Out("identify", {"name": "x" * 51}, "too_long"),
    Out("identify", {}, "invalid"),
    Out("new_message", {"text": ""}, "invalid"),
    Out("new_message", {"text": " \n\t "}, "invalid"),
    Out("new_message", {"text": "x" * 4001}, "too_long"),
    Out("new_message", {"text": "🎉" * 4001}, "too_long"),
    Out("new_message", {"text": 7}, "invalid"),
    Out("new_message", {}, "invalid"),
    Out("new_message", {"text": "x", "client_id": "c" * 65}, "too_long"),
    Out("new_message", {"text": "x", "client_id": 7}, "invalid"),
    Out("edit_message", {"id": "ID", "text": "x" * 4001}, "too_long"),
    Out("edit_message", {"id": "ID", "text": " "}, "invalid"),
    Out("edit_message", {"text": "x"}, "invalid"),
    Out("edit_message", {"id": "nothing", "text": "x"}, "not_found"),
    Out("delete_message", {"id": 7}, "invalid"),
    Out("react", {"id": "ID", "emoji": "", "on": True}, "invalid"),
    Out("react", {"id": "ID", "emoji": "👍", "on": "yes"}, "invalid"),
    Out("react", {"id": "ID", "emoji": "x" * 33, "on": True}, "too_long"),
    Out("typing", {"typing": "yes"}, "invalid"),
    Out("status", {"status": "asleep"}, "invalid"),
    Out("history", {"before": -1}, "invalid"),
    Out("history", {"before": 1, "limit": 0}, "invalid"),
    Out("history", {"before": 1, "limit": 501}, "invalid"),
    Out("history", {"before": "1"}, "invalid"),
    Out("read", {"seq": 1.5}, "invalid"),
    Out("phx_join", {"limit": 501}, "invalid"),
    Out("phx_join", {"limit": -1}, "invalid"),
    Out("phx_join", {"after": -1}, "invalid"),
    Out("phx_join", {"after": "1"}, "invalid"),
]


async def test_what_is_out_of_bounds_is_refused_and_what_is_just_within_is_not(
    arrive: Arrive, bystander: Place
) -> None:
    mallory = await arrive("mallory")
    posted = await mallory.say("x" * 4000, client_id="c" * 64)
    for out in OUT_OF_BOUNDS:
        payload = {key: posted["id"] if value == "ID" else value for key, value in out.payload.items()}
        with pytest.raises(Refusal) as refused:
            await mallory.push_any(out.event, payload)
        assert refused.value.reason == out.reason, out
        assert refused.value.response["message"], out
        if out.event == "phx_join":
            await mallory.rejoin()
    assert (await mallory.say("🎉" * 4000))["seq"] == 2
    assert await mallory.push("react", id=posted["id"], emoji="x" * 32, on=True) == {"seq": 3}
    assert await mallory.push("edit_message", id=posted["id"], text="y" * 4000) == {"seq": 4}
    await mallory.identify(unique("m")[:8].ljust(50, "x"))


# -- frames


def _push(text: str) -> bytes:
    return json.dumps(["1", "1", "phoenix", "heartbeat", {"x": text}]).encode()


BROKEN: Final[dict[str, tuple[bytes, set[int]]]] = {
    "not JSON": (frame(TEXT, b"hello"), {1007, 1008}),
    "half of JSON": (frame(TEXT, b'["1","1","phoenix","heartbeat",{'), {1007, 1008}),
    "JSON and more": (frame(TEXT, b'["1","1","phoenix","heartbeat",{}] and more'), {1007, 1008}),
    "nothing": (frame(TEXT, b""), {1007, 1008}),
    "null": (frame(TEXT, b"null"), {1008}),
    "an object": (frame(TEXT, b"{}"), {1008}),
    "a list too short": (frame(TEXT, b'["1","1","phoenix","heartbeat"]'), {1008}),
    "a list too long": (frame(TEXT, b'["1","1","phoenix","heartbeat",{},1]'), {1008}),
    "a topic that is a number": (frame(TEXT, b'["1","1",1,"heartbeat",{}]'), {1008}),
    "an event that is null": (frame(TEXT, b'["1","1","phoenix",null,{}]'), {1008}),
    "a ref that is an object": (frame(TEXT, b'["1",{},"phoenix","heartbeat",{}]'), {1008}),
    "a tower of brackets": (frame(TEXT, b"[" * 200_000), {1007, 1008}),
    "a tower of brackets as payload": (
        frame(TEXT, b'["1","1","phoenix","heartbeat",' + b"[" * 100_000 + b"]" * 100_000 + b"]"),
        {1007, 1008},
    ),
    "text that is not UTF-8": (frame(TEXT, b'["1","1","phoenix","\xff\xfe",{}]'), {1007}),
    "an overlong encoding": (frame(TEXT, b'["1","1","phoenix","\xc0\xaf",{}]'), {1007}),
    "a surrogate": (frame(TEXT, b'["1","1","phoenix","\xed\xa0\x80",{}]'), {1007}),
    "text that is not UTF-8, in pieces": (
        frame(TEXT, b'["1","1","phoenix","\xf0\x9f', fin=False) + frame(0, b'"]'),
        {1007},
    ),
    "a binary frame that is no push": (frame(BINARY, b"\x07hello"), {1008}),
    "a binary push that ends early": (frame(BINARY, b"\x00\xff\xff\xff\xffx"), {1008}),
    "a frame without a mask": (frame(TEXT, _push("x"), masked=False), {1002}),
    "a reserved bit": (b"\xf1" + frame(TEXT, b"x")[1:], {1002}),
    "a reserved opcode": (frame(0x3, b"x"), {1002}),
    "a ping in pieces": (frame(PING, b"x", fin=False), {1002}),
    "a ping too large": (frame(PING, b"x" * 126), {1002}),
    "a continuation of nothing": (frame(0, b"x"), {1002}),
    "text within text": (frame(TEXT, b"[", fin=False) + frame(TEXT, b"]"), {1002}),
    "a close with a code that is none": (frame(CLOSE, b"\x00\x01"), {1002}),
    "a close with half a code": (frame(CLOSE, b"\x03"), {1002}),
    "a message too large": (frame(TEXT, b'"' + b"x" * LIMIT + b'"'), {1009}),
    "a message too large, in pieces": (
        frame(TEXT, b"x" * (LIMIT // 2), fin=False) + frame(0, b"x" * (LIMIT // 2 + 1)),
        {1009},
    ),
    "a message too large by its characters' bytes": (
        frame(TEXT, _push("").replace(b'""', b'"%b"' % ("🎉" * 65537).encode())),
        {1009},
    ),
    "a message that says it is huge": (frame(TEXT, b"x", size=2**62), {1009}),
    "a binary message too large": (frame(BINARY, b"\x00" * (LIMIT + 1)), {1009}),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_frame_closes_its_own_socket_only(what: str, server: Server, bystander: Place) -> None:
    data, codes = BROKEN[what]
    raw = await _in_the_room(server, bystander.topic)
    await raw.send(data)
    assert await raw.closing() in codes
    await raw.stream.aclose()


async def _in_the_room(server: Server, topic: str) -> Raw:
    raw = await knock(server.address)
    await raw.say(json.dumps(["1", "1", topic, "phx_join", {}]))
    _, joined = await raw.hear()
    assert json.loads(joined)[4]["status"] == "ok"
    return raw


async def test_a_message_just_small_enough_is_read(server: Server, bystander: Place) -> None:
    raw = await knock(server.address)
    await raw.say(_push("x" * (LIMIT - len(_push("")))))
    assert json.loads((await raw.hear())[1])[4]["status"] == "ok"
    await raw.stream.aclose()


async def test_who_hangs_up_in_the_middle_of_a_frame_disturbs_nobody(server: Server, bystander: Place) -> None:
    for cut in (1, 3, 10):
        raw = await _in_the_room(server, bystander.topic)
        await raw.send(frame(TEXT, _push("x"))[:cut])
        await raw.stream.aclose()


async def test_a_message_in_pieces_with_pings_between_is_one_message(server: Server, bystander: Place) -> None:
    raw, text = await knock(server.address), _push("schön")
    for byte in frame(TEXT, text[:9], fin=False) + frame(PING, b"p") + frame(0, text[9:]):
        await raw.send(bytes([byte]))
    assert [(await raw.hear())[0], json.loads((await raw.hear())[1])[3]] == [0xA, "phx_reply"]
    await raw.stream.aclose()
