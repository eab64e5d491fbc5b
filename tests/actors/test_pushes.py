"""Each push on a topic: its reply, its refusals, and who is told what. The contract's table, line by line."""

from typing import Any

import pytest
import trio

from tests.actors.stage import LOBBY, Person, Stage

WRITES: list[tuple[str, dict[str, Any]]] = [
    ("new_message", {"text": "Hello"}),
    ("edit_message", {"id": "m", "text": "Hello"}),
    ("delete_message", {"id": "m"}),
    ("react", {"id": "m", "emoji": "👋", "on": True}),
    ("typing", {"typing": True}),
    ("status", {"status": "away"}),
    ("read", {"seq": 0}),
]


@pytest.mark.parametrize(("event", "payload"), WRITES)
async def test_a_visitor_may_not(stage: Stage, event: str, payload: dict[str, Any]) -> None:
    visitor, ann = await stage.visitor(), await stage.member("Ann")
    assert await ann.refused(LOBBY, event, payload) != "unauthorized" if "id" in payload else True
    ann.received.clear()
    reply = await visitor.ask(LOBBY, event, payload)
    assert (reply.status, reply.response["reason"]) == ("error", "unauthorized")
    assert set(reply.response) == {"reason", "message"}
    await stage.quiet()
    assert [said.event for said in ann.received] == []


# -- new_message


async def test_a_posted_message_is_acknowledged_and_told_to_everybody(stage: Stage) -> None:
    ann, visitor = await stage.member("Ann"), await stage.visitor()
    reply = await ann.says("Hello")
    assert reply == {"id": reply["id"], "seq": 1, "inserted_at": reply["inserted_at"]}
    event = {
        "id": reply["id"],
        "seq": 1,
        "user": {"id": "u-ann", "name": "Ann", "avatar": None},
        "text": "Hello",
        "inserted_at": reply["inserted_at"],
    }
    assert await visitor.expect("new_message") == event
    assert await ann.expect("new_message") == event
    assert (await (await stage.connect()).join(LOBBY))["messages"] == [event]


async def test_a_client_id_is_told_with_its_message(stage: Stage) -> None:
    ann = await stage.member("Ann")
    await ann.says("Hello", client_id="c1")
    assert (await ann.expect("new_message"))["client_id"] == "c1"


async def test_the_same_client_id_again_gets_the_same_reply_and_nothing_new_is_told(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    first = await ann.says("Hello", client_id="c1")
    assert await ann.says("Hello", client_id="c1") == first
    assert await ann.says("Something else", client_id="c1") == first
    again = await stage.member("Ann")
    assert await again.says("Hello", client_id="c1") == first
    await bob.says("other", client_id="c1")
    await stage.quiet()
    assert [(m["seq"], m["text"]) for m in bob.heard("new_message")] == [(1, "Hello"), (2, "other")]


async def test_the_same_client_id_twice_in_one_breath_is_stored_once(stage: Stage) -> None:
    ann = await stage.member("Ann")
    refs = [await ann.push(LOBBY, "new_message", {"text": "Hello", "client_id": "c1"}) for _ in range(5)]
    replies = [(await ann.reply(ref)).response for ref in refs]
    assert replies == [replies[0]] * 5
    await stage.quiet()
    assert ann.seqs() == [1]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"text": ""}, "invalid"),
        ({"text": " \n"}, "invalid"),
        ({"text": "a\x00b"}, "invalid"),
        ({"text": "x" * 4_001}, "too_long"),
        ({"text": None}, "invalid"),
        ({"text": 7}, "invalid"),
        ({}, "invalid"),
        ([], "invalid"),
        ("Hello", "invalid"),
        (None, "invalid"),
        ({"text": "Hello", "client_id": ""}, "invalid"),
        ({"text": "Hello", "client_id": "c" * 65}, "too_long"),
        ({"text": "Hello", "client_id": 1}, "invalid"),
    ],
)
async def test_a_text_that_does_not_fit_is_refused_and_the_socket_stays(
    stage: Stage, payload: Any, reason: str
) -> None:
    ann = await stage.member("Ann")
    reply = await ann.reply(await push_exactly(ann, "new_message", payload))
    assert (reply.status, reply.response["reason"]) == ("error", reason)
    assert (await ann.says("x" * 4_000, client_id="c" * 64))["seq"] == 1


