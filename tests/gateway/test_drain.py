"""Stopping: nobody new, a goodbye to all, an end in time whatever the clients do."""

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from chatter.gateway import Gateway, Limits, gateway
from chatter.wire.websocket import text_frame
from tests.gateway.client import PING, TEXT, Client, frame, upgrade_request
from tests.gateway.stage import EchoHouse, Stage, eventually, make_app, running, staged
from tests.gateway.test_http import get

QUICK = Limits(grace=0.05, drain=0.5)


async def test_websockets_hear_1012_and_nobody_new_is_accepted(stage: Stage) -> None:
    ann, bob = await stage.connected(), await stage.connected_stream()
    host, port = stage.gateway.address
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.gateway.drain)
        for client in (ann, bob):
            assert await client.closed_with() == 1012
    with pytest.raises(OSError, match="connect"):
        await trio.open_tcp_stream(host, port)
    assert (await stage.dial_memory().refused(upgrade_request())).status == 503
    assert stage.gateway.statistics().websockets == 0


async def test_what_came_before_the_drain_is_answered_before_the_goodbye(stage: Stage) -> None:
    ann = await stage.connected()
    await ann.send_text("just in time")
    await trio.sleep(0.02)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.gateway.drain)
        assert await ann.text() == "visitor: just in time"
        assert await ann.closed_with() == 1012


async def test_each_is_advised_to_come_back_at_another_time(memory_stage: Stage, autojump_clock: MockClock) -> None:
    clients = [memory_stage.dial_memory() for _ in range(20)]
    advice: list[float] = []

    async def listen(client: Client) -> None:
        _, payload = await client.frame()
        assert payload.startswith(b"\x03\xf4service restart: come back in ")
        advice.append(float(payload.split()[-2]))
        await client.aclose()

    for client in clients:
        await client.upgrade()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory_stage.gateway.drain)
        for client in clients:
            nursery.start_soon(listen, client)
    advice.sort()
    assert len(advice) == 20
    assert 0.5 <= advice[0] < 1
    assert 4.5 < advice[-1] <= 5
    assert max(later - sooner for sooner, later in pairwise(advice)) < 0.7


async def test_it_waits_for_answers_as_long_as_they_take(memory_stage: Stage, autojump_clock: MockClock) -> None:
    client = memory_stage.dial_memory()
    await client.upgrade()
    memory_stage.house.busy = 2.0
    before = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory_stage.gateway.drain)
        await trio.sleep(1.9)
        memory_stage.house.connection.write(text_frame(b"a late answer"))
        assert await client.text() == "a late answer"
        assert await client.closed_with() == 1012
    assert 2 <= trio.current_time() - before < 2.5
    assert memory_stage.house.settled == [memory_stage.house.connection.id]


async def test_answers_that_take_too_long_are_not_waited_for(memory_stage: Stage, autojump_clock: MockClock) -> None:
    client = memory_stage.dial_memory()
    await client.upgrade()
    memory_stage.house.busy = 60
    before = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory_stage.gateway.drain)
        assert await client.closed_with() == 1012
    assert 2.5 <= trio.current_time() - before < 3


async def test_many_are_told_goodbye_a_few_at_a_time_and_talk_until_then(
    memory_stage: Stage, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "GOODBYES_A_TURN", 2)
    clients = [memory_stage.dial_memory() for _ in range(200)]
    for client in clients:
        await client.upgrade()
    before = trio.current_time()
    parted: list[float] = []

    async def talk(client: Client) -> None:
        await client.send_text("hello")
        assert await client.text() == "visitor: hello"
        assert await client.closed_with() == 1012
        parted.append(trio.current_time() - before)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory_stage.gateway.drain)
        await trio.sleep(0.03)
        nursery.start_soon(talk, clients.pop())
        for client in clients:
            nursery.start_soon(client.closed_with)
    assert memory_stage.house.closed
    assert [1.9 < seconds < 2.5 for seconds in parted] == [True]


