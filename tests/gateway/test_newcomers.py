"""Who has connected and said nothing yet: the poller and the sweeper mind them, no task does."""

import pytest
import trio

from chatter.actors.child import ChildEnded
from chatter.gateway import Limits
from chatter.gateway.door import Door
from tests.gateway.client import Client, upgrade_request
from tests.gateway.stage import Stage, eventually, make_app, staged
from tests.gateway.test_http import get


async def silent(stage: Stage, count: int = 1) -> list[Client]:
    """They are connected, and known to the gateway."""
    before = stage.gateway.statistics().handshakes
    clients = [await stage.dial() for _ in range(count)]
    await eventually(lambda: stage.gateway.statistics().handshakes == before + count)
    return clients


async def test_who_is_silent_costs_no_task(stage: Stage) -> None:
    await stage.connected()
    await trio.testing.wait_all_tasks_blocked()
    before = trio.lowlevel.current_statistics().tasks_living
    clients = await silent(stage, 20)
    assert trio.lowlevel.current_statistics().tasks_living == before
    for client in clients:
        await client.upgrade()
    assert stage.gateway.statistics().handshakes == 0
    assert stage.gateway.statistics().websockets == 21


async def test_each_becomes_what_they_ask_for(stage: Stage) -> None:
    ann, bob, cid, dan = await silent(stage, 4)
    await ann.upgrade()
    await bob.send(get("/hello"))
    assert (await bob.response()).status == 200
    await cid.send(upgrade_request()[:20])
    await trio.testing.wait_all_tasks_blocked()
    await cid.send(upgrade_request()[20:])
    assert (await cid.response()).status == 101
    assert (await dan.refused(b"nonsense\r\n\r\n")).status == 400
    for client in (ann, cid):
        await client.send_text("hello")
        assert await client.text() == "visitor: hello"


async def test_who_leaves_without_a_word_is_forgotten(stage: Stage) -> None:
    clients = await silent(stage, 5)
    for client in clients:
        await client.aclose()
    await eventually(lambda: stage.gateway.statistics().handshakes == 0)
    assert stage.gateway.statistics().refused == 0


async def test_who_says_nothing_for_too_long_is_told_so() -> None:
    async with staged(limits=Limits(head=0.1)) as stage:
        [client] = await silent(stage)
        assert (await client.response()).status == 408
        assert await client.at_end()
        assert stage.gateway.statistics().handshakes == 0


async def test_a_drain_does_not_wait_for_the_silent(stage: Stage) -> None:
    clients = await silent(stage, 3)
    with trio.fail_after(2):
        await stage.gateway.drain()
    for client in clients:
        assert await client.at_end()
    assert stage.gateway.statistics().handshakes == 0


async def test_whose_handshake_meets_a_bug_is_alone_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[ChildEnded] = []
    open_ = Door._open

    def broken(door: Door, line: object, head: object, unread: bytes) -> object:
        if not ended:
            raise RuntimeError("a bug at the door")
        return open_(door, line, head, unread)  # type: ignore[arg-type]

    def observe(event: object) -> None:
        if isinstance(event, ChildEnded):
            ended.append(event)

    monkeypatch.setattr(Door, "_open", broken)
    async with staged(make_app(), observer=observe) as stage:
        ann, bob = await silent(stage, 2)
        await ann.send(upgrade_request())
        assert await ann.at_end()
        assert [str(event.exit.error) for event in ended] == ["a bug at the door"]
        await bob.upgrade()
        await bob.send_text("hello")
        assert await bob.text() == "visitor: hello"
        assert stage.gateway.statistics().handshakes == 0
