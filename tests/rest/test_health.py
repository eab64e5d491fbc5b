from pathlib import Path

from chatter import __version__, rest
from chatter.stores.sqlite import SqliteStore
from tests.rest.serving import Client, Clock, house, refused, told


async def test_a_house_that_can_serve_says_who_and_where_it_is(client: Client, clock: Clock) -> None:
    clock.now += 12.5
    assert await told(await client.get("/api/health")) == {
        "status": "ok",
        "node": "node-1",
        "nodes": ["node-1", "node-2"],
        "uptime_s": 12.5,
        "version": __version__,
    }


async def test_without_its_database_it_is_unavailable_for_now(tmp_path: Path) -> None:
    client = Client(rest.build(house(SqliteStore(tmp_path / "chatter.db"), tmp_path)))
    response = await client.get("/api/health")
    await refused(response, 503, "unavailable")
    assert response.headers["Retry-After"] == "1"
