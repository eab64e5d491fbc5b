"""Long-poll over real sockets, beside everything else."""

from tests.gateway.client import TEXT, Client, upgrade_request
from tests.gateway.longpoll.client import LongPollClient
from tests.gateway.stage import Stage, eventually


async def test_it_shares_the_port_and_its_connections_with_everything_else(stage: Stage) -> None:
    connection = await stage.dial()

    async def dial() -> Client:
        return connection

    client = LongPollClient(dial)
    await client.begin()
    await client.client.send(b"GET /hello HTTP/1.1\r\nhost: chat.example\r\n\r\n")
    assert (await client.client.response()).status == 200
    await client.post(b"[hello]")
    assert await client.poll() == ["visitor: [hello]"]
    await client.client.send(upgrade_request())
    assert (await client.client.response()).status == 101
    await client.client.send_text("hello")
    assert await client.client.frame() == (TEXT, b"visitor: hello")


async def test_who_vanishes_while_polling_is_noticed(stage: Stage) -> None:
    client, posting = LongPollClient(stage.dial), LongPollClient(stage.dial)
    await client.begin()
    posting.token = client.token
    await client.start_get()
    await eventually(lambda: stage.house.connection._poll is not None)  # type: ignore[attr-defined]
    await client.client.aclose()
    await eventually(lambda: stage.house.connection._poll is None)  # type: ignore[attr-defined]
    await posting.post(b"[hello]")
    assert await posting.poll() == ["visitor: [hello]"]
