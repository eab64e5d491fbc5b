"""A connection as its session sees it, without a session: over memory streams.

Tests in which time passes ask for `autojump_clock` themselves: pytest-trio looks for clocks there only.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from chatter.actors.connection import INPUT, Frame
from chatter.actors.exits import Down, Exit, ExitKind
from chatter.actors.mailbox import Mailbox
from chatter.errors import BadFrame
from chatter.gateway import Limits, StreamConnection, Sweeper
from chatter.wire.phoenix import WEBSOCKET_V2
from tests.gateway.client import CLOSE, PING, TEXT, Client, close_payload, frame, unexpected

LIMITS = Limits(message=1000, backlog=5000, stall=30, silence=60, goodbye=5)


@attrs.define
class Scene:
    connection: StreamConnection
    client: Client
    mailbox: Mailbox[Any]
    sweeper: Sweeper

    async def said(self, data: bytes) -> None:
        """The client sends, and the connection has seen it."""
        await self.client.send(data)
        await wait_all_tasks_blocked()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with playing() as scene:
        yield scene


@asynccontextmanager
async def playing(capacity: int = 16, unread: bytes = b"") -> AsyncIterator[Scene]:
    ours, theirs = memory_stream_pair()
    sweeper = Sweeper(LIMITS.silence, unexpected)
    mailbox: Mailbox[Any] = Mailbox("session", capacity)
    connection = StreamConnection(theirs, b"", "c1", WEBSOCKET_V2, sweeper, LIMITS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sweeper.run)
        connection.open(mailbox.ref, unread)
        nursery.start_soon(connection.run)
        await wait_all_tasks_blocked()
        yield Scene(connection, Client(ours), mailbox, sweeper)
        await ours.aclose()
        nursery.cancel_scope.cancel()


async def test_input_is_cast_once_until_all_was_looked_at(scene: Scene) -> None:
    for word in (b"one", b"two"):
        await scene.said(frame(TEXT, word))
    assert len(scene.mailbox) == 1
    assert await scene.mailbox.get() is INPUT
    for word in (b"one", b"two"):
        assert scene.connection.peek() == Frame(word)
        scene.connection.advance()
    await scene.said(frame(TEXT, b"three"))
    assert len(scene.mailbox) == 0
    assert scene.connection.peek() == Frame(b"three")
    scene.connection.advance()
    assert scene.connection.peek() is None
    await scene.said(frame(TEXT, b"four"))
    assert len(scene.mailbox) == 1


async def test_a_frame_stays_until_it_is_advanced(scene: Scene) -> None:
    await scene.said(frame(TEXT, b"one") + frame(TEXT, b"two"))
    assert scene.connection.peek() is scene.connection.peek()
    scene.connection.advance()
    assert scene.connection.peek() == Frame(b"two")


async def test_what_broke_the_protocol_breaks_it_at_every_look(scene: Scene) -> None:
    await scene.said(frame(TEXT, b"fine") + frame(TEXT, b"\xff") + frame(TEXT, b"fine again"))
    assert scene.connection.peek() == Frame(b"fine")
    scene.connection.advance()
    for _ in range(2):
        with pytest.raises(BadFrame) as caught:
            scene.connection.peek()
        assert caught.value.close_code == 1007


async def test_a_mailbox_that_is_full_is_told_a_tick_later(autojump_clock: MockClock) -> None:
    async with playing(capacity=1) as scene:
        scene.mailbox.put("work")
        await scene.said(frame(TEXT, b"hello"))
        assert await scene.mailbox.get() == "work"
        assert len(scene.mailbox) == 0
        await trio.sleep(1.1)
        assert await scene.mailbox.get() is INPUT


async def test_what_came_before_the_end_can_be_read_after_it(scene: Scene) -> None:
    await scene.said(frame(TEXT, b"posted") + frame(TEXT, b"cut off")[:-1])
    await scene.mailbox.get()
    assert scene.connection.peek() == Frame(b"posted")
    scene.connection.advance()
    assert scene.connection.peek() is None
    await scene.said(b"")
    await scene.client.send_eof()
    await wait_all_tasks_blocked()
    assert scene.connection.closed
    assert await scene.mailbox.get() is INPUT


async def test_frames_that_wait_survive_the_end_of_the_stream(scene: Scene) -> None:
    await scene.said(frame(TEXT, b"posted"))
    await scene.client.send_eof()
    await wait_all_tasks_blocked()
    assert scene.connection.closed
    assert scene.connection.peek() == Frame(b"posted")
    scene.connection.advance()
    assert scene.connection.peek() is None


async def test_nothing_is_read_after_our_goodbye(scene: Scene) -> None:
    await scene.said(frame(TEXT, b"not handled yet"))
    assert scene.connection.peek() is not None
    scene.connection.close(4000, "enough")
    assert scene.connection.closed
    assert scene.connection.peek() is None
    await scene.said(frame(TEXT, b"too late"))
    assert scene.connection.peek() is None
    assert await scene.client.close_code() == 4000


async def test_what_waits_is_written_before_the_goodbye(scene: Scene) -> None:
    scene.connection.write(b"\x81\x05first")
    scene.connection.write(b"\x81\x06second")
    scene.connection.close(4000)
    assert await scene.client.text() == "first"
    assert await scene.client.text() == "second"
    assert await scene.client.close_code() == 4000


async def test_a_client_that_does_not_say_goodbye_is_dropped_after_five_seconds(
    scene: Scene, autojump_clock: MockClock
) -> None:
    scene.connection.close(4000)
    assert await scene.client.close_code() == 4000
    before = trio.current_time()
    assert await scene.client.at_end()
    assert LIMITS.goodbye <= trio.current_time() - before <= LIMITS.goodbye + 1.1
    assert not scene.sweeper.connections


async def test_a_client_that_can_not_be_understood_sees_the_end_at_once(
    scene: Scene, autojump_clock: MockClock
) -> None:
    await scene.said(frame(3, b"?"))
    with pytest.raises(BadFrame):
        scene.connection.peek()
    scene.connection.close(1002)
    before = trio.current_time()
    assert await scene.client.close_code() == 1002
    assert await scene.client.at_end()
    assert trio.current_time() == before


async def test_silence_closes_after_a_minute_to_the_second(scene: Scene, autojump_clock: MockClock) -> None:
    await trio.sleep(30)
    await scene.said(frame(PING))
    assert scene.connection.peek() is None
    before = trio.current_time()
    assert await scene.client.close_code() == 1001
    assert LIMITS.silence - 1.1 <= trio.current_time() - before <= LIMITS.silence + 1.1
    assert await scene.client.at_end()
    assert scene.connection.closed


async def test_a_client_that_says_a_byte_now_and_then_stays(scene: Scene, autojump_clock: MockClock) -> None:
    for _ in range(10):
        await trio.sleep(50)
        await scene.said(frame(PING))
        assert scene.connection.peek() is None
    assert not scene.connection.closed


async def test_reading_pauses_while_too_much_waits_and_goes_on_then(scene: Scene) -> None:
    message = frame(TEXT, b"x" * 900)
    for _ in range(5):
        await scene.said(message)
    paused = scene.connection._paused
    assert paused
    count = 0
    while scene.connection.peek() is not None:
        scene.connection.advance()
        count += 1
    await wait_all_tasks_blocked()
    while scene.connection.peek() is not None:
        scene.connection.advance()
        count += 1
    assert count == 5
    assert not scene.connection._paused


async def test_too_many_pings_at_once_are_answered_in_turns(scene: Scene) -> None:
    await scene.said(frame(PING) * 600 + frame(TEXT, b"at last"))
    assert await scene.mailbox.get() is INPUT
    assert scene.connection.peek() is None
    assert await scene.mailbox.get() is INPUT
    await wait_all_tasks_blocked()
    assert scene.connection.peek() == Frame(b"at last")


async def test_bytes_behind_the_handshake_are_there_at_the_first_look() -> None:
    async with playing(unread=frame(TEXT, b"hello") + frame(TEXT, b"world")[:3]) as scene:
        assert await scene.mailbox.get() is INPUT
        assert scene.connection.peek() == Frame(b"hello")
        scene.connection.advance()
        await scene.said(frame(TEXT, b"world")[3:])
        assert scene.connection.peek() == Frame(b"world")


async def test_a_session_that_crashed_for_good_takes_its_socket_along(scene: Scene) -> None:
    scene.mailbox.down(Exit(ExitKind.CRASHED, RuntimeError()), restarting=False)
    assert await scene.client.frame() == (CLOSE, close_payload(1011))


async def test_a_session_that_is_started_again_keeps_its_socket(scene: Scene) -> None:
    told: list[Down] = []
    scene.mailbox.monitor(told.append)
    scene.mailbox.down(Exit(ExitKind.CRASHED, RuntimeError()), restarting=True)
    assert told
    assert not scene.connection.closed
    await scene.said(frame(TEXT, b"hello"))
    assert await scene.mailbox.get() is INPUT