async def push_exactly(person: Person, event: str, payload: Any) -> str:
    ref = person.next_ref()
    await person.send_text(person.encoded(LOBBY, event, payload, ref, person.join_refs[LOBBY]))
    return ref


# -- edit_message, delete_message, react


async def test_an_edit_is_told_and_shown(stage: Stage) -> None:
    ann, visitor = await stage.member("Ann"), await stage.visitor()
    said = await ann.says("Helo")
    assert await ann.ok(LOBBY, "edit_message", {"id": said["id"], "text": "Hello"}) == {"seq": 2}
    event = await visitor.expect("message_edited")
    assert event == {"id": said["id"], "seq": 2, "text": "Hello", "edited_at": event["edited_at"]}
    [shown] = (await (await stage.connect()).join(LOBBY))["messages"]
    assert (shown["text"], shown["edited_at"], shown["seq"]) == ("Hello", event["edited_at"], 1)


async def test_a_deletion_is_told_and_leaves_a_tombstone(stage: Stage) -> None:
    ann, visitor = await stage.member("Ann"), await stage.visitor()
    said = await ann.says("secret", client_id="c1")
    await ann.ok(LOBBY, "react", {"id": said["id"], "emoji": "👋", "on": True})
    assert await ann.ok(LOBBY, "delete_message", {"id": said["id"]}) == {"seq": 3}
    assert await visitor.expect("message_deleted") == {"id": said["id"], "seq": 3}
    tombstone = {
        "id": said["id"],
        "seq": 1,
        "user": {"id": "u-ann", "name": "Ann", "avatar": None},
        "inserted_at": said["inserted_at"],
        "deleted": True,
        "text": "",
    }
    assert (await (await stage.connect()).join(LOBBY))["messages"] == [tombstone]
    assert (await visitor.ok(LOBBY, "history", {"before": 9}))["messages"] == [tombstone]
    events = (await (await stage.connect()).join(LOBBY, after=0))["events"]
    assert events[0] == ["new_message", tombstone]


async def test_a_reaction_is_told_and_shown_and_taken_back(stage: Stage) -> None:
    ann, visitor = await stage.member("Ann"), await stage.visitor()
    said = await ann.says("Hello")
    on = {"id": said["id"], "emoji": "👋", "on": True}
    assert await ann.ok(LOBBY, "react", on) == {"seq": 2}
    assert await visitor.expect("reaction") == on | {"seq": 2, "user": {"id": "u-ann", "name": "Ann"}}
    [shown] = (await (await stage.connect()).join(LOBBY))["messages"]
    assert shown["reactions"] == [{"emoji": "👋", "users": ["u-ann"]}]
    assert await ann.ok(LOBBY, "react", on) == {"seq": 2}
    assert await ann.ok(LOBBY, "react", on | {"on": False}) == {"seq": 3}
    await stage.quiet()
    assert visitor.seqs("reaction") == [3]
    [shown] = (await (await stage.connect()).join(LOBBY))["messages"]
    assert "reactions" not in shown


