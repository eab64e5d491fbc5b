"""A moderator, by the operator's leave: changes others' words, closes rooms, sends users away; on one node, on two."""

import pytest
import trio

from .client import Place, Refusal
from .cluster import Cluster
from .conftest import Arrive, Connect, Rest, unique
from .server import Server

pytestmark = pytest.mark.also_on_two_nodes


@pytest.fixture(scope="module")
def badge(server: Server | Cluster) -> str:
    return server.token("mia", "--moderator")


@pytest.fixture
async def mia(badge: str, visit: Connect, room: str) -> Place:
    return await (await visit(query=f"vsn=2.0.0&token={badge}")).join(f"chat:{room}")


async def refused(place: Place, event: str, **payload: object) -> str:
    with pytest.raises(Refusal) as refusal:
        await place.push(event, **payload)
    return refusal.value.reason


async def test_a_moderator_changes_what_others_say_and_others_do_not(arrive: Arrive, mia: Place) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    rude, worse = await ann.say("something rude"), await ann.say("something worse")
    assert await refused(bob, "edit_message", id=rude["id"], text="polite") == "forbidden"
    assert await mia.push("edit_message", id=rude["id"], text="polite") == {"seq": 3}
    assert await mia.push("delete_message", id=worse["id"]) == {"seq": 4}
    for somebody in (ann, bob):
        assert (await somebody.next("message_edited"))["text"] == "polite"
        assert (await somebody.next("message_deleted"))["id"] == worse["id"]


async def test_a_moderator_stays_one_under_another_name_and_does_not_show_it(
    server: Server | Cluster, visit: Connect, arrive: Arrive, room: str
) -> None:
    badge = server.token(unique("max"), "--moderator")
    moderator = await (await visit(query=f"vsn=2.0.0&token={badge}")).join(f"chat:{room}")
    ann = await arrive("ann")
    posted = await ann.say("hello")
    await moderator.identify(unique("maxine"))
    await moderator.push("delete_message", id=posted["id"])
    assert moderator.user.keys() == {"id", "name"}
    again = await (await visit(query=f"vsn=2.0.0&token={moderator.token}")).join(f"chat:{room}")
    await again.push("delete_message", id=(await ann.say("once more"))["id"])


async def test_without_the_flag_a_token_is_anybodys(server: Server | Cluster, rest: Rest, room: str) -> None:
    token = server.token(unique("ann"))
    await rest.post(f"/api/channels/{room}/messages", token=token, text="I may talk")
    answer = await rest.delete(f"/api/channels/{room}", 403, token=token)
    assert answer["error"]["reason"] == "forbidden"
    assert (await rest.delete(f"/api/channels/{room}", 401))["error"]["reason"] == "unauthorized"


async def test_a_closed_room_is_over_for_all_who_are_in_it(
    arrive: Arrive, visit: Connect, rest: Rest, badge: str, room: str
) -> None:
    people = [await arrive(name) for name in ("ann", "bob", "cleo")]
    posted = await people[0].say("last words")
    await rest.delete(f"/api/channels/{room}", token=badge)
    for place in people:
        with trio.fail_after(2):
            message = await place.client.next(place.topic, "phx_close")
        assert message.payload == {}
        assert message.join_ref in (place.join_ref, None)
        assert place.client.closed is None
        assert await refused(place, "new_message", text="too late") == "unmatched topic"
        with pytest.raises(Refusal, match="not_found"):
            await place.client.join(place.topic)
    with pytest.raises(Refusal, match="not_found"):
        await (await visit()).join(f"text_channel:{room}")
    listed = [channel["name"] for channel in (await rest.get("/api/channels"))["channels"]]
    assert room not in listed
    assert "lobby" in listed
    await rest.get(f"/api/channels/{room}/messages", 404)
    assert posted["id"] not in [hit["id"] for hit in (await rest.get("/api/search", q="last words"))["results"]]
    await rest.post("/api/channels", 409, token=badge, name=room)


async def test_the_lobby_is_not_closed(rest: Rest, badge: str) -> None:
    await rest.delete("/api/channels/lobby", 403, token=badge)
    await rest.get("/api/channels/lobby/messages")


async def test_a_user_is_sent_away_on_every_node_and_nobody_else_is(
    arrive: Arrive, visit: Connect, rest: Rest, badge: str
) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    tabs = [ann, *[await _tab(visit, ann) for _ in range(3)]]
    await rest.delete(f"/api/users/{ann.user['id']}/sessions", token=badge)
    with trio.fail_after(2):
        assert [await tab.client.closing() for tab in tabs] == [1001] * 4
    await bob.say("who was that?")
    again = await _tab(visit, ann)
    await trio.sleep(0.5)
    assert (await again.push("status", status="online")) == {}


async def _tab(visit: Connect, person: Place) -> Place:
    return await (await visit(query=f"vsn=2.0.0&token={person.token}")).join(person.topic)