async def test_one_whose_answer_never_comes_holds_up_few_others(
    memory_stage: Stage, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "GOODBYES_A_TURN", 2)
    clients = [memory_stage.dial_memory() for _ in range(6)]
    for client in clients:
        await client.upgrade()
    memory_stage.house.stuck = next(iter(memory_stage.house.connections))
    before = trio.current_time()
    parted: list[float] = []

    async def listen(client: Client) -> None:
        assert await client.closed_with() == 1012
        parted.append(trio.current_time() - before)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory_stage.gateway.drain)
        for client in clients:
            nursery.start_soon(listen, client)
    assert [seconds < 0.5 for seconds in parted] == [True] * 4 + [False] * 2
    assert max(parted) < 3


async def test_what_comes_during_the_drain_is_not_begun(stage: Stage) -> None:
    ann = await stage.connected()
    stage.house.busy = 0.25
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.gateway.drain)
        await trio.sleep(0.05)
        await ann.send_text("too late")
        assert (await ann.frame())[1][:2] == (1012).to_bytes(2, "big")
        await ann.aclose()


async def test_a_request_under_way_is_answered_and_its_connection_closed(stage: Stage) -> None:
    client, idle = await stage.dial(), await stage.dial()
    await idle.send(get("/hello"))
    assert (await idle.response()).status == 200
    await client.send(get("/slow/0.3"))
    await eventually(lambda: stage.gateway.statistics().http == 2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.gateway.drain)
        assert await idle.at_end()
        assert (await client.response()).status == 200
        assert await client.at_end()


async def test_clients_that_neither_read_nor_close_are_dropped_in_time() -> None:
    async with staged(limits=QUICK) as stage:
        await stage.connected()
        for _ in range(3000):
            stage.house.connection.write(b"\x81\x7e\x20\x00" + bytes(8192))
        large = await stage.dial()
        await large.send(get("/large/30000000"))
        waiting = await stage.dial()
        await waiting.send(get("/slow/60.0"))
        half = await stage.dial()
        await half.send(upgrade_request()[:20])
        await eventually(lambda: stage.gateway.statistics().http == 2)
        before = trio.current_time()
        stage.gateway.stop()
        await eventually(lambda: stage.gateway.statistics().http + stage.gateway.statistics().handshakes == 0)
        assert trio.current_time() - before < 2
    assert trio.current_time() - before < 3


async def test_with_the_usual_limits_it_ends_within_eight_seconds(
    memory_stage: Stage, autojump_clock: MockClock
) -> None:
    client = memory_stage.dial_memory()
    await client.upgrade()
    before = trio.current_time()
    await memory_stage.gateway.drain()
    assert 4.9 <= trio.current_time() - before < 6
    assert await client.close_code() == 1012


async def test_a_full_outbox_does_not_hold_a_drain_in_virtual_time(
    memory_stage: Stage, autojump_clock: MockClock
) -> None:
    client = memory_stage.dial_lockstep()
    await client.upgrade()
    await client.send(frame(PING) + frame(TEXT, b"not read"))
    slow = memory_stage.dial_memory()
    await slow.send(get("/slow/100.0"))
    before = trio.current_time()
    await memory_stage.gateway.drain()
    assert trio.current_time() - before < 8


async def test_stopping_before_it_has_started_is_stopping() -> None:
    gateway = Gateway(EchoHouse(), make_app(), port=0)
    gateway.stop()
    with trio.fail_after(5):
        await gateway.run(lambda: None)


async def test_the_same_gateway_runs_again_on_the_same_port() -> None:
    house = EchoHouse()
    gateway = Gateway(house, make_app(), port=0)
    async with running(house.sessions):
        async with running(gateway):
            address = gateway.address
        async with running(gateway):
            assert gateway.address == address
            stream = await trio.open_tcp_stream(*address)
            await stream.aclose()


async def test_cancelled_it_drops_everything_and_gives_up_the_port() -> None:
    house = EchoHouse()
    gateway = Gateway(house, make_app(), port=0)
    async with running(house.sessions):
        async with trio.open_nursery() as nursery:
            await nursery.start(_run, gateway)
            stage = Stage(gateway, house, nursery)
            ann = await stage.connected()
            address = gateway.address
            nursery.cancel_scope.cancel()
        assert house.connection.closed
        assert await ann.at_end()
        with pytest.raises(OSError, match="connect"):
            await trio.open_tcp_stream(*address)
        await ann.aclose()


async def _run(gateway: Gateway, task_status: trio.TaskStatus[None]) -> None:
    await gateway.run(task_status.started)
