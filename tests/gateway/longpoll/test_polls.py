"""What is polled: by two at once, by somebody who hung up, or by nobody."""

import trio

from chatter.gateway import Limits
from tests.gateway.longpoll.clients import another, begun, name_of
from tests.gateway.stage import Stage, staged


async def test_of_two_polls_the_older_ends_and_the_newer_brings_everything(stage: Stage) -> None:
    client = await begun(stage)
    older, newer, posting = (another(stage, client) for _ in range(3))
    await older.start_get()
    await trio.sleep(1)
    await newer.start_get()
    assert (await older.answer())["status"] == 204
    await posting.post([b"[one]", b"[two]"])
    assert (await newer.answer())["messages"] == ["visitor: [one]", "visitor: [two]"]


async def test_a_poll_whose_client_hung_up_loses_nothing(stage: Stage) -> None:
    client = await begun(stage)
    lost, posting = another(stage, client), another(stage, client)
    await lost.start_get()
    await trio.sleep(1)
    await lost.client.aclose()
    await trio.sleep(1)
    await posting.post(b"[one]")
    await posting.post(b"[two]")
    assert await client.poll() == ["visitor: [one]", "visitor: [two]"]


async def test_a_client_that_hung_up_and_stays_away_is_gone_soon(stage: Stage) -> None:
    client = await begun(stage)
    await client.start_get()
    await trio.sleep(5)
    await client.client.aclose()
    await trio.sleep(14)
    assert len(stage.house.sessions) == 1
    await trio.sleep(3)
    assert len(stage.house.sessions) == 0


async def test_a_client_that_hung_up_and_comes_back_stays(stage: Stage) -> None:
    client = await begun(stage)
    lost = another(stage, client)
    await lost.start_get()
    await trio.sleep(5)
    await lost.client.aclose()
    await trio.sleep(10)
    assert (await client.get())["status"] == 204
    await trio.sleep(20)
    assert len(stage.house.sessions) == 1


async def test_who_does_not_fetch_what_is_said_is_closed_at_a_limit() -> None:
    async with staged(host=None, limits=Limits(backlog=1000)) as stage:
        client, other = await begun(stage), await begun(stage)
        connection = stage.house.connections[next(iter(stage.house.connections))]
        connection.write(b'"%b",' % (b"x" * 100_000))  # the first is no offence
        for _ in range(10):
            connection.write(b'"%b",' % (b"x" * 97))
        assert not connection.closed
        assert len(await client.poll()) == 11
        for _ in range(12):
            connection.write(b'"%b",' % (b"x" * 97))
        alive = not connection.closed
        connection.write(b'"%b",' % (b"x" * 97))
        assert alive
        assert (await client.get())["status"] == 410
        assert await name_of(other) == "visitor"
