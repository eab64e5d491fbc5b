import pytest

from tests.rest.serving import ANN, BOB, Client, by, refused, says, told


async def found(client: Client, query: str) -> list[tuple[str, str]]:
    results = (await told(await client.get(f"/api/search?{query}")))["results"]
    return [(result["channel"], result["text"]) for result in results]


async def talk(client: Client) -> None:
    await told(await client.post("/api/channels", json={"name": "garden"}, headers=by(ANN)), 201)
    await says(client, ANN, "The roses bloom")
    await says(client, BOB, "roses and thorns", room="garden")
    await says(client, BOB, "apples", room="garden")


async def test_messages_are_found_everywhere_newest_first(client: Client) -> None:
    await talk(client)
    assert await found(client, "q=ROSES") == [("garden", "roses and thorns"), ("lobby", "The roses bloom")]


async def test_a_result_is_the_message_and_its_channel(client: Client) -> None:
    await talk(client)
    [message] = (await told(await client.get("/api/channels/lobby/messages")))["messages"]
    [result] = (await told(await client.get("/api/search?q=bloom")))["results"]
    assert result == message | {"channel": "lobby"}


async def test_a_search_keeps_to_a_channel_and_a_limit(client: Client) -> None:
    await talk(client)
    assert await found(client, "q=roses&channel=lobby") == [("lobby", "The roses bloom")]
    assert await found(client, "q=roses&limit=1") == [("garden", "roses and thorns")]


@pytest.mark.parametrize("words", ["", "nothing", '"', "roses%20AND%20NOT", "*%3A%28", "%00", "%ff"])
async def test_any_words_may_be_looked_for(client: Client, words: str) -> None:
    await talk(client)
    assert await found(client, f"q={words}") == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "invalid"),
        ("channel=lobby", "invalid"),
        ("q=roses&limit=0", "invalid"),
        ("q=roses&limit=501", "invalid"),
        ("q=roses&limit=many", "invalid"),
        (f"q={'r' * 501}", "too_long"),
    ],
)
async def test_a_search_out_of_bounds_is_refused(client: Client, query: str, reason: str) -> None:
    assert await found(client, f"q={'r' * 500}&limit=500") == []
    await refused(await client.get(f"/api/search?{query}"), 422, reason)


async def test_a_channel_that_does_not_exist_is_not_found(client: Client) -> None:
    await refused(await client.get("/api/search?q=roses&channel=nowhere"), 404, "not_found")
