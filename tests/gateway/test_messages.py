"""What goes over a WebSocket, right and wrong, on the poller's sockets and on streams alike."""

from collections.abc import AsyncIterator

import pytest
import trio
from trio_websocket import open_websocket_url

from tests.gateway.client import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Client,
    close_payload,
    frame,
    upgrade_request,
)
from tests.gateway.stage import Stage, eventually

LIMIT = 256 * 1024


@pytest.fixture(params=["socket", "stream"])
async def ann(request: pytest.FixtureRequest, stage: Stage) -> AsyncIterator[Client]:
    client = await (stage.connected() if request.param == "socket" else stage.connected_stream())
    yield client
    await client.aclose()


@pytest.fixture
async def bob(stage: Stage) -> AsyncIterator[Client]:
    """Somebody who should notice nothing of what Ann does."""
    client = await stage.connected()
    yield client
    await client.send_text("still here")
    assert await client.text() == "visitor: still here"
    await client.aclose()


async def test_an_ordinary_client_talks_and_leaves(stage: Stage) -> None:
    async with open_websocket_url(stage.url) as websocket:
        await websocket.send_message("hello")
        assert await websocket.get_message() == "visitor: hello"
        await websocket.ping(b"are you there?")
    assert websocket.closed.code == 1000  # type: ignore[union-attr]
    await eventually(lambda: stage.gateway.statistics().websockets == 0)


async def test_messages_in_one_segment_are_answered_in_order(ann: Client) -> None:
    await ann.send(b"".join(frame(TEXT, str(n).encode()) for n in range(100)))
    assert [await ann.text() for _ in range(100)] == [f"visitor: {n}" for n in range(100)]


async def test_a_message_may_come_byte_by_byte(ann: Client) -> None:
    for byte in frame(TEXT, b"patience"):
        await ann.send(bytes([byte]))
        await trio.lowlevel.checkpoint()
    assert await ann.text() == "visitor: patience"


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 200, 201, 65535, 65536, LIMIT])
async def test_messages_of_all_sizes_up_to_the_limit_arrive(ann: Client, size: int) -> None:
    await ann.send(frame(TEXT, b"x" * size))
    assert await ann.text() == "visitor: " + "x" * size


async def test_a_binary_message_arrives(ann: Client) -> None:
    await ann.send(frame(BINARY, b"\x01\x02"))
    assert await ann.text() == "visitor: \x01\x02"


async def test_fragments_make_one_message_with_a_ping_between_them(ann: Client) -> None:
    await ann.send(frame(TEXT, "grü".encode()[:3], fin=False) + frame(PING, b"?"))
    assert await ann.frame() == (PONG, b"?")
    await ann.send(frame(CONTINUATION, "grü".encode()[3:] + b"ezi") + frame(TEXT, b"and on"))
    assert await ann.text() == "visitor: grüezi"
    assert await ann.text() == "visitor: and on"


async def test_pings_are_answered_and_pongs_are_not(ann: Client) -> None:
    await ann.send(frame(PONG, b"unasked") + frame(PING, b"first") + frame(PING) + frame(TEXT, b"text"))
    assert [await ann.frame() for _ in range(3)] == [(PONG, b"first"), (PONG, b""), (TEXT, b"visitor: text")]


async def test_a_flood_of_pings_is_answered_in_turns(ann: Client, bob: Client) -> None:
    await ann.send(frame(PING) * 5000 + frame(TEXT, b"at last"))
    for _ in range(5000):
        assert await ann.frame() == (PONG, b"")
    assert await ann.text() == "visitor: at last"


async def test_the_clients_goodbye_is_answered_with_its_own_code(ann: Client) -> None:
    await ann.send(frame(TEXT, b"last words") + frame(CLOSE, close_payload(4001, "bye")) + frame(TEXT, b"too late"))
    assert await ann.text() == "visitor: last words"
    assert await ann.frame() == (CLOSE, close_payload(4001))
    assert await ann.at_end()


async def test_a_goodbye_without_a_code_is_answered_without_one(ann: Client) -> None:
    await ann.send(frame(CLOSE))
    assert await ann.frame() == (CLOSE, b"")
    assert await ann.at_end()


