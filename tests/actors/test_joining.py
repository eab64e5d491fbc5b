"""Joining and leaving a topic, as the contract and Phoenix's guide have it."""

from typing import Any

import pytest

from chatter.core.log import EVENTS
from tests.actors.stage import LOBBY, Person, Stage

KITCHEN = "chat:kitchen"


async def talk(person: Person, count: int, topic: str = LOBBY) -> None:
    for number in range(1, count + 1):
        await person.says(str(number), topic)


def texts(response: Any) -> list[str]:
    return [message["text"] for message in response["messages"]]


async def test_a_visitor_joins_and_reads(stage: Stage) -> None:
    visitor = await stage.connect()
    assert await visitor.join(LOBBY) == {"room": "lobby", "user": None, "last_seq": 0, "messages": []}
    assert await visitor.expect("presence_state") == {}


async def test_somebody_with_a_token_is_told_who_they_are(stage: Stage) -> None:
    ann = await stage.member("Ann")
    assert (await ann.join(LOBBY))["user"] == {"id": "u-ann", "name": "Ann"}


async def test_the_reply_comes_first_then_the_presence_state_and_both_name_the_join(stage: Stage) -> None:
    visitor = await stage.connect()
    ref = await visitor.start_join(LOBBY)
    await stage.quiet()
    assert [(said.join_ref, said.ref, said.event) for said in visitor.received] == [
        (ref, ref, "phx_reply"),
        (ref, None, "presence_state"),
    ]


async def test_whoever_joins_gets_the_newest_100_messages_oldest_first(stage: Stage) -> None:
    await talk(await stage.member("Ann"), 103)
    response = await (await stage.connect()).join(LOBBY)
    assert texts(response) == [str(number) for number in range(4, 104)]
    assert response["last_seq"] == 103


@pytest.mark.parametrize(("limit", "expected"), [(0, []), (1, ["5"]), (4, ["2", "3", "4", "5"]), (500, list("12345"))])
async def test_or_as_many_as_they_ask_for(stage: Stage, limit: int, expected: list[str]) -> None:
    await talk(await stage.member("Ann"), 5)
    assert texts(await (await stage.connect()).join(LOBBY, limit=limit)) == expected


@pytest.mark.parametrize("payload", [{"limit": 501}, {"limit": -1}, {"limit": "1"}, {"after": -1}, {"after": "x"}, []])
async def test_a_join_with_another_payload_is_invalid(stage: Stage, payload: Any) -> None:
    visitor = await stage.connect()
    reply = await visitor.reply(await visitor.start_join(LOBBY, payload))
    assert (reply.status, reply.response["reason"]) == ("error", "invalid")
    assert await visitor.refused(LOBBY, "typing", {"typing": True}) == "unmatched topic"


async def test_who_resumes_gets_every_event_after_theirs_in_order(stage: Stage) -> None:
    ann = await stage.member("Ann")
    first = await ann.says("one")
    await ann.says("two")
    await ann.ok(LOBBY, "edit_message", {"id": first["id"], "text": "ONE"})
    await ann.ok(LOBBY, "react", {"id": first["id"], "emoji": "👋", "on": True})
    doomed = await ann.says("secret")
    await ann.ok(LOBBY, "delete_message", {"id": doomed["id"]})
    response = await (await stage.connect()).join(LOBBY, after=1)
    assert (response["resumed"], response["last_seq"], "messages" in response) == (True, 6, False)
    assert [name for name, _ in response["events"]] == [
        "new_message",
        "message_edited",
        "reaction",
        "new_message",
        "message_deleted",
    ]
    assert [payload["seq"] for _, payload in response["events"]] == [2, 3, 4, 5, 6]
    assert response["events"][3][1]["text"] == ""


async def test_who_missed_nothing_resumes_with_nothing(stage: Stage) -> None:
    await talk(await stage.member("Ann"), 2)
    response = await (await stage.connect()).join(LOBBY, after=2)
    assert (response["events"], response["resumed"]) == ([], True)


