import pytest

from chatter import rest
from chatter.core.model import User
from tests.rest.serving import TOKENS, Client, refused, says, told


async def guest(client: Client, name: str) -> User:
    answer = await told(await client.post("/api/guests", json={"name": name}), 201)
    assert answer.keys() == {"user", "token"}
    user = TOKENS.user(answer["token"])
    assert answer["user"] == user.as_payload() == {"id": user.id, "name": name}
    return user


async def test_a_name_makes_somebody_a_guest_who_may_talk(client: Client) -> None:
    zoe = await guest(client, "Zoe")
    assert (await says(client, zoe, "hello"))["seq"] == 1


async def test_a_guest_is_no_moderator(client: Client) -> None:
    assert not (await guest(client, "Zoe")).moderator


async def test_a_name_of_somebody_online_is_taken_until_they_go(client: Client, house: rest.House) -> None:
    assert await house.claims.claim("Zoe", "u-zoe", "socket-1")
    await refused(await client.post("/api/guests", json={"name": "zOE"}), 409, "name_taken")
    house.claims.release("socket-1")
    await guest(client, "zOE")


async def test_asking_for_a_name_does_not_hold_it(client: Client, house: rest.House) -> None:
    first, second = await guest(client, "Zoe"), await guest(client, "Zoe")
    assert first.id != second.id
    assert await house.claims.claim("Zoe", second.id, "socket-2")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({}, "invalid"),
        ({"name": 7}, "invalid"),
        ({"name": ""}, "invalid"),
        ({"name": "Zoe the 1st"}, "invalid"),
        ({"name": "Zoë"}, "invalid"),
        ({"name": "Zoe\n"}, "invalid"),
        ({"name": "Z" * 51}, "too_long"),
    ],
)
async def test_a_name_out_of_bounds_is_refused(client: Client, asked: object, reason: str) -> None:
    await guest(client, "Z" * 50)
    await refused(await client.post("/api/guests", json=asked), 422, reason)
