import pytest

from chatter.core.model import User
from chatter.rest import House
from tests.rest.serving import ANN, BOB, Client, refused, told

MEMBERS = "/api/channels/lobby/members"


async def come(house: House, *users: User) -> None:
    for user in users:
        await house.store.mark_read("lobby", user, 0)


async def test_members_are_listed_with_when_they_were_last_there(client: Client, house: House) -> None:
    assert await told(await client.get(MEMBERS)) == {"members": [], "next": None}
    await come(house, BOB)
    [bob] = (await told(await client.get(MEMBERS)))["members"]
    assert bob.pop("last_seen_at").endswith("Z")
    assert bob == {"id": "u-bob", "name": "Bob", "avatar": "bob.png"}
    assert await told(await client.get("/api/rooms/lobby/members")) == await told(await client.get(MEMBERS))


async def test_each_page_says_where_the_next_one_begins(client: Client, house: House) -> None:
    await come(house, ANN, BOB, User("u-zoe", "Zoe"))
    names: list[str] = []
    address = f"{MEMBERS}?limit=1"
    for _ in range(3):
        page = await told(await client.get(address))
        names += [member["name"] for member in page["members"]]
        address = f"{MEMBERS}?limit=1&before={page['next']}"
    assert sorted(names) == ["Ann", "Bob", "Zoe"]
    assert page["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "before=", "before=yesterday", "before=2026,%00"])
async def test_a_page_out_of_bounds_is_refused(client: Client, query: str) -> None:
    assert (await told(await client.get(f"{MEMBERS}?limit=500&before=2026-01-31T12:00:00.000Z,u-ann")))["next"] is None
    await refused(await client.get(f"{MEMBERS}?{query}"), 422, "invalid")


async def test_a_room_that_does_not_exist_is_not_found(client: Client) -> None:
    await refused(await client.get("/api/channels/nowhere/members"), 404, "not_found")