async def test_who_missed_more_than_is_kept_begins_anew(stage: Stage) -> None:
    ann = await stage.member("Ann")
    await talk(ann, EVENTS + 1)
    just = await (await stage.connect()).join(LOBBY, after=1)
    assert (just["resumed"], len(just["events"])) == (True, EVENTS)
    response = await (await stage.connect()).join(LOBBY, after=0, limit=2)
    assert (response["resumed"], "events" in response) == (False, False)
    assert texts(response) == [str(EVENTS), str(EVENTS + 1)]


async def test_who_comes_from_a_future_that_never_was_begins_anew(stage: Stage) -> None:
    await talk(await stage.member("Ann"), 2)
    assert (await (await stage.connect()).join(LOBBY, after=3))["resumed"] is False


async def test_a_room_that_does_not_exist_is_not_found(stage: Stage) -> None:
    visitor = await stage.connect()
    assert await visitor.refused(KITCHEN, "phx_join") == "not_found"
    await stage.rooms.create("kitchen", "")
    await visitor.join(KITCHEN)


@pytest.mark.parametrize("room", ["", "Lobby", "-a", "a" * 65, "a b", "lobby:x", "lobby\n", "../lobby"])
async def test_a_room_that_cannot_exist_is_not_found(stage: Stage, room: str) -> None:
    assert await (await stage.connect()).refused(f"chat:{room}", "phx_join") == "not_found"


@pytest.mark.parametrize("topic", ["room:lobby", "lobby", "", "chat", "phoenix", ":lobby", "CHAT:lobby"])
@pytest.mark.parametrize("event", ["phx_join", "new_message", "anything"])
async def test_a_topic_that_nobody_serves_is_unmatched_in_phoenix_own_words(
    stage: Stage, topic: str, event: str
) -> None:
    reply = await (await stage.connect()).ask(topic, event)
    assert (reply.status, reply.response) == ("error", {"reason": "unmatched topic"})


async def test_a_topic_that_is_not_joined_is_unmatched_too(stage: Stage) -> None:
    visitor = await stage.connect()
    reply = await visitor.ask(LOBBY, "new_message", {"text": "Hello"})
    assert (reply.status, reply.response) == ("error", {"reason": "unmatched topic"})


async def test_an_event_that_is_not_known_is_invalid(stage: Stage) -> None:
    visitor = await stage.visitor()
    assert await visitor.refused(LOBBY, "self_destruct") == "invalid"
    assert await visitor.refused(LOBBY, "heartbeat") == "invalid"


async def test_a_second_join_closes_the_first(stage: Stage) -> None:
    ann = await stage.member("Ann")
    first = ann.join_refs[LOBBY]
    await ann.enter(LOBBY)
    closes = [(said.join_ref, said.ref) for said in ann.received if said.event == "phx_close"]
    assert closes == [(first, first)]
    ann.received.clear()
    await ann.says("once")
    await stage.quiet()
    assert len(ann.heard("new_message")) == 1


async def test_a_push_of_an_earlier_join_is_ignored(stage: Stage) -> None:
    ann = await stage.member("Ann")
    first = ann.join_refs[LOBBY]
    await ann.enter(LOBBY)
    ann.received.clear()
    await ann.push(LOBBY, "new_message", {"text": "stale"}, join_ref=first)
    await ann.push(LOBBY, "phx_leave", join_ref=first)
    await stage.quiet()
    assert ann.received == []
    await ann.says("fresh")
    assert (await ann.expect("new_message"))["text"] == "fresh"


