"""People talk: every push of the contract's table, and what others hear of it."""

import re
from functools import partial
from typing import Any, Final

import pytest

from .client import Client, Place, Refusal, says_last
from .conftest import Arrive, Connect, unique
from .crowd import Crowd

AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

pytestmark = pytest.mark.also_on_two_nodes


async def _refused(pushing: Any) -> str:
    with pytest.raises(Refusal) as refused:
        await pushing
    assert refused.value.response["message"]
    return refused.value.reason


# -- identify


async def test_who_identifies_is_somebody_and_the_room_learns_it(arrive: Arrive, visit: Connect, room: str) -> None:
    bob = await arrive("bob")
    await bob.next("presence_diff")
    ann = await (await visit()).join(f"chat:{room}")
    name = unique("Ann_1")
    reply = await ann.push("identify", name=name)
    assert reply["user"]["name"] == name
    assert reply.keys() == {"user", "token"}
    diff = await bob.next("presence_diff")
    assert diff["leaves"] == {}
    [meta] = diff["joins"][reply["user"]["id"]]["metas"]
    assert meta.keys() == {"phx_ref", "online_at", "name", "status", "avatar"}
    assert (meta["name"], meta["status"]) == (name, "online")


async def test_a_name_in_use_is_taken_in_any_case_until_its_owner_is_gone(arrive: Arrive) -> None:
    ann, bob, cleo = await arrive("ann"), await arrive("bob"), await arrive("cleo")
    name = ann.user["name"]
    for taken in (name, name.upper()):
        assert await _refused(bob.push("identify", name=taken)) == "name_taken"
    people = Crowd(cleo)
    await people.until(partial(people.has_tabs, ann, 1))
    await ann.client.leave()
    await people.until(partial(people.has_tabs, ann, 0))
    await bob.identify(name)
    assert bob.user["name"] == name


