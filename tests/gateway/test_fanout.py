"""A broadcast to many: by a `send` each, and by one system call, it is the same."""

import os
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import trio

from chatter.gateway import Limits
from chatter.gateway import fanout as module
from chatter.gateway.network import System
from chatter.gateway.poller import SocketConnection
from chatter.gateway.uring import LONGEST, Ring
from chatter.wire.websocket import text_frame
from tests.gateway.client import Client
from tests.gateway.stage import Stage, eventually, staged


class WithoutRing(System):
    def ring(self) -> Ring | None:
        return None


@pytest.fixture(params=["by send", "by ring"])
async def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    by_ring = request.param == "by ring"
    if by_ring:
        if (ring := Ring.open()) is None:
            pytest.skip("this kernel has no io_uring for us")
        ring.close()
    sent: list[int] = []
    send = Ring.send

    def noted(ring: Ring, batch: Any, data: bytes) -> list[tuple[int, int]]:
        sent.append(len(batch))
        return send(ring, batch, data)

    monkeypatch.setattr(Ring, "send", noted)
    monkeypatch.setattr(module, "FEW", 0)
    network = System() if by_ring else WithoutRing()
    async with staged(limits=Limits(backlog=20_000_000), network=network) as stage:
        sent.clear()
        yield stage
    assert bool(sent) == by_ring


def audience(stage: Stage) -> list[SocketConnection]:
    """All who are connected, oldest first."""
    return [connection for connection in stage.house.connections.values() if isinstance(connection, SocketConnection)]


async def connected(stage: Stage, count: int) -> list[Client]:
    return [await stage.connected() for _ in range(count)]


async def hear(clients: Sequence[Client], text: str) -> None:
    for client in clients:
        assert await client.text() == text


async def test_all_hear_it(stage: Stage) -> None:
    clients = await connected(stage, 40)
    tell = SocketConnection.fanout(audience(stage))
    for text in ("one", "two", "x" * 1000):
        tell(text_frame(text.encode()))
        await hear(clients, text)


async def test_more_than_go_into_a_ring_all_hear_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 16)
    clients = await connected(stage, 40)
    tell = SocketConnection.fanout(audience(stage))
    for text in ("one", "two"):
        tell(text_frame(text.encode()))
        await hear(clients, text)


async def test_a_text_longer_than_a_ring_holds_reaches_all(stage: Stage) -> None:
    clients = await connected(stage, 3)
    tell = SocketConnection.fanout(audience(stage))
    for text in ("before", "x" * (LONGEST + 1), "after"):
        tell(text_frame(text.encode()))
        await hear(clients, text)


async def test_the_same_people_are_told_whoever_of_them_falls_behind_catches_up_or_goes(stage: Stage) -> None:
    ann, bob, cid, dan = await connected(stage, 4)
    connections = audience(stage)
    tell = SocketConnection.fanout(connections)
    for n in range(1000):
        tell(text_frame(b"%d " % n * 2000))
        for reader in (ann, dan):
            assert (await reader.text()).startswith(f"{n} ")
    assert not connections[1].ready
    connections[2].close(4000)
    tell(text_frame(b"late"))
    await hear((ann, dan), "late")
    for n in range(1000):
        assert (await bob.text()).startswith(f"{n} ")
        assert (await cid.text()).startswith(f"{n} ")
    await hear([bob], "late")
    assert await cid.close_code() == 4000
    await eventually(lambda: connections[1].ready)
    tell(text_frame(b"direct again"))
    await hear((ann, bob, dan), "direct again")


async def test_who_is_gone_is_hung_up_on_and_the_others_hear_it(stage: Stage) -> None:
    ann, bob = await connected(stage, 2)
    connections = audience(stage)
    tell = SocketConnection.fanout(connections)
    await bob.aclose()
    with trio.fail_after(5):
        while not connections[1].closed:
            tell(text_frame(b"hello"))
            assert await ann.text() == "hello"
    tell(text_frame(b"without bob"))
    assert await ann.text() == "without bob"


async def test_a_descriptor_that_somebody_else_has_by_now_is_not_written_to(stage: Stage) -> None:
    ann, bob = await connected(stage, 2)
    connections = audience(stage)
    tell = SocketConnection.fanout(connections)
    tell(text_frame(b"both"))
    await hear((ann, bob), "both")
    descriptor = connections[1].descriptor
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connections[1].hang_up()
        os.dup2(ours.fileno(), descriptor)
        try:
            os.write(descriptor, b"!")
            assert theirs.recv(100) == b"!"
            tell(text_frame(b"not for strangers"))
            assert await ann.text() == "not for strangers"
            theirs.setblocking(False)
            with pytest.raises(BlockingIOError):
                theirs.recv(100)
        finally:
            os.close(descriptor)
