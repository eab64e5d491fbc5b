"""The Redis bus when Redis goes away, comes back, falls silent, or was never there."""

import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
import trio

from chatter.bus.port import BusConnected, BusEvent, BusLost
from chatter.bus.redis import RedisBus
from tests.contracts.test_bus import Ear, running, say
from tests.redis_server import RedisServer, redis_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    with redis_server(tmp_path) as server:
        await server.start()
        yield server


async def eventually(true: Callable[[], bool], within: float = 10) -> None:
    with trio.fail_after(within):
        while not true():  # noqa: ASYNC110 — the server is another process
            await trio.sleep(0.01)


async def test_when_redis_was_away_it_is_found_again_and_everybody_is_told_that_they_missed_something(
    server: RedisServer,
) -> None:
    events: list[BusEvent] = []
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url, events.append)) as two:
        ear = Ear(two, "room:lobby")
        await ear.ready()
        missed = ear.missed
        server.kill()
        await eventually(lambda: not one.connected and not two.connected)
        say(one, "room:lobby", b"lost")
        await server.start()
        await ear.until(lambda ear: ear.missed > missed)
        await eventually(lambda: one.connected)
        say(one, "room:lobby", b"heard")
        await ear.until(lambda ear: ear.heard == [b"heard"])
        assert [type(event) for event in events] == [BusConnected, BusLost, BusConnected]


async def test_redis_can_go_away_again_and_again(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url)) as two:
        ear = Ear(two, "room:lobby")
        for time in range(3):
            await eventually(lambda: one.connected and two.connected)
            await ear.until(lambda ear, time=time: ear.missed > time)  # type: ignore[misc]
            say(one, "room:lobby", b"%d" % time)
            await ear.until(lambda ear, time=time: ear.heard[-1:] == [b"%d" % time])  # type: ignore[misc]
            server.kill()
            await eventually(lambda: not one.connected and not two.connected)
            await server.start()


async def test_a_redis_that_no_longer_answers_is_given_up_and_taken_again_when_it_does(server: RedisServer) -> None:
    events: list[BusEvent] = []
    async with running(RedisBus(server.url, events.append)) as bus:
        ear = Ear(bus, "room:lobby")
        await ear.ready()
        server.signal(signal.SIGSTOP)
        await eventually(lambda: not bus.connected)
        assert isinstance(events[-1], BusLost)
        server.signal(signal.SIGCONT)
        await eventually(lambda: bus.connected)
        await ear.until(lambda ear: ear.missed > 1)


async def test_without_redis_it_starts_alone_says_so_once_and_joins_the_others_later(server: RedisServer) -> None:
    server.kill()
    events: list[BusEvent] = []
    async with running(RedisBus(server.url, events.append)) as bus:
        assert not bus.connected
        ear = Ear(bus, "room:lobby")
        await trio.sleep(0.5)
        assert [type(event) for event in events] == [BusLost]
        await server.start()
        await ear.ready()
        assert bus.connected


async def test_a_host_that_takes_connections_and_says_nothing_does_not_hold_up_the_start() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        with trio.fail_after(8):
            async with running(RedisBus(f"redis://127.0.0.1:{mute.getsockname()[1]}")) as bus:
                assert not bus.connected


async def test_a_redis_that_takes_no_more_is_given_up_though_a_write_is_stuck(server: RedisServer) -> None:
    events: list[BusEvent] = []
    async with running(RedisBus(server.url, events.append)) as bus:
        server.signal(signal.SIGSTOP)
        for _ in range(100):
            say(bus, "room:lobby", bytes(1024 * 1024))
            await trio.sleep(0)
        before = bus.statistics().published
        await eventually(lambda: not bus.connected)
        assert bus.statistics().published == before, "more than the kernel's buffers was taken"
        assert bus.statistics().dropped > 50
        server.signal(signal.SIGCONT)
        await eventually(lambda: bus.connected)


async def test_a_redis_that_may_not_be_hushed_is_not_listened_to(server: RedisServer) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
        await stream.send_all(b"ACL SETUSER default -client\r\nCLIENT ID\r\n")
        answer = b""
        while answer.count(b"\r\n") < 2:
            answer += await stream.receive_some()
        assert b"-NOPERM" in answer
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url)) as two:
        ear = Ear(two, "room:lobby")
        await ear.ready()
        for number in range(2_000):
            say(one, "room:lobby", b"%d" % number)
        await ear.until(lambda ear: ear.heard[-1:] == [b"1999"])
        assert one.statistics().connections == two.statistics().connections == 1


async def test_a_room_that_may_not_be_heard_is_an_error(server: RedisServer) -> None:
    events: list[BusEvent] = []
    async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
        await stream.send_all(b"ACL SETUSER default resetchannels &chatter:pulse:*\r\n")
        assert await stream.receive_some() == b"+OK\r\n"
    async with running(RedisBus(server.url, events.append)) as bus:
        Ear(bus, "room:lobby")
        await eventually(lambda: any(isinstance(event, BusLost) for event in events))
    assert "channel" in str(events[-1])


async def test_what_is_told_faster_than_redis_takes_it_does_not_pile_up(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as bus:
        for number in range(30_000):
            say(bus, "room:lobby", b"%d" % number)
        dropped = bus.statistics().dropped
        assert 20_000 <= dropped <= 20_001  # the pulse waits there, too
        await eventually(lambda: bus.statistics().published >= 10_000)
        assert bus.statistics().dropped == dropped


async def test_a_thousand_rooms_can_be_subscribed_to_at_once_and_after_a_break(server: RedisServer) -> None:
    async with running(RedisBus(server.url)) as one, running(RedisBus(server.url)) as two:
        ears = [Ear(two, f"room:r{number}") for number in range(1_000)]
        for times in (1, 2):
            for ear in ears:
                await ear.until(lambda ear, times=times: ear.missed >= times)  # type: ignore[misc]
            await eventually(lambda: one.connected)
            say(one, "room:r999", b"hello")
            await ears[999].until(lambda ear, times=times: ear.heard == [b"hello"] * times)  # type: ignore[misc]
            if times == 1:
                server.kill()
                await eventually(lambda: not two.connected)
                await server.start()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://someone:secret@example.org:6380/3", "redis://example.org:6380/3"),
        ("rediss://:secret@example.org", "rediss://example.org"),
        ("redis://localhost", "redis://localhost"),
    ],
)
def test_no_secret_is_shown(url: str, shown: str) -> None:
    assert RedisBus(url).where == shown


async def test_a_wrong_password_is_said_and_no_secret_with_it(server: RedisServer) -> None:
    events: list[BusEvent] = []
    url = server.url.replace("redis://", "redis://someone:secret@")
    async with running(RedisBus(url, events.append)) as bus:
        assert not bus.connected
    (event,) = events
    assert isinstance(event, BusLost)
    assert event.why
    assert "secret" not in f"{event}"