async def test_who_takes_another_name_stays_the_same_user(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    await bob.next("presence_diff")
    before = ann.user
    await ann.identify(unique("anna"))
    assert ann.user["id"] == before["id"]
    diff = await bob.next("presence_diff")
    assert diff["leaves"][before["id"]]["metas"][0]["name"] == before["name"]
    assert diff["joins"][before["id"]]["metas"][0]["name"] == ann.user["name"]


# -- messages


async def test_a_message_is_stored_answered_and_heard_by_all(arrive: Arrive, vsn: str) -> None:
    ann, bob = await arrive("ann", vsn=vsn), await arrive("bob", vsn=vsn)
    reply = await ann.say("Hello, wörld 🎉", client_id="c-1")
    assert reply.keys() == {"id", "seq", "inserted_at"}
    assert reply["seq"] == 1
    assert AT.fullmatch(reply["inserted_at"])
    expected = reply | {"user": ann.user | {"avatar": None}, "text": "Hello, wörld 🎉", "client_id": "c-1"}
    assert await ann.next("new_message") == expected
    assert await bob.next("new_message") == expected
    again = await bob.client.join(bob.topic)
    assert again.welcome["messages"] == [expected]
    assert again.welcome["last_seq"] == 1


async def test_a_message_sent_again_gets_the_first_reply_and_is_heard_once(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    first = await ann.say("once", client_id="c-1")
    assert await ann.say("once", client_id="c-1") == first
    other = await bob.say("bob's own c-1", client_id="c-1")
    assert other["seq"] == 2
    assert await says_last(ann, bob) == 3
    assert [payload["text"] for _, payload in bob.events()] == ["once", "bob's own c-1", "that is all"]


async def test_an_edit_is_heard_and_kept(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    posted = await ann.say("helo")
    assert await ann.push("edit_message", id=posted["id"], text="hello") == {"seq": 2}
    edited = await bob.next("message_edited")
    assert AT.fullmatch(edited.pop("edited_at"))
    assert edited == {"id": posted["id"], "seq": 2, "text": "hello"}
    [message] = (await bob.client.join(bob.topic)).welcome["messages"]
    assert (message["text"], message["seq"]) == ("hello", 1)
    assert "edited_at" in message


async def test_a_deleted_message_stays_as_a_tombstone(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    posted = await ann.say("oops", client_id="c")
    await bob.push("react", id=posted["id"], emoji="👍", on=True)
    assert await ann.push("delete_message", id=posted["id"]) == {"seq": 3}
    assert await bob.next("message_deleted") == {"id": posted["id"], "seq": 3}
    tombstone = posted | {"user": ann.user | {"avatar": None}, "deleted": True, "text": ""}
    assert (await bob.client.join(bob.topic)).welcome["messages"] == [tombstone]


async def test_reactions_come_and_go(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    posted = await ann.say("good news")
    assert await bob.push("react", id=posted["id"], emoji="🎉", on=True) == {"seq": 2}
    heard = {"id": posted["id"], "seq": 2, "emoji": "🎉", "user": bob.user, "on": True}
    assert await ann.next("reaction") == heard
    await ann.push("react", id=posted["id"], emoji="🎉", on=True)
    [message] = (await bob.client.join(bob.topic)).welcome["messages"]
    assert message["reactions"] == [{"emoji": "🎉", "users": [bob.user["id"], ann.user["id"]]}]
    assert await ann.push("react", id=posted["id"], emoji="🎉", on=False) == {"seq": 4}
    [message] = (await ann.client.join(ann.topic)).welcome["messages"]
    assert message["reactions"] == [{"emoji": "🎉", "users": [bob.user["id"]]}]


async def test_a_reaction_given_twice_is_heard_once(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    posted = await ann.say("good news")
    for _ in range(2):
        assert await bob.push("react", id=posted["id"], emoji="🎉", on=True) == {"seq": 2}
    assert await says_last(ann, bob) == 3
    assert [event for event, _ in ann.events()].count("reaction") == 1


async def test_others_messages_are_not_mine_to_change(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    posted = await ann.say("mine")
    assert await _refused(bob.push("edit_message", id=posted["id"], text="yours")) == "forbidden"
    assert await _refused(bob.push("delete_message", id=posted["id"])) == "forbidden"
    assert await ann.push("edit_message", id=posted["id"], text="still mine") == {"seq": 2}


async def test_a_message_that_is_not_there_is_not_found(arrive: Arrive) -> None:
    ann = await arrive("ann")
    assert await _refused(ann.push("edit_message", id="nothing", text="x")) == "not_found"
    assert await _refused(ann.push("delete_message", id="nothing")) == "not_found"
    assert await _refused(ann.push("react", id="nothing", emoji="x", on=True)) == "not_found"


async def test_a_visitor_reads_and_does_nothing_else(arrive: Arrive, visit: Connect, room: str) -> None:
    ann = await arrive("ann")
    posted = await ann.say("welcome")
    visitor = await (await visit()).join(f"chat:{room}")
    assert visitor.welcome["user"] is None
    assert [message["text"] for message in visitor.welcome["messages"]] == ["welcome"]
    for event, payload in {
        "new_message": {"text": "hi"},
        "edit_message": {"id": posted["id"], "text": "hi"},
        "delete_message": {"id": posted["id"]},
        "react": {"id": posted["id"], "emoji": "x", "on": True},
        "typing": {"typing": True},
        "status": {"status": "away"},
        "read": {"seq": 1},
    }.items():
        assert await _refused(visitor.push(event, **payload)) == "unauthorized", event
    assert (await visitor.push("history", before=2))["messages"] == visitor.welcome["messages"]
    assert await says_last(ann, visitor) == 2


# -- typing, status, reading


async def test_typing_is_heard_by_the_others_and_never_stored(arrive: Arrive, vsn: str) -> None:
    ann, bob = await arrive("ann", vsn=vsn), await arrive("bob", vsn=vsn)
    for typing in (True, False):
        assert await ann.push("typing", typing=typing) == {}
        assert await bob.next("typing") == {"user": ann.user, "typing": typing}
    assert await says_last(bob, ann) == 1
    assert ann.unread("typing") == []


async def test_a_status_is_seen_by_all(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    await bob.next("presence_diff")
    assert await ann.push("status", status="away") == {}
    diff = await bob.next("presence_diff")
    [left], [joined] = (diff[side][ann.user["id"]]["metas"] for side in ("leaves", "joins"))
    assert (left["status"], joined["status"]) == ("online", "away")
    assert left["phx_ref"] != joined["phx_ref"]


async def test_history_comes_in_pages(arrive: Arrive) -> None:
    ann = await arrive("ann")
    for number in range(7):
        await ann.say(str(number))
    seen, before, more = list[str](), 8, True
    while more:
        page = await ann.push("history", before=before, limit=3)
        seen[:0] = [message["text"] for message in page["messages"]]
        before, more = page["messages"][0]["seq"], page["more"]
    assert seen == list("0123456")


async def test_a_join_brings_as_many_messages_as_asked(arrive: Arrive) -> None:
    ann = await arrive("ann")
    for number in range(4):
        await ann.say(str(number))
    for limit, expected in {0: [], 2: ["2", "3"], 500: list("0123")}.items():
        place = await ann.client.join(ann.topic, limit=limit)
        assert [message["text"] for message in place.welcome["messages"]] == expected
        assert place.welcome["last_seq"] == 4


async def test_read_counts_what_others_said_since(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    for _ in range(3):
        await ann.say("for bob")
    await bob.say("bob's own")
    assert await bob.push("read", seq=1) == {"unread": 2}
    assert await bob.push("read", seq=3) == {"unread": 0}
    assert await bob.push("read", seq=1) == {"unread": 0}


# -- text_channel


async def test_the_text_channel_is_the_same_room_in_other_words(arrive: Arrive, vsn: str) -> None:
    ann, tom = await arrive("ann", vsn=vsn), await arrive("tom", prefix="text_channel", vsn=vsn)
    posted = await tom.push("new_message", content="hello from tom")
    assert (await ann.next("new_message"))["text"] == "hello from tom"
    own = await tom.next("new_message")
    assert (own["content"], "text" in own) == ("hello from tom", False)
    await ann.say("hello from ann")
    assert (await tom.next("new_message"))["content"] == "hello from ann"
    await tom.push("edit_message", id=posted["id"], content="edited")
    assert (await ann.next("message_edited"))["text"] == "edited"
    assert (await tom.next("message_edited"))["content"] == "edited"
    await ann.push("typing", typing=True)
    assert (await tom.next("typing"))["user"] == ann.user
    again = await tom.client.join(tom.topic, after=0)
    assert [payload["content"] for _, payload in again.welcome["events"]][1:] == ["hello from ann", "edited"]
    page = await again.push("history", before=9)
    assert [message["content"] for message in page["messages"]] == ["edited", "hello from ann"]
    assert await _refused(again.push("new_message", text="the wrong word")) == "invalid"


async def test_one_socket_may_be_in_the_room_under_both_names(arrive: Arrive, room: str) -> None:
    ann = await arrive("ann")
    tom = await ann.client.join(f"text_channel:{room}")
    await ann.say("hello")
    assert (await ann.next("new_message"))["text"] == "hello"
    assert (await tom.next("new_message"))["content"] == "hello"
    await ann.push("phx_leave")
    await tom.push("new_message", content="still here")
    assert [payload["content"] for _, payload in await tom.caught_up(2)] == ["hello", "still here"]
    assert len(ann.events()) == 1


# -- presence


async def test_each_sees_who_else_is_there(arrive: Arrive, vsn: str) -> None:
    ann = await arrive("ann", vsn=vsn)
    assert await ann.next("presence_state") == {}
    assert (await ann.next("presence_diff"))["joins"].keys() == {ann.user["id"]}
    bob = await arrive("bob", vsn=vsn)
    state = await bob.next("presence_state")
    assert state.keys() == {ann.user["id"]}
    assert state[ann.user["id"]]["metas"][0]["name"] == ann.user["name"]
    assert (await ann.next("presence_diff"))["joins"].keys() == {bob.user["id"]}
    await bob.push("phx_leave")
    diff = await ann.next("presence_diff")
    assert (diff["leaves"].keys(), diff["joins"]) == ({bob.user["id"]}, {})


async def test_a_visitor_is_not_present(arrive: Arrive, visit: Connect, room: str) -> None:
    ann = await arrive("ann")
    await ann.next("presence_diff")
    visitor = await (await visit()).join(f"chat:{room}")
    await visitor.client.leave()
    bob = await arrive("bob")
    assert (await ann.next("presence_diff"))["joins"].keys() == {bob.user["id"]}
    assert ann.unread("presence_diff") == []


async def test_a_person_with_several_tabs_is_there_until_the_last_closes(arrive: Arrive, visit: Connect) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    await bob.next("presence_diff")
    tabs = [await _tab(visit, ann) for _ in range(2)]
    newest = tabs[1]
    assert newest.welcome["user"] == ann.user
    people = Crowd(bob)
    await people.until(lambda: people.tabs(ann) == 3)
    fourth = await _tab(visit, ann)
    assert len((await fourth.next("presence_state"))[ann.user["id"]]["metas"]) >= 3
    await people.until(lambda: people.tabs(ann) == 4)
    for place, left in ((tabs[0], 3), (fourth, 2), (newest, 1), (ann, 0)):
        await place.client.leave()
        await people.until(partial(people.has_tabs, ann, left))
    assert people.metas.keys() == {bob.user["id"]}


async def _tab(visit: Connect, person: Place) -> Place:
    client: Client = await visit(query=f"vsn=2.0.0&token={person.token}")
    return await client.join(person.topic)


# -- coming back


async def test_who_comes_back_is_told_exactly_what_was_missed(arrive: Arrive, vsn: str) -> None:
    ann, bob = await arrive("ann"), await arrive("bob", vsn=vsn)
    first, second = await ann.say("first"), await ann.say("second")
    await bob.caught_up(2)
    await bob.push("phx_leave")
    witness = await arrive("wit")
    third = await ann.say("third")
    await ann.push("edit_message", id=first["id"], text="first!")
    await ann.push("react", id=second["id"], emoji="👍", on=True)
    await ann.push("delete_message", id=third["id"])
    live = await witness.caught_up(6)
    again = await bob.client.join(bob.topic, after=2)
    assert again.welcome.keys() == {"room", "user", "last_seq", "events", "resumed"}
    assert (again.welcome["resumed"], again.welcome["last_seq"]) == (True, 6)
    missed = [(event, payload) for event, payload in again.welcome["events"]]
    assert [(event, payload["seq"]) for event, payload in missed] == [(event, p["seq"]) for event, p in live]
    assert missed[1:] == live[1:]
    assert (missed[0][1]["text"], missed[0][1]["deleted"]) == ("", True)
    assert (await bob.client.join(bob.topic, after=6)).welcome["events"] == []


async def test_who_was_away_for_too_long_begins_anew(arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    refs = [await ann.send("new_message", text=str(number)) for number in range(1101)]
    assert (await ann.client.answer(refs[-1]))["seq"] == 1101
    again = await bob.client.join(bob.topic, after=0, limit=3)
    assert again.welcome["resumed"] is False
    assert [message["text"] for message in again.welcome["messages"]] == ["1098", "1099", "1100"]
    near = await bob.client.join(bob.topic, after=1001)
    assert [payload["seq"] for _, payload in near.welcome["events"]] == list(range(1002, 1102))
    ahead = await bob.client.join(bob.topic, after=2000, limit=1)
    assert (ahead.welcome["resumed"], len(ahead.welcome["messages"])) == (False, 1)
