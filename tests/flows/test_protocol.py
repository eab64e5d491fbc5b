"""Phoenix Channels, v2 and v1, as any client of them meets us."""

import base64
import json

import pytest

from .client import V1, V2, Closed, Refusal, TurnedAway
from .conftest import Arrive, Connect, Rest, unique
from .server import Reachable

pytestmark = pytest.mark.also_on_two_nodes


async def test_a_join_is_answered_with_the_room_and_then_with_who_is_there(visit: Connect, room: str, vsn: str) -> None:
    place = await (await visit(vsn=vsn)).join(f"chat:{room}")
    assert place.welcome == {"room": room, "user": None, "last_seq": 0, "messages": []}
    assert await place.next("presence_state") == {}


async def test_a_heartbeat_is_answered(visit: Connect, vsn: str) -> None:
    client = await visit(vsn=vsn)
    await client.heartbeat()
    [reply] = client.heard
    expected = {
        V2: '[null,"1","phoenix","phx_reply",{"status":"ok","response":{}}]',
        V1: '{"topic":"phoenix","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":"1"}',
    }
    assert reply.text == expected[vsn]


async def test_who_says_no_version_speaks_v1(visit: Connect) -> None:
    client = await visit(vsn=V1, query="")
    await client.heartbeat()


async def test_a_broadcast_has_no_refs_and_reaches_its_sender_too(arrive: Arrive, vsn: str) -> None:
    ann, bob = await arrive("ann", vsn=vsn), await arrive("bob", vsn=vsn)
    await ann.say("hello")
    for somebody in (ann, bob):
        message = await somebody.client.next(somebody.topic, "new_message")
        assert (message.join_ref, message.ref, message.payload["text"]) == (None, None, "hello")


async def test_all_that_is_said_is_compact_json(arrive: Arrive, vsn: str) -> None:
    ann = await arrive("ann", vsn=vsn)
    await ann.say("schön – 🎉")
    await ann.next("new_message")
    assert len(ann.client.heard) >= 4
    for message in ann.client.heard:
        assert message.text == json.dumps(json.loads(message.text), ensure_ascii=False, separators=(",", ":"))


async def test_who_leaves_a_topic_is_told_so_and_hears_nothing_more(arrive: Arrive, vsn: str) -> None:
    ann, bob = await arrive("ann", vsn=vsn), await arrive("bob", vsn=vsn)
    await bob.say("one")
    assert (await ann.next("new_message"))["text"] == "one"
    assert await ann.push("phx_leave") == {}
    await ann.client.next(ann.topic, "phx_close")
    await bob.say("two")
    await bob.next("new_message")
    assert (await bob.next("new_message"))["text"] == "two"
    await ann.client.heartbeat()
    assert ann.unread("new_message") == []
    with pytest.raises(Refusal, match="unmatched topic"):
        await ann.say("three")


async def test_leaving_what_was_not_joined_is_fine(visit: Connect, room: str, vsn: str) -> None:
    client = await visit(vsn=vsn)
    assert await client.ask(f"chat:{room}", "phx_leave", {}) == {}
    await client.heartbeat()


async def test_a_second_join_closes_the_first(arrive: Arrive, vsn: str) -> None:
    ann, bob = await arrive("ann", vsn=vsn), await arrive("bob")
    again = await ann.client.join(ann.topic)
    closed = await ann.client.next(ann.topic, "phx_close")
    if vsn == V2:
        assert (closed.join_ref, closed.ref) == (ann.join_ref, ann.join_ref)
    assert again.welcome["user"] == ann.user
    await bob.say("once")
    await again.next("new_message")
    await again.say("still me")
    await again.next("new_message")
    assert [payload["text"] for _, payload in again.events()] == ["once", "still me"]


async def test_a_push_of_an_earlier_join_is_ignored(arrive: Arrive) -> None:
    ann = await arrive("ann")
    again = await ann.client.join(ann.topic)
    stale = await ann.send("new_message", text="stale")
    assert (await again.say("fresh"))["seq"] == 1
    assert not ann.client.answered(stale)


