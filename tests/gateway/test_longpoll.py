"""Long-poll sessions as Phoenix's clients use them, and as nobody should."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from chatter.gateway import Limits
from chatter.wire.phoenix import LONGPOLL_V1, LONGPOLL_V2
from tests.gateway.client import Client, upgrade_request
from tests.gateway.longpoll_client import LongPollClient
from tests.gateway.stage import ANNS_TOKEN, EchoHouse, Session, Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A gateway without a port, in virtual time."""
    async with staged(host=None) as stage:
        yield stage


def stranger(stage: Stage, query: str = "vsn=2.0.0", **headers: str) -> LongPollClient:
    async def dial() -> Client:
        return stage.dial_memory()

    return LongPollClient(dial, query, **headers)


async def begun(stage: Stage, query: str = "vsn=2.0.0", **headers: str) -> LongPollClient:
    """Somebody who has a session."""
    client = stranger(stage, query, **headers)
    assert (await client.begin())["status"] == 410
    return client


def another(stage: Stage, of: LongPollClient) -> LongPollClient:
    """Another connection of the same client."""
    client = stranger(stage, of.query, **of.headers)
    client.token = of.token
    return client


async def name_of(client: LongPollClient) -> str:
    """Who the session takes them for."""
    await client.post(b"who am I?")
    [message] = await client.poll()
    return message.partition(":")[0]


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


# -- who may


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("vsn=2.0.0&token=ann's+token", {}),
        ("vsn=2.0.0", {"x-phoenix-authtoken": ANNS_TOKEN}),
        ("vsn=2.0.0&token=poll.stale", {"x-phoenix-authtoken": ANNS_TOKEN}),
        ("vsn=2.0.0&token=ann's+token&token=poll.stale", {}),
        ("vsn=2.0.0&token=ann's+token&token=null", {}),
    ],
)
async def test_a_users_token_says_who_they_are(stage: Stage, query: str, headers: dict[str, str]) -> None:
    client = await begun(stage, query, **headers)
    assert await name_of(client) == "Ann"
    assert len(stage.house.connections) == 1


@pytest.mark.parametrize("query", ["vsn=2.0.0", "vsn=2.0.0&token=", "vsn=2.0.0&token=poll.stale"])
async def test_without_a_users_token_they_are_a_visitor(stage: Stage, query: str) -> None:
    assert await name_of(await begun(stage, query)) == "visitor"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("vsn=2.0.0&token=bad", {}),
        ("vsn=2.0.0&token=bad&token=poll.stale", {}),
        ("vsn=2.0.0", {"x-phoenix-authtoken": "bad"}),
        ("vsn=2.0.0&token=ann's+token", {"x-phoenix-authtoken": "bad"}),
        ("vsn=3.0.0", {}),
        ("vsn=two", {}),
        ("vsn=", {}),
        ("vsn=2.0.0", {"origin": "https://evil.example"}),
        ("vsn=2.0.0", {"origin": "null"}),
    ],
)
async def test_a_bad_token_version_or_origin_is_forbidden(stage: Stage, query: str, headers: dict[str, str]) -> None:
    assert await stranger(stage, query, **headers).get() == {"status": 403}
    assert not stage.house.connections


async def test_another_origin_may_neither_poll_nor_post(stage: Stage) -> None:
    client = await begun(stage)
    client.headers["origin"] = "https://evil.example"
    assert await client.post(b"[hello]") == 403
    assert await client.get() == {"status": 403}
    client.headers["origin"] = "https://chat.example"
    await client.post(b"[hello]")
    assert await client.poll() == ["visitor: [hello]"]


async def test_pages_of_allowed_origins_are_told_what_they_may_send() -> None:
    async with staged(host=None, origins=["https://friend.example"]) as stage:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type, x-other"}
        response = await stranger(stage, origin="https://friend.example").ask("OPTIONS", **asked)
        assert (response.status, response.body) == (200, b"")
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["access-control-allow-headers"] == "content-type, x-other"
        assert response.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
        assert response.headers["access-control-max-age"] == "3600"
        refused = await stranger(stage, origin="https://evil.example").ask("OPTIONS", **asked)
        assert refused.body == b'{"status":403}'
        assert "access-control-allow-headers" not in refused.headers
        client = await begun(stage, origin="https://friend.example")
        assert await client.post(b"[hello]") == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_no_requests(stage: Stage, method: str) -> None:
    assert (await stranger(stage).ask(method)).status == 400
    assert not stage.house.connections


async def test_who_can_not_be_let_in_now_is_asked_to_try_again(stage: Stage) -> None:
    stage.house.full = True
    assert await stranger(stage).get() == {"status": 500}
    stage.house.full = False
    await begun(stage)


async def test_sessions_count_as_connections() -> None:
    async with staged(host=None, limits=Limits(connections=3)) as stage:
        clients = [await begun(stage) for _ in range(4)]
        response = await clients[0].ask("GET")
        assert (response.status, response.body) == (503, b'{"status":500}')
        assert response.headers["access-control-allow-origin"] == "*"
        assert (await stage.dial_memory().refused(upgrade_request())).status == 503
        await trio.sleep(20)
        await begun(stage)


# -- posts


async def test_a_batch_is_handled_in_order(stage: Stage) -> None:
    client = await begun(stage)
    assert await client.post([b"[%d]" % number for number in range(100)]) == 200
    assert await client.poll() == [f"visitor: [{number}]" for number in range(100)]