BROKEN = {
    "unmasked": (frame(TEXT, b"hello", mask=None), 1002),
    "unmasked and empty": (frame(TEXT, mask=None), 1002),
    "a reserved bit": (frame(TEXT, b"hello", rsv=4), 1002),
    "a reserved opcode": (frame(3, b"hello"), 1002),
    "a continuation of nothing": (frame(CONTINUATION, b"hello"), 1002),
    "a text within a fragmented text": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "a fragmented ping": (frame(PING, fin=False), 1002),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "a length in more bytes than it needs": (b"\x81\xfe\x00\x05\0\0\0\0hello", 1002),
    "a length of 64 bits that begins with a one": (b"\x81\xff" + b"\xff" * 8 + bytes(4), 1002),
    "a close code of the server's library": (frame(CLOSE, close_payload(1006)), 1002),
    "a close of one byte": (frame(CLOSE, b"x"), 1002),
    "text that is not UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "fragmented text that is not UTF-8": (frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"("), 1007),
    "text that ends within a character": (frame(TEXT, "é".encode()[:1]), 1007),
    "a message one byte too large": (frame(TEXT, b"x" * (LIMIT + 1)), 1009),
    "a message whose size alone is too large": (b"\x81\xff" + (2**62).to_bytes(8, "big"), 1009),
    "emoji: few characters, many bytes": (frame(TEXT, "😀".encode() * (LIMIT // 4 + 1)), 1009),
    "fragments too large together": (
        frame(TEXT, "😀".encode() * 40_000, fin=False) + frame(CONTINUATION, "😀".encode() * 40_000),
        1009,
    ),
}


@pytest.mark.parametrize(("data", "code"), BROKEN.values(), ids=BROKEN.keys())
async def test_what_breaks_the_protocol_closes_that_socket_and_no_other(
    ann: Client, bob: Client, data: bytes, code: int
) -> None:
    await ann.send(frame(TEXT, b"so far, so good"))
    assert await ann.text() == "visitor: so far, so good"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ann.send, data)
        assert await ann.close_code() == code
        assert await ann.at_end()
        nursery.cancel_scope.cancel()


async def test_a_client_that_vanishes_within_a_frame_leaves_nothing_behind(stage: Stage, bob: Client) -> None:
    ann = await stage.connected()
    assert len(stage.house.sessions) == 2
    await ann.send(frame(TEXT, b"unfinished")[:-3])
    await ann.aclose()
    await eventually(lambda: len(stage.house.sessions) == 1 and stage.gateway.statistics().websockets == 1)


async def test_a_crashed_session_is_started_again_on_its_socket(ann: Client) -> None:
    await ann.send_text("crash")
    await ann.send_text("still there?")
    assert await ann.text() == "visitor: still there?"


async def test_a_session_that_crashes_again_and_again_closes_its_socket_with_1011(ann: Client, bob: Client) -> None:
    await ann.send(frame(TEXT, b"crash") * 4)
    assert await ann.closed_with() == 1011


async def test_a_socket_whose_session_was_stopped_is_told_to_come_back(stage: Stage) -> None:
    ann = await stage.connected()
    stage.house.refs[stage.house.connection.id].stop()
    assert await ann.closed_with() == 1012


async def test_closing_twice_says_goodbye_once(stage: Stage, ann: Client) -> None:
    stage.house.connection.close(4000, "enough")
    stage.house.connection.close(4001, "more than enough")
    stage.house.connection.write(b"nothing")
    assert stage.house.connection.closed
    assert await ann.frame() == (CLOSE, close_payload(4000, "enough"))
    await ann.send(frame(CLOSE, close_payload(4000)))
    assert await ann.at_end()


async def test_a_goodbye_behind_what_was_not_read_yet_is_understood(stage: Stage, ann: Client) -> None:
    stage.house.connection.close(4000)
    await ann.send(frame(TEXT, b"I did not hear you") + frame(PING) + frame(CLOSE, close_payload(4000)))
    assert await ann.frame() == (CLOSE, close_payload(4000))
    assert await ann.at_end()


async def test_bytes_right_behind_the_request_are_the_first_message(stage: Stage) -> None:
    for client in (await stage.dial(), stage.dial_memory()):
        await client.send(upgrade_request() + frame(TEXT, b"in a hurry"))
        assert (await client.response()).status == 101
        assert await client.text() == "visitor: in a hurry"
        await client.aclose()
