"""Clients that do not read: closed with 1013 at a limit, dropped when they stall, and no concern of others."""

import socket

import pytest
import trio
from trio.testing import MockClock

from chatter.gateway import Limits
from chatter.gateway.backlog import Backlog
from chatter.wire.websocket import text_frame
from tests.gateway.client import TEXT, frame
from tests.gateway.stage import Stage, eventually, staged

PIECE = text_frame(b"x" * 10_000)


async def filled(stage: Stage) -> int:
    """Write to the newest connection until it is closed; how many writes it took."""
    connection = stage.house.connection
    count = 0
    with trio.fail_after(10):
        while not connection.closed:
            for _ in range(50):
                connection.write(PIECE)
                count += 1
            await trio.lowlevel.checkpoint()
    return count


async def test_a_slow_reader_is_closed_with_1013_between_two_frames() -> None:
    async with staged(limits=Limits(goodbye=60)) as stage:
        for connect in (stage.connected, stage.connected_stream):
            client = await connect()
            count = await filled(stage)
            received = 0
            while (opcode := (await client.frame())[0]) == TEXT:
                received += 1
            assert opcode == 8
            assert 0 < received < count


async def test_a_slow_reader_that_reads_on_hears_1013(stage: Stage) -> None:
    client = await stage.connected()
    await filled(stage)
    assert await client.close_code() == 1013


async def test_a_stalled_reader_costs_the_others_nothing() -> None:
    async with staged() as stage:
        await stage.connected()
        stalled = stage.house.connection
        bob = await stage.connected()
        while not stalled.closed:
            for connection in stage.house.connections.values():
                connection.write(PIECE)
            assert len(await bob.text()) == 10_000
        await bob.send_text("hello")
        while await bob.text() != "visitor: hello":
            continue


async def test_a_reader_that_catches_up_gets_everything_in_order() -> None:
    async with staged(limits=Limits(backlog=20_000_000)) as stage:
        for connect in (stage.connected, stage.connected_stream):
            client = await connect()
            connection = stage.house.connection
            for n in range(1000):
                connection.write(text_frame(b"%d " % n * 2000))
            for n in range(1000):
                assert (await client.text()).startswith(f"{n} ")
            await client.send_text("direct again")
            assert await client.text() == "visitor: direct again"


async def test_one_long_write_is_no_offence(stage: Stage) -> None:
    client = await stage.connected()
    connection = stage.house.connection
    long = text_frame(b"x" * 20_000_000)
    connection.write(long)
    connection.write(text_frame(b"and more"))
    assert not connection.closed
    assert len(await client.text()) == 20_000_000
    assert await client.text() == "and more"


async def test_a_backlog_without_progress_is_dropped_in_time() -> None:
    async with staged(limits=Limits(stall=0.1, backlog=100_000_000)) as stage:
        await stage.connected()
        connection = stage.house.connection
        for _ in range(5000):
            connection.write(PIECE)
        assert not connection.closed
        await eventually(lambda: connection.closed)
        await eventually(lambda: stage.gateway.statistics().websockets == 0)


async def test_in_virtual_time_a_stalled_stream_is_dropped_after_thirty_seconds(
    memory_stage: Stage, autojump_clock: MockClock
) -> None:
    client = memory_stage.dial_lockstep()
    await client.upgrade()
    connection = memory_stage.house.connection
    connection.write(PIECE)
    for _ in range(3):  # it is not silent: it sends, and does not read
        await trio.sleep(9)
        assert not connection.closed
        await client.send(frame(TEXT, b"hello"))
    await trio.sleep(5)
    assert connection.closed


def test_a_backlog_keeps_writes_as_they_are_and_counts_what_waits_behind_the_first() -> None:
    shared = bytes(1000)
    backlog = Backlog()
    for _ in range(3):
        backlog.add(shared)
    assert backlog.behind == 2000
    assert backlog.take(600) == bytes(600)
    assert backlog.behind == 2000
    assert backlog.take(600) == bytes(400)
    assert backlog.behind == 1000


def test_a_backlog_begun_elsewhere_goes_on_where_it_was() -> None:
    backlog = Backlog()
    backlog.add(b"hello", 2)
    backlog.add(b"world")
    taken: list[bytes] = []

    def send(pieces: list[memoryview | bytes]) -> int:
        whole = b"".join(pieces)[:3]
        taken.append(whole)
        if len(taken) > 1:
            raise BlockingIOError
        return len(whole)

    assert backlog.send(send) == 3
    assert taken == [b"llo"]
    assert backlog.send(send) == 0
    assert backlog.take(100) == b"world"
    assert not backlog


def test_cutting_a_backlog_leaves_the_write_under_way() -> None:
    backlog = Backlog()
    for word in (b"hello", b"world"):
        backlog.add(word)
    backlog.take(2)
    backlog.cut()
    backlog.add(b"goodbye")
    assert backlog.take(10) + backlog.take(10) == b"llogoodbye"
    backlog.add(b"not begun")
    backlog.cut()
    assert not backlog


def test_a_closed_reader_is_noticed_at_the_write() -> None:
    """The premise of `SocketConnection.write`: a peer's reset is an `OSError` of `send`, never a signal."""
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(BrokenPipeError):
            ours.send(b"x")
