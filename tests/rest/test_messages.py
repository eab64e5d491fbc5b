from collections.abc import Sequence
from typing import Any

import pytest
import trio

from chatter import rest
from chatter.actors.connection import Fanout, one_by_one
from chatter.actors.member import Member, PushReceipt
from chatter.actors.room_messages import Join
from chatter.core.log import Dialect
from chatter.wire.phoenix import WEBSOCKET_V2
from tests.rest.serving import ANN, BOB, BURST, Client, Clock, by, refused, says, texts, told

MESSAGES = "/api/channels/lobby/messages"


async def conversation(client: Client, clock: Clock, lines: int) -> None:
    for n in range(1, lines + 1):
        await says(client, ANN, f"line {n}")
        clock.now += 1


async def test_a_message_that_is_stored_is_answered_and_listed(client: Client) -> None:
    posted = await says(client, BOB, "Good morning")
    assert posted.keys() == {"id", "seq", "inserted_at"}
    listed = await told(await client.get(MESSAGES))
    author = {"id": "u-bob", "name": "Bob", "avatar": "bob.png"}
    assert listed == {"messages": [posted | {"user": author, "text": "Good morning"}], "more": False}


async def test_a_rooms_path_leads_to_the_same_messages(client: Client) -> None:
    response = await client.post("/api/rooms/lobby/messages", json={"text": "Hello"}, headers=by(ANN))
    await told(response, 201)
    assert await told(await client.get("/api/rooms/lobby/messages")) == await told(await client.get(MESSAGES))
    assert await texts(client) == ["Hello"]


async def test_who_is_in_the_room_hears_it(client: Client, house: rest.House) -> None:
    heard = trio.Event()

    class Ear:
        id = "m-1"
        codec = WEBSOCKET_V2
        closed = False

        def peek(self) -> None:
            return None

        def advance(self) -> None:
            pass

        def close(self, code: int, reason: str = "") -> None:
            pass

        def write(self, data: bytes) -> None:
            if b'"new_message"' in data and b"from a script" in data:
                heard.set()

        @staticmethod
        def fanout(connections: Sequence[Any]) -> Fanout:
            return one_by_one(connections)

    member = Member("m-1", "chat:lobby", "1", Dialect.CHAT, Ear())
    await house.rooms.cast("lobby", Join(member, PushReceipt(member, "1"), 0, None))
    await says(client, ANN, "from a script")
    with trio.fail_after(5):
        await heard.wait()


async def test_the_same_client_id_again_is_the_same_message(client: Client) -> None:
    first = await says(client, ANN, "once", client_id="c-1")
    assert await says(client, ANN, "once", client_id="c-1") == first
    assert await says(client, BOB, "once", client_id="c-1") != first
    assert await texts(client) == ["once", "once"]


async def test_the_newest_come_without_asking_for_more(client: Client, clock: Clock) -> None:
    await conversation(client, clock, 52)
    answer = await told(await client.get(MESSAGES))
    assert [message["seq"] for message in answer["messages"]] == list(range(3, 53))
    assert answer["more"]


async def test_pages_go_back_and_forth_by_seq(client: Client, clock: Clock) -> None:
    await conversation(client, clock, 5)
    assert await texts(client, "?before=4&limit=2") == ["line 2", "line 3"]
    assert await texts(client, "?after=2&limit=2") == ["line 3", "line 4"]
    assert await texts(client, "?limit=500") == [f"line {n}" for n in range(1, 6)]
    assert not (await told(await client.get(f"{MESSAGES}?after=3&limit=2")))["more"]
    assert (await told(await client.get(f"{MESSAGES}?after=2&limit=2")))["more"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=ten",
        "limit=",
        "limit=1.5",
        "before=-1",
        "before=x",
        f"before={2**53 + 1}",
        f"after={'9' * 3000}",
        "after=1&before=9",
    ],
)
async def test_a_page_out_of_bounds_is_refused(client: Client, query: str) -> None:
    await says(client, ANN, "hello")
    assert await texts(client, "?limit=1&before=9") == ["hello"]
    await refused(await client.get(f"{MESSAGES}?{query}"), 422, "invalid")


async def test_a_visitor_reads_but_says_nothing(client: Client) -> None:
    await says(client, ANN, "hello")
    assert await texts(client) == ["hello"]
    response = await client.post(MESSAGES, json={"text": "me too"})
    await refused(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await texts(client) == ["hello"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({}, "invalid"),
        ({"text": 7}, "invalid"),
        ({"text": None}, "invalid"),
        ({"text": ""}, "invalid"),
        ({"text": " \n\t"}, "invalid"),
        ({"text": "a\0b"}, "invalid"),
        ({"text": "x" * 4001}, "too_long"),
        ({"text": "hello", "client_id": 7}, "invalid"),
        ({"text": "hello", "client_id": ""}, "invalid"),
        ({"text": "hello", "client_id": "c" * 65}, "too_long"),
        ("hello", "invalid"),
    ],
)
async def test_a_message_out_of_bounds_is_refused(client: Client, asked: object, reason: str) -> None:
    await refused(await client.post(MESSAGES, json=asked, headers=by(ANN)), 422, reason)
    assert await texts(client) == []


async def test_the_longest_message_is_let_through(client: Client) -> None:
    await says(client, ANN, "\N{GRINNING FACE}" * 4000)
    assert await texts(client) == ["\N{GRINNING FACE}" * 4000]


@pytest.mark.parametrize("room", ["nowhere", "Not-A-Name", "%00", "%ff", "a" * 300])
async def test_a_room_that_does_not_exist_is_not_found(client: Client, room: str) -> None:
    await refused(await client.get(f"/api/channels/{room}/messages"), 404, "not_found")
    post = await client.post(f"/api/channels/{room}/messages", json={"text": "anybody?"}, headers=by(ANN))
    await refused(post, 404, "not_found")


async def test_who_talks_too_fast_is_told_when_to_come_back(client: Client, clock: Clock) -> None:
    for n in range(BURST):
        await says(client, ANN, f"{n}")
    response = await client.post(MESSAGES, json={"text": "too much"}, headers=by(ANN))
    error = await refused(response, 429, "rate_limited")
    assert error["retry_after_ms"] == pytest.approx(500, abs=1)
    assert response.headers["Retry-After"] == "1"
    await says(client, BOB, "I may")
    clock.now += error["retry_after_ms"] / 1000
    await says(client, ANN, "me again")
    assert "too much" not in await texts(client)
