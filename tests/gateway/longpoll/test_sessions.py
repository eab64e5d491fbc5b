"""Long-poll sessions as Phoenix's clients use them, and as nobody should: how they begin, live and end."""

from typing import Any

import pytest
import trio

from chatter.wire.phoenix import LONGPOLL_V1, LONGPOLL_V2
from tests.gateway.longpoll.clients import Stubborn, another, begun, name_of, stranger
from tests.gateway.stage import ANNS_TOKEN, EchoHouse, Stage, staged

# -- sessions


async def test_the_first_request_begins_a_session_and_says_its_token(stage: Stage) -> None:
    client = stranger(stage)
    answer = await client.begin()
    assert answer == {"status": 410, "token": client.token, "messages": []}
    assert client.token
    assert len(stage.house.connections) == stage.gateway.statistics().longpolls == 1
    assert stage.gateway.statistics().websockets == 0


async def test_what_is_posted_is_handled_and_what_is_said_is_polled(stage: Stage) -> None:
    client = await begun(stage)
    assert await client.post([b"[hello]", b"[world]"]) == 200
    assert await client.poll() == ["visitor: [hello]", "visitor: [world]"]
    assert len(stage.house.connections) == 1


async def test_each_session_has_its_own(stage: Stage) -> None:
    ann, bob = await begun(stage), await begun(stage)
    assert ann.token != bob.token
    await ann.post(b"[from ann]")
    await bob.post(b"[from bob]")
    assert await bob.poll() == ["visitor: [from bob]"]
    assert await ann.poll() == ["visitor: [from ann]"]


async def test_a_poll_waits_for_what_there_is_to_say(stage: Stage) -> None:
    client = await begun(stage)
    other = another(stage, client)
    await client.start_get()
    await trio.sleep(3)
    before = trio.current_time()
    assert await other.post(b"[hello]") == 200
    assert (await client.answer())["messages"] == ["visitor: [hello]"]
    assert trio.current_time() == before


async def test_a_poll_that_waited_ten_seconds_brings_nothing_and_the_session_lives_on(stage: Stage) -> None:
    client = await begun(stage)
    for _ in range(20):
        before = trio.current_time()
        assert await client.get() == {"status": 204, "token": client.token, "messages": []}
        assert trio.current_time() - before == pytest.approx(10)
    await client.post(b"[hello]")
    assert await client.poll() == ["visitor: [hello]"]


async def test_a_message_is_whatever_text_it_is(stage: Stage) -> None:
    client = await begun(stage)
    text = '["\\u0000 \\" \\\\ schön 🎉 </script>"]'
    await client.post(text.encode())
    assert await client.poll() == [f"visitor: {text}"]


@pytest.mark.parametrize(
    ("query", "codec"), [("", LONGPOLL_V1), ("vsn=1.0.0", LONGPOLL_V1), ("vsn=2.1.0", LONGPOLL_V2)]
)
async def test_both_versions_are_spoken(stage: Stage, query: str, codec: Any) -> None:
    await begun(stage, query)
    assert stage.house.connection.codec is codec


async def test_a_session_nobody_ever_polled_ends_soon(stage: Stage) -> None:
    client = await begun(stage)
    await trio.sleep(14)
    assert len(stage.house.sessions) == 1
    await trio.sleep(3)
    assert len(stage.house.sessions) == stage.gateway.statistics().longpolls == 0
    assert await client.post(b"[hello]") == 410


async def test_a_session_that_is_silent_for_a_minute_ends(stage: Stage) -> None:
    client = await begun(stage)
    await client.get()
    await trio.sleep(58)
    assert len(stage.house.sessions) == 1
    await client.post(b"[still here]")
    await trio.sleep(58)
    assert len(stage.house.sessions) == 1
    await trio.sleep(10)
    assert len(stage.house.sessions) == 0


async def test_who_polls_a_session_that_is_gone_gets_another(stage: Stage) -> None:
    client = await begun(stage, f"token={ANNS_TOKEN.replace(' ', '%20')}&vsn=2.0.0")
    gone, gone_token = stage.house.connection, client.token
    gone.close(1001)
    answer = await client.begin()
    assert (answer["status"], answer["messages"]) == (410, [])
    assert client.token != gone_token
    assert stage.house.connection is not gone
    assert await name_of(client) == "Ann"


async def test_tokens_of_other_gateways_and_forged_ones_open_nothing(stage: Stage) -> None:
    async with staged(host=None) as elsewhere:
        stale = (await begun(elsewhere)).token
    client = await begun(stage)
    good = client.token
    await client.post(b"[hello]")
    for token in (stale, good[:-3] + "abc", good + "x", "poll.", "poll.x.y", "poll." + good, good.partition(".")[2]):
        client.token = token
        assert await client.post(b"[hello]") == 410
    for token in (stale, good[:-3] + "abc"):
        client.token = token
        answer = await client.get()
        assert (answer["status"], answer["messages"]) == (410, [])
    client.token = good
    assert await client.poll() == ["visitor: [hello]"]


