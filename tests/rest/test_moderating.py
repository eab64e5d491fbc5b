"""What only moderators may: close a room, and end a user's sessions."""

import attrs
import pytest

from chatter import rest
from chatter.core.model import User
from tests.rest.serving import ANN, BURST, Client, by, refused, says, told

MIA = User("u-mia", "Mia", moderator=True)


async def closes(client: Client, path: str = "/api/channels/garden", user: User = MIA) -> None:
    response = await client.delete(path, headers=by(user))
    assert (response.status_code, await response.get_data()) == (204, b"")


@pytest.fixture
async def garden(client: Client) -> str:
    await told(await client.post("/api/channels", json={"name": "garden"}, headers=by(ANN)), 201)
    await says(client, ANN, "hello", room="garden")
    return "garden"


@pytest.mark.parametrize("noun", ["channels", "rooms"])
async def test_a_closed_room_is_not_there_any_more(client: Client, garden: str, noun: str) -> None:
    await closes(client, f"/api/{noun}/{garden}")
    listed = (await told(await client.get("/api/channels")))["channels"]
    assert [channel["name"] for channel in listed] == ["lobby"]
    await refused(await client.get("/api/channels/garden/messages"), 404, "not_found")
    posting = client.post("/api/channels/garden/messages", json={"text": "anybody?"}, headers=by(ANN))
    await refused(await posting, 404, "not_found")
    assert (await told(await client.get("/api/search?q=hello")))["results"] == []
    await refused(await client.delete("/api/channels/garden", headers=by(MIA)), 404, "not_found")
    await refused(await client.post("/api/channels", json={"name": "garden"}, headers=by(ANN)), 409, "already_exists")


@pytest.mark.parametrize("path", ["/api/channels/garden", "/api/rooms/garden", "/api/users/u-ann/sessions"])
async def test_only_moderators_may(client: Client, garden: str, path: str) -> None:
    await refused(await client.delete(path), 401, "unauthorized")
    await refused(await client.delete(path, headers={"Authorization": "Bearer nonsense"}), 401, "unauthorized")
    await refused(await client.delete(path, headers=by(ANN)), 403, "forbidden")
    assert len((await told(await client.get("/api/channels")))["channels"]) == 2


async def test_the_lobby_is_not_closed(client: Client) -> None:
    await refused(await client.delete("/api/channels/lobby", headers=by(MIA)), 403, "forbidden")
    await says(client, ANN, "still here")


@pytest.mark.parametrize("name", ["nowhere", "No%20name", "%00"])
async def test_what_is_not_there_is_not_closed(client: Client, name: str) -> None:
    await refused(await client.delete(f"/api/channels/{name}", headers=by(MIA)), 404, "not_found")


async def test_a_moderators_rate_is_limited_too(client: Client) -> None:
    for _ in range(BURST):
        await refused(await client.delete("/api/channels/nowhere", headers=by(MIA)), 404, "not_found")
    await refused(await client.delete("/api/channels/nowhere", headers=by(MIA)), 429, "rate_limited")


async def test_a_users_sessions_are_ended_whoever_that_is(house: rest.House) -> None:
    ended: list[str] = []

    async def disconnect(user_id: str) -> None:
        ended.append(user_id)

    client = Client(rest.build(attrs.evolve(house, disconnect=disconnect)))
    await closes(client, "/api/users/u-ann/sessions")
    await closes(client, "/api/users/nobody/sessions")
    assert ended == ["u-ann", "nobody"]


@pytest.mark.parametrize(("user_id", "reason"), [("x" * 101, "too_long"), ("%00", "invalid")])
async def test_an_id_that_nobody_can_have_is_refused(client: Client, user_id: str, reason: str) -> None:
    await refused(await client.delete(f"/api/users/{user_id}/sessions", headers=by(MIA)), 422, reason)
