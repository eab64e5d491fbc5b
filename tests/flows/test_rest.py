"""REST and sockets are two ways into the same rooms."""

from collections.abc import Iterator

import pytest

from .client import V1, Refusal, says_last
from .conftest import Arrive, Connect, Rest, calling, unique
from .server import Server

pytestmark = pytest.mark.also_on_two_nodes


async def test_rest_and_sockets_see_the_same_messages(arrive: Arrive, rest: Rest, room: str) -> None:
    ann = await arrive("ann")
    posted = await ann.say("one", client_id="c")
    await ann.say("two")
    await ann.push("react", id=posted["id"], emoji="👍", on=True)
    await ann.push("edit_message", id=posted["id"], text="one!")
    welcome = (await ann.client.join(ann.topic)).welcome
    for path in ("channels", "rooms"):
        page = await rest.get(f"/api/{path}/{room}/messages")
        assert page == {"messages": welcome["messages"], "more": False}
    rooms = {listed["name"]: listed for listed in (await rest.get("/api/channels"))["channels"]}
    assert rooms.keys() >= {"lobby", room}


async def test_what_is_posted_by_rest_is_heard_and_answered_alike(arrive: Arrive, rest: Rest, room: str) -> None:
    ann = await arrive("ann")
    token = await rest.guest("bot")
    posted = await rest.post(f"/api/channels/{room}/messages", token=token, text="beep", client_id="b-1")
    heard = await ann.next("new_message")
    assert posted == {key: heard[key] for key in ("id", "seq", "inserted_at")}
    assert (heard["text"], heard["client_id"]) == ("beep", "b-1")
    again = await rest.post(f"/api/rooms/{room}/messages", token=token, text="beep", client_id="b-1")
    assert again == posted
    assert await says_last(ann) == 2


async def test_a_client_id_counts_for_a_users_sockets_and_rest_alike(arrive: Arrive, rest: Rest, room: str) -> None:
    ann = await arrive("ann")
    first = await ann.say("hello", client_id="c-1")
    again = await rest.post(f"/api/channels/{room}/messages", token=ann.token, text="hello", client_id="c-1")
    assert again == first
    assert await says_last(ann) == 2


async def test_what_was_said_is_found(arrive: Arrive, rest: Rest, room: str) -> None:
    ann = await arrive("ann")
    word = unique("word").replace("-", "")
    posted = await ann.say(f"The {word} is out")
    await rest.post(f"/api/channels/{room}/messages", token=ann.token, text=f"another {word}")
    [newest, oldest] = (await rest.get("/api/search", q=word))["results"]
    assert (oldest["id"], oldest["channel"]) == (posted["id"], room)
    assert len((await rest.get("/api/search", q=word, channel="lobby"))["results"]) == 0
    await ann.push("delete_message", id=posted["id"])
    assert [hit["id"] for hit in (await rest.get("/api/search", q=word, channel=room))["results"]] == [newest["id"]]


async def test_a_room_made_by_rest_can_be_joined_at_once(rest: Rest, visit: Connect) -> None:
    name, token = unique("new"), await rest.guest("builder")
    client = await visit()
    with pytest.raises(Refusal, match="not_found"):
        await client.join(f"chat:{name}")
    await rest.post("/api/channels", token=token, name=name, topic="All that is new")
    assert (await client.join(f"chat:{name}")).welcome["room"] == name
    await rest.post("/api/channels", status=409, token=token, name=name)


# -- rate


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in which ten messages are all that a user has for the next ten minutes."""
    with Server(tmp_path_factory.mktemp("strict"), "--message-rate", "0.001") as running:
        yield running


async def test_a_users_rate_counts_all_their_sockets_and_rest(strict: Server, dial: Connect) -> None:
    url = strict.socket_url
    ann = await (await dial(url)).join("chat:lobby")
    await ann.identify("ann")
    tab = await (await dial(url, query=f"token={ann.token}", vsn=V1)).join("text_channel:lobby")
    bob = await (await dial(url)).join("chat:lobby")
    await bob.identify("bob")
    for number in range(4):
        await ann.say(f"{number} from here")
        await tab.push("new_message", content=f"{number} from there")
    async with calling(strict) as rest:
        for status in (201, 201, 429):
            answer = await rest.post("/api/channels/lobby/messages", status, token=ann.token, text="from REST")
    assert answer["error"]["reason"] == "rate_limited"
    for place, words in ((ann, {"text": "x"}), (tab, {"content": "x"})):
        with pytest.raises(Refusal) as too_fast:
            await place.push("new_message", **words)
        assert too_fast.value.reason == "rate_limited"
        assert too_fast.value.response["retry_after_ms"] > 0
    assert (await bob.say("I may"))["seq"] == 11
    assert ann.client.closed is None
    assert tab.client.closed is None