async def test_other_peoples_messages_are_theirs_and_the_moderators(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    mia = await stage.member("Mia", moderator=True)
    said = await ann.says("mine")
    assert await bob.refused(LOBBY, "edit_message", {"id": said["id"], "text": "not"}) == "forbidden"
    assert await bob.refused(LOBBY, "delete_message", {"id": said["id"]}) == "forbidden"
    await stage.quiet()
    assert not bob.heard("message_edited")
    assert await mia.ok(LOBBY, "edit_message", {"id": said["id"], "text": "Order!"}) == {"seq": 2}
    assert await mia.ok(LOBBY, "delete_message", {"id": said["id"]}) == {"seq": 3}


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("edit_message", {"text": "x"}, "not_found"),
        ("delete_message", {}, "not_found"),
        ("react", {"emoji": "👋", "on": True}, "not_found"),
        ("edit_message", {"text": ""}, "invalid"),
        ("edit_message", {"text": "x" * 4_001}, "too_long"),
        ("edit_message", {}, "invalid"),
        ("edit_message", {"id": 7, "text": "x"}, "invalid"),
        ("delete_message", {"id": ""}, "invalid"),
        ("react", {"emoji": "", "on": True}, "invalid"),
        ("react", {"emoji": "a b", "on": True}, "invalid"),
        ("react", {"emoji": "x" * 33, "on": True}, "too_long"),
        ("react", {"emoji": "👋", "on": "yes"}, "invalid"),
        ("react", {"emoji": "👋"}, "invalid"),
    ],
)
async def test_a_change_of_what_is_not_there_or_does_not_fit_is_refused(
    stage: Stage, event: str, payload: dict[str, Any], reason: str
) -> None:
    ann = await stage.member("Ann")
    assert await ann.refused(LOBBY, event, {"id": "nothing"} | payload) == reason


async def test_a_deleted_message_is_not_edited_and_its_deletion_is_repeated_in_vain(stage: Stage) -> None:
    ann = await stage.member("Ann")
    said = await ann.says("secret")
    await ann.ok(LOBBY, "delete_message", {"id": said["id"]})
    assert await ann.refused(LOBBY, "edit_message", {"id": said["id"], "text": "x"}) == "not_found"
    assert await ann.refused(LOBBY, "react", {"id": said["id"], "emoji": "👋", "on": True}) == "not_found"
    assert await ann.ok(LOBBY, "delete_message", {"id": said["id"]}) == {"seq": 2}


# -- typing, history, read