async def test_a_leave_of_an_earlier_join_is_ignored(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    again = await ann.client.join(ann.topic)
    await ann.send("phx_leave")
    await ann.client.heartbeat()
    await bob.say("anybody there?")
    assert (await again.next("new_message"))["text"] == "anybody there?"


@pytest.mark.parametrize("topic", ["elsewhere:lobby", "lobby", "", "phoenix"])
async def test_nothing_serves_an_unknown_topic(visit: Connect, vsn: str, topic: str) -> None:
    client = await visit(vsn=vsn)
    for event in ("phx_join", "new_message"):
        with pytest.raises(Refusal) as refused:
            await client.ask(topic, event, {})
        assert refused.value.response == {"reason": "unmatched topic"}
    await client.heartbeat()


async def test_a_topic_that_was_not_joined_is_unmatched(visit: Connect, room: str, vsn: str) -> None:
    client = await visit(vsn=vsn)
    with pytest.raises(Refusal) as refused:
        await client.ask(f"chat:{room}", "new_message", {"text": "hello"})
    assert refused.value.response == {"reason": "unmatched topic"}


@pytest.mark.parametrize("name", ["nobody-made-this", "UPPER", "", "-dash", "x" * 65, "lob by", "lobby\n", "ü"])
async def test_a_room_that_does_not_exist_is_not_found(visit: Connect, vsn: str, name: str) -> None:
    client = await visit(vsn=vsn)
    with pytest.raises(Refusal) as refused:
        await client.join(f"chat:{name}")
    assert refused.value.reason == "not_found"
    assert (await client.join("chat:lobby")).welcome["room"] == "lobby"


async def test_a_socket_joins_a_hundred_topics_and_not_one_more(visit: Connect, rest: Rest, vsn: str) -> None:
    token, client = await rest.guest("builder"), await visit(vsn=vsn)
    rooms = [unique("room") for _ in range(51)]
    for name in rooms:
        await rest.post("/api/channels", token=token, name=name)
    topics = [f"{prefix}:{name}" for name in rooms for prefix in ("chat", "text_channel")]
    for topic in topics[:100]:
        await client.join(topic)
    with pytest.raises(Refusal):
        await client.join(topics[100])
    await client.join(topics[99])
    await client.ask(topics[0], "phx_leave", {})
    assert (await client.join(topics[100])).welcome["room"] == rooms[50]


async def test_an_unknown_event_is_refused(arrive: Arrive, vsn: str) -> None:
    ann = await arrive("ann", vsn=vsn)
    with pytest.raises(Refusal) as refused:
        await ann.push("make_coffee")
    assert refused.value.reason == "invalid"
    await ann.say("tea, then")


# -- the handshake


async def _refused(visit: Connect, **how: object) -> int:
    with pytest.raises(TurnedAway) as turned_away:
        await visit(**how)
    return turned_away.value.status


@pytest.mark.parametrize("query", ["vsn=3.0.0", "vsn=", "vsn=two", "vsn=2"])
async def test_an_unknown_version_is_forbidden(visit: Connect, query: str) -> None:
    assert await _refused(visit, query=query) == 403


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"http://127.0.0.1:1", b"garbage"])
async def test_another_pages_origin_is_forbidden(visit: Connect, origin: bytes) -> None:
    assert await _refused(visit, headers=[(b"Origin", origin)]) == 403


async def test_our_own_pages_origin_is_let_in(dial: Connect, server: Reachable) -> None:
    origin = server.url
    socket_url = origin.replace("http", "ws", 1) + "/socket/websocket"
    await (await dial(socket_url, headers=[(b"Origin", origin.encode())])).heartbeat()


async def test_a_bad_token_is_forbidden(visit: Connect, rest: Rest) -> None:
    good = await rest.guest("ann")
    for bad in ("garbage", good[:-2], good.replace(".", ""), "x" * 5000):
        assert await _refused(visit, query=f"vsn=2.0.0&token={bad}") == 403
        assert await _refused(visit, subprotocols=["phoenix", _bearer(bad)]) == 403


async def test_a_token_in_the_query_says_who_one_is(visit: Connect, rest: Rest, room: str, vsn: str) -> None:
    token = await rest.guest("ann")
    client = await visit(vsn=vsn, query=f"vsn={vsn}&token={token}")
    place = await client.join(f"chat:{room}")
    assert place.welcome["user"]["name"].startswith("ann-")
    assert (await place.say("it is me"))["seq"] == 1


async def test_a_token_as_phoenix_js_sends_it_says_who_one_is(visit: Connect, rest: Rest, room: str, vsn: str) -> None:
    token = await rest.guest("ann")
    client = await visit(vsn=vsn, subprotocols=["phoenix", _bearer(token)])
    assert client.socket.subprotocol == "phoenix"
    place = await client.join(f"chat:{room}")
    assert place.welcome["user"]["name"].startswith("ann-")


def _bearer(token: str) -> str:
    return "base64url.bearer.phx." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


# -- binary pushes


def _binary(join_ref: str, ref: str, topic: str, event: str, payload: bytes) -> bytes:
    fields = [field.encode() for field in (join_ref, ref, topic, event)]
    return b"\x00" + bytes(map(len, fields)) + b"".join(fields) + payload


async def test_a_binary_push_is_refused_and_nothing_else_happens(arrive: Arrive) -> None:
    ann = await arrive("ann")
    for event in ("new_message", "identify", "phx_join"):
        ref = ann.client.new_ref()
        await ann.client.send_raw(_binary(ann.join_ref, ref, ann.topic, event, b'{"text":"hi","name":"hi"}'))
        with pytest.raises(Refusal) as refused:
            await ann.client.answer(ref)
        assert refused.value.reason == "invalid"
    await ann.client.heartbeat()


async def test_v1_has_no_binary_pushes(arrive: Arrive) -> None:
    ann, bob = await arrive("ann", vsn=V1), await arrive("bob")
    await ann.client.send_raw(_binary("1", "9", ann.topic, "new_message", b"{}"))
    assert await ann.client.closing() == 1008
    with pytest.raises(Closed):
        await ann.client.heartbeat()
    await bob.client.heartbeat()