async def test_whoever_leaves_is_told_so_and_hears_no_more(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    await ann.says("before")
    assert (await bob.expect("new_message"))["text"] == "before"
    joined = bob.join_refs[LOBBY]
    ref = await bob.push(LOBBY, "phx_leave")
    reply = await bob.reply(ref)
    assert (reply.status, reply.response, reply.join_ref) == ("ok", {}, joined)
    await stage.quiet()
    assert [(s.join_ref, s.event, s.payload) for s in bob.received if s.event == "phx_close"] == [
        (joined, "phx_close", {})
    ]
    bob.received.clear()
    await ann.says("after")
    await stage.quiet()
    assert bob.received == []
    assert await bob.refused(LOBBY, "new_message", {"text": "still here?"}) == "unmatched topic"


async def test_leaving_what_was_not_joined_is_fine(stage: Stage) -> None:
    visitor = await stage.connect()
    assert await visitor.ok(LOBBY, "phx_leave") == {}
    assert await visitor.ok("nothing:here", "phx_leave") == {}


async def test_whoever_left_may_come_back(stage: Stage) -> None:
    ann = await stage.member("Ann")
    await ann.ok(LOBBY, "phx_leave")
    await ann.enter(LOBBY)
    await ann.says("back")
    assert (await ann.expect("new_message"))["text"] == "back"


async def test_a_socket_joins_100_topics_and_not_one_more(stage: Stage) -> None:
    visitor = await stage.connect()
    for number in range(101):
        await stage.rooms.create(f"room{number}", "")
    for number in range(100):
        await visitor.join(f"chat:room{number}")
    assert await visitor.refused("chat:room100", "phx_join") == "invalid"
    await visitor.join("chat:room99")
    await visitor.ok("chat:room0", "phx_leave")
    await visitor.join("chat:room100")


async def test_rooms_are_apart(stage: Stage) -> None:
    await stage.rooms.create("kitchen", "")
    ann, cook = await stage.member("Ann"), await stage.member("Cook", KITCHEN)
    await ann.says("in the lobby")
    await cook.says("in the kitchen", KITCHEN)
    await stage.quiet()
    assert [m["text"] for m in ann.heard("new_message")] == ["in the lobby"]
    assert [(m["text"], m["seq"]) for m in cook.heard("new_message")] == [("in the kitchen", 1)]


async def test_a_heartbeat_is_answered_joined_or_not(stage: Stage) -> None:
    visitor = await stage.connect()
    reply = await visitor.ask("phoenix", "heartbeat")
    assert (reply.join_ref, reply.topic, reply.status, reply.response) == (None, "phoenix", "ok", {})


async def test_version_1_speaks_in_objects_and_shares_the_room(stage: Stage) -> None:
    old, new = await stage.member("Old", vsn=1), await stage.member("New")
    await old.heartbeat()
    await old.says("from v1")
    await new.says("from v2")
    for person in (old, new):
        await stage.quiet()
        assert [m["text"] for m in person.heard("new_message")] == ["from v1", "from v2"]
    await old.ok(LOBBY, "phx_leave")
    assert await old.expect("phx_close") == {}


async def test_a_binary_payload_is_refused_where_json_is_needed(stage: Stage) -> None:
    ann = await stage.member("Ann")
    fields = [field.encode() for field in (ann.join_refs[LOBBY], "b1", LOBBY, "new_message")]
    await ann.send_binary(bytes([0, *map(len, fields)]) + b"".join(fields) + b"\xff\x00")
    reply = await ann.reply("b1")
    assert (reply.status, reply.response["reason"]) == ("error", "invalid")
    await ann.heartbeat()


@pytest.mark.parametrize(
    ("text", "code"), [("hello", 1007), ("[1]", 1008), ("{}", 1008), ('["a"', 1007), ("[" * 9_999, 1008)]
)
async def test_a_malformed_message_closes_its_socket_and_nobody_else_notices(
    stage: Stage, text: str, code: int
) -> None:
    ann, vandal = await stage.member("Ann"), await stage.visitor()
    ann.received.clear()
    await vandal.send_text(text)
    assert await vandal.expect_close() == code
    await stage.quiet()
    assert ann.received == []
    await ann.says("still here")
    assert stage.crashes(vandal.session.name) == 0