# -- the session crashes, or is closed


async def test_a_session_that_crashes_goes_on_where_it_was(stage: Stage) -> None:
    client = await begun(stage)
    assert await client.post([b"[one]", b"crash", b"[two]"]) == 200
    assert await client.poll() == ["visitor: [one]", "visitor: [two]"]


async def test_a_session_that_crashes_too_often_is_gone(stage: Stage) -> None:
    client, other = await begun(stage), await begun(stage)
    assert await client.post([b"[one]", *[b"crash"] * 9, b"[two]"]) == 410
    assert await client.poll() == ["visitor: [one]"]
    assert (await client.get())["status"] == 410
    assert await name_of(other) == "visitor"


async def test_the_last_words_of_a_session_can_be_fetched_for_a_while(stage: Stage) -> None:
    for pause, status in ((3, 200), (8, 410)):
        client = await begun(stage)
        await client.post(b"[last words]")
        stage.house.connection.close(1001)
        assert await another(stage, client).post(b"[hello?]") == 410
        await trio.sleep(pause)
        assert (await client.get())["status"] == status
        assert (await client.get())["status"] == 410


async def test_a_poll_that_waits_learns_at_once_that_the_session_is_gone(stage: Stage) -> None:
    client = await begun(stage)
    await client.start_get()
    await trio.sleep(1)
    before = trio.current_time()
    stage.house.connection.close(1001)
    assert (await client.answer())["status"] == 410
    assert trio.current_time() == before
    assert len(stage.house.sessions) == stage.gateway.statistics().longpolls == 0


async def test_a_post_that_waits_learns_at_once_that_the_session_is_gone() -> None:
    async with staged(host=None, house=EchoHouse(Stubborn)) as stage:
        client = await begun(stage)
        await client.start_post(b"[hello]")
        await trio.sleep(1)
        next_in_line = another(stage, client)
        await next_in_line.start_slowly(100, b"[hel")
        await trio.sleep(1)
        before = trio.current_time()
        stage.house.connection.close(1001)
        assert (await client.answer())["status"] == (await next_in_line.answer())["status"] == 410
        assert trio.current_time() == before


# -- draining


async def test_in_a_drain_the_poll_that_waits_brings_all_that_is_said_until_the_end(stage: Stage) -> None:
    polling, silent = await begun(stage), await begun(stage)
    connection = next(iter(stage.house.connections.values()))
    for client in (polling, silent):
        await client.start_get()
    await trio.sleep(1)
    stage.house.busy = 0.25
    before = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.gateway.drain)
        for text in (b'"one",', b'"two",'):
            await trio.sleep(0.1)
            connection.write(text)
        assert (await polling.answer())["messages"] == ["one", "two"]
        assert (await silent.answer())["status"] == 410
        assert trio.current_time() - before < 1
        assert await polling.client.at_end()
    assert len(stage.house.sessions) == stage.gateway.statistics().longpolls == 0


async def test_in_a_drain_nothing_new_is_begun(stage: Stage) -> None:
    client = await begun(stage)
    connection, stage.house.busy = stage.house.connection, 0.25
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.gateway.drain)
        await trio.sleep(0.1)
        assert not connection.closed
        assert await client.post(b"[too late]") == 410
        assert await stranger(stage).get() == {"status": 500}
    assert len(stage.house.connections) == 1


async def test_a_drain_does_not_wait_for_those_who_do_not_poll(stage: Stage) -> None:
    client = await begun(stage)
    await client.post(b"[unheard]")
    before = trio.current_time()
    await stage.gateway.drain()
    assert trio.current_time() - before < 1


async def test_in_a_drain_who_is_between_two_polls_comes_back_for_the_rest(stage: Stage) -> None:
    """On the connection it has: nobody can open another one then."""
    client = await begun(stage)
    await client.post(b"[one]")
    assert await client.poll() == ["visitor: [one]"]
    stage.house.connection.write(b'"two",')
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.gateway.drain)
        await trio.sleep(0.5)
        assert stage.house.connection.closed
        await client.client.send(client.request("GET"))
        assert await client.answer() == {"status": 200, "token": client.token, "messages": ["two"]}
        assert await client.client.at_end()


async def test_a_drain_does_not_wait_for_those_who_have_polled_and_do_not_come_back(stage: Stage) -> None:
    client = await begun(stage)
    await client.post(b"[one]")
    assert await client.poll() == ["visitor: [one]"]
    stage.house.connection.write(b'"two",')
    before = trio.current_time()
    await stage.gateway.drain()
    assert trio.current_time() - before < 2.5


async def test_a_drain_does_not_wait_for_those_who_have_heard_everything(stage: Stage) -> None:
    client = await begun(stage)
    await client.post(b"[one]")
    assert await client.poll() == ["visitor: [one]"]
    before = trio.current_time()
    await stage.gateway.drain()
    assert trio.current_time() - before < 0.5