async def test_empty_lines_are_no_messages(stage: Stage) -> None:
    client = await begun(stage)
    assert await client.post(b"\n\n[one]\r\n\n[two]\n") == 200
    assert await client.poll() == ["visitor: [one]", "visitor: [two]"]
    assert await client.post(b"") == 200
    assert (await client.get())["status"] == 204


@pytest.mark.parametrize("content_type", ["application/json", "text/plain;charset=UTF-8", ""])
async def test_what_is_no_batch_is_one_message(stage: Stage, content_type: str) -> None:
    client = await begun(stage)
    assert await client.post(b'[\n"hello"\n]', content_type) == 200
    assert await client.poll() == ['visitor: [\n"hello"\n]']


async def test_the_type_of_a_batch_may_have_parameters(stage: Stage) -> None:
    client = await begun(stage)
    await client.post([b"[one]", b"[two]"], "Application/X-NDJSON; charset=utf-8")
    assert len(await client.poll()) == 2


class Describing(Session):
    """Says which kind of frame it heard."""

    def _read(self) -> None:
        while (frame := self._connection.peek()) is not None:
            self._connection.advance()
            self._connection.write(self._connection.codec.frame(b"%b %r" % (frame.data, frame.binary)))


async def test_what_phoenix_js_sends_in_base64_is_binary() -> None:
    async with staged(host=None, house=EchoHouse(Describing)) as stage:
        client = await begun(stage)
        await client.post([base64.b64encode(b"\x00\x01push"), b"[1]", b'{"a":1}', b"no-base64", b"AAA"])
        assert await client.poll() == [
            "\x00\x01push True",
            "[1] False",
            '{"a":1} False',
            "no-base64 False",
            "AAA False",
        ]


async def test_a_message_that_is_too_long_ends_the_session_behind_those_before_it(stage: Stage) -> None:
    most = Limits().message
    client, other = await begun(stage), await begun(stage)
    assert await client.post(b"[%b]" % (b"x" * (most - 2))) == 200
    assert len((await client.poll())[0]) == most + len("visitor: ")
    assert await client.post([b"[before]", b"[%b]" % (b"x" * (most - 1)), b"[behind]"]) == 410
    assert await client.poll() == ["visitor: [before]"]
    assert (await client.get())["status"] == 410
    assert await name_of(other) == "visitor"


async def test_text_that_is_not_utf8_ends_the_session_behind_those_before_it(stage: Stage) -> None:
    client, other = await begun(stage), await begun(stage)
    assert await client.post([b"[before]", b'{"\xc3": 1}', b"[behind]"]) == 410
    assert await client.poll() == ["visitor: [before]"]
    assert (await client.get())["status"] == 410
    assert await name_of(other) == "visitor"


async def test_a_binary_message_is_measured_as_what_it_is(stage: Stage) -> None:
    most = Limits().message
    client = await begun(stage)
    assert await client.post(base64.b64encode(b"x" * most)) == 200
    assert await client.post(base64.b64encode(b"x" * (most + 1))) == 410


async def test_a_body_that_is_too_long_is_refused_and_the_session_lives() -> None:
    async with staged(host=None, limits=Limits(post=1000)) as stage:
        client = await begun(stage)
        assert await client.post(b"[%b]" % (b"x" * 998)) == 200
        assert len(await client.poll()) == 1
        assert await client.post(b"[%b]" % (b"x" * 999)) == 413
        assert await name_of(client) == "visitor"


async def test_a_body_that_is_too_slow_is_not_waited_for(stage: Stage) -> None:
    client = await begun(stage)
    other = another(stage, client)
    await client.start_slowly(100, b"[hel")
    before = trio.current_time()
    assert (await client.answer())["status"] == 408
    assert trio.current_time() - before == pytest.approx(10)
    await other.post(b"[hello]")
    assert await other.poll() == ["visitor: [hello]"]


async def test_half_a_post_is_none(stage: Stage) -> None:
    client = await begun(stage)
    other = another(stage, client)
    await client.start_slowly(100, b"[one]\n[two]\n[thr")
    await trio.sleep(1)
    await client.client.aclose()
    assert await other.post(b"[whole]") == 200
    assert await other.poll() == ["visitor: [whole]"]


async def test_posts_are_handled_one_after_the_other(stage: Stage) -> None:
    client = await begun(stage)
    first, second = another(stage, client), another(stage, client)
    await first.start_slowly(len(b"[first]"), b"[fir")
    await trio.sleep(1)
    await second.start_post(b"[second]")
    await trio.sleep(1)
    await first.client.send(b"st]")
    assert (await first.answer())["status"] == (await second.answer())["status"] == 200
    assert await client.poll() == ["visitor: [first]", "visitor: [second]"]


class Stubborn(Session):
    """Hears, and handles nothing."""

    def _read(self) -> None:
        self._connection.peek()


async def test_a_post_that_is_not_handled_is_answered_in_time_and_the_next_does_not_pile_up() -> None:
    async with staged(host=None, house=EchoHouse(Stubborn)) as stage:
        client = await begun(stage)
        for _ in range(3):
            before = trio.current_time()
            assert await client.post(b"[hello]") == 408
            assert trio.current_time() - before == pytest.approx(10)
        connection = stage.house.connection
        connection.advance()
        assert connection.peek() is None


# -- polls


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
