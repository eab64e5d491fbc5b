"""What is posted: a batch, a message, too much, half of it, or several at once."""

import base64

import pytest
import trio

from chatter.gateway import Limits
from tests.gateway.longpoll.clients import Stubborn, another, begun, name_of
from tests.gateway.stage import EchoHouse, Session, Stage, staged


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
