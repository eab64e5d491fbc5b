import pytest

from tests.rest.serving import ANN, BURST, Client, Clock, by, refused, says, told


async def names(client: Client, path: str = "/api/channels") -> list[str]:
    return [channel["name"] for channel in (await told(await client.get(path)))["channels"]]


async def test_the_lobby_is_always_there_for_everybody(client: Client) -> None:
    [lobby] = (await told(await client.get("/api/channels")))["channels"]
    assert lobby.keys() == {"name", "topic", "created_at", "last_seq"}
    assert lobby["name"] == "lobby"


async def test_a_new_channel_is_told_and_listed(client: Client) -> None:
    response = await client.post("/api/channels", json={"name": "garden", "topic": "What grows"}, headers=by(ANN))
    channel = (await told(response, 201))["channel"]
    assert (channel["name"], channel["topic"], channel["last_seq"]) == ("garden", "What grows", 0)
    assert await names(client) == ["garden", "lobby"]


async def test_a_channel_needs_no_topic(client: Client) -> None:
    response = await client.post("/api/channels", json={"name": "garden"}, headers=by(ANN))
    assert (await told(response, 201))["channel"]["topic"] == ""


async def test_one_can_talk_in_a_new_channel_at_once(client: Client) -> None:
    await told(await client.post("/api/channels", json={"name": "garden"}, headers=by(ANN)), 201)
    assert (await says(client, ANN, "first!", room="garden"))["seq"] == 1


async def test_rooms_are_channels_by_another_name(client: Client) -> None:
    response = await client.post("/api/rooms", json={"name": "garden"}, headers=by(ANN))
    created = await told(response, 201)
    assert created["room"] == created["channel"]
    listed = await told(await client.get("/api/rooms"))
    assert listed["rooms"] == listed["channels"]
    assert await names(client) == await names(client, "/api/rooms") == ["garden", "lobby"]


async def test_a_name_is_given_once(client: Client) -> None:
    await told(await client.post("/api/channels", json={"name": "garden"}, headers=by(ANN)), 201)
    again = await client.post("/api/channels", json={"name": "garden", "topic": "mine now"}, headers=by(ANN))
    await refused(again, 409, "already_exists")
    assert await names(client) == ["garden", "lobby"]


async def test_a_visitor_opens_no_channel(client: Client) -> None:
    response = await client.post("/api/channels", json={"name": "garden"})
    await refused(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await names(client) == ["lobby"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({}, "invalid"),
        ({"name": 7}, "invalid"),
        ({"name": None}, "invalid"),
        ({"name": ""}, "invalid"),
        ({"name": "Garden"}, "invalid"),
        ({"name": "-garden"}, "invalid"),
        ({"name": "gar den"}, "invalid"),
        ({"name": "garden\n"}, "invalid"),
        ({"name": "g" * 65}, "too_long"),
        ({"name": "garden", "topic": 7}, "invalid"),
        ({"name": "garden", "topic": "\0"}, "invalid"),
        ({"name": "garden", "topic": "t" * 251}, "too_long"),
        (["garden"], "invalid"),
    ],
)
async def test_names_and_topics_out_of_bounds_are_refused(client: Client, asked: object, reason: str) -> None:
    await refused(await client.post("/api/channels", json=asked, headers=by(ANN)), 422, reason)
    assert await names(client) == ["lobby"]


async def test_who_opens_channels_too_fast_waits(client: Client, clock: Clock) -> None:
    for n in range(BURST):
        await told(await client.post("/api/channels", json={"name": f"garden-{n}"}, headers=by(ANN)), 201)
    await refused(await client.post("/api/channels", json={"name": "last"}, headers=by(ANN)), 429, "rate_limited")
    clock.now += 1
    await told(await client.post("/api/channels", json={"name": "last"}, headers=by(ANN)), 201)