async def test_typing_is_told_to_the_others_and_never_stored(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    for typing in (True, False):
        assert await ann.ok(LOBBY, "typing", {"typing": typing}) == {}
        assert await bob.expect("typing") == {"user": {"id": "u-ann", "name": "Ann"}, "typing": typing}
    await ann.says("typed")
    await bob.expect("new_message")
    assert ann.heard("typing") == []
    assert (await (await stage.connect()).join(LOBBY, after=0))["last_seq"] == 1


async def test_the_typists_other_tab_is_one_of_the_others(stage: Stage) -> None:
    ann, tab = await stage.member("Ann"), await stage.member("Ann")
    await ann.ok(LOBBY, "typing", {"typing": True})
    assert (await tab.expect("typing"))["typing"] is True


@pytest.mark.parametrize("payload", [{}, {"typing": "yes"}, {"typing": None}, {"typing": 1}])
async def test_typing_is_true_or_false(stage: Stage, payload: dict[str, Any]) -> None:
    assert await (await stage.member("Ann")).refused(LOBBY, "typing", payload) == "invalid"


async def test_history_comes_in_pages_oldest_first_and_says_whether_there_is_more(stage: Stage) -> None:
    ann, visitor = await stage.member("Ann"), await stage.visitor()
    for number in range(1, 8):
        await ann.says(str(number))
    pages = []
    before = 8
    while True:
        page = await visitor.ok(LOBBY, "history", {"before": before, "limit": 3})
        pages.append(([m["text"] for m in page["messages"]], page["more"]))
        if not page["more"]:
            break
        before = page["messages"][0]["seq"]
    assert pages == [(["5", "6", "7"], True), (["2", "3", "4"], True), (["1"], False)]
    assert await visitor.ok(LOBBY, "history", {"before": 1}) == {"messages": [], "more": False}
    assert len((await visitor.ok(LOBBY, "history", {"before": 100, "limit": 500}))["messages"]) == 7


async def test_pages_count_messages_not_events(stage: Stage) -> None:
    ann = await stage.member("Ann")
    for number in range(1, 4):
        said = await ann.says(str(number))
        await ann.ok(LOBBY, "react", {"id": said["id"], "emoji": "👋", "on": True})
    page = await ann.ok(LOBBY, "history", {"before": 6, "limit": 2})
    assert ([m["text"] for m in page["messages"]], page["more"]) == (["2", "3"], True)
    assert page["messages"][0]["reactions"] == [{"emoji": "👋", "users": ["u-ann"]}]


@pytest.mark.parametrize("payload", [{}, {"before": -1}, {"before": 1, "limit": 0}, {"before": 1, "limit": 501}])
async def test_a_page_has_1_to_500_messages_before_something(stage: Stage, payload: dict[str, Any]) -> None:
    assert await (await stage.visitor()).refused(LOBBY, "history", payload) == "invalid"


async def test_reading_counts_what_others_said_since_and_never_goes_back(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    for _ in range(4):
        await ann.says("news")
    await bob.says("mine")
    assert await bob.ok(LOBBY, "read", {"seq": 1}) == {"unread": 3}
    assert await bob.ok(LOBBY, "read", {"seq": 3}) == {"unread": 1}
    assert await bob.ok(LOBBY, "read", {"seq": 0}) == {"unread": 1}
    assert await bob.ok(LOBBY, "read", {"seq": 999}) == {"unread": 0}
    assert await ann.ok(LOBBY, "read", {"seq": 0}) == {"unread": 1}
    assert await bob.refused(LOBBY, "read", {"seq": -1}) == "invalid"


# -- rates


async def test_whoever_is_too_fast_is_told_when_to_come_back(strict_stage: Stage) -> None:
    ann, bob = await strict_stage.member("Ann"), await strict_stage.member("Bob")
    for number in range(10):
        await ann.says(str(number))
    reply = await ann.ask(LOBBY, "new_message", {"text": "too fast"})
    assert (reply.status, reply.response["reason"]) == ("error", "rate_limited")
    wait = reply.response["retry_after_ms"]
    assert 0 < wait <= 501
    await bob.says("unhindered")
    await trio.sleep(wait / 1000)
    await ann.says("now")
    await strict_stage.quiet()
    assert [m["text"] for m in bob.heard("new_message")] == [*"0123456789", "unhindered", "now"]


async def test_a_users_tabs_share_the_users_rate(strict_stage: Stage) -> None:
    ann, tab = await strict_stage.member("Ann"), await strict_stage.member("Ann")
    for number in range(5):
        await ann.says(str(number))
        await tab.says(str(number))
    assert await ann.refused(LOBBY, "new_message", {"text": "!"}) == "rate_limited"
    assert await tab.refused(LOBBY, "new_message", {"text": "!"}) == "rate_limited"


async def test_other_pushes_have_a_larger_limit_of_their_own(strict_stage: Stage) -> None:
    ann = await strict_stage.member("Ann")
    refusals = [(await ann.ask(LOBBY, "typing", {"typing": True})).status for _ in range(60)].count("error")
    assert 5 <= refusals <= 10
    await ann.says("still allowed")


async def test_a_visitor_has_a_rate_too(strict_stage: Stage) -> None:
    visitor = await strict_stage.visitor()
    statuses = [(await visitor.ask(LOBBY, "history", {"before": 1})).status for _ in range(60)]
    assert (statuses[:50].count("ok"), statuses[-1]) == (50, "error")


async def test_half_an_emoji_is_refused_and_the_socket_lives(stage: Stage) -> None:
    ann = await stage.member("Ann")
    half = ann.encoded(LOBBY, "new_message", {"text": "\ud83d"}, "half", ann.join_refs[LOBBY])
    assert "\\ud83d" in half
    await ann.send_text(half)
    assert (await ann.reply("half")).response["reason"] == "invalid"
    assert (await ann.says("\U0001f600"))["seq"] == 1
