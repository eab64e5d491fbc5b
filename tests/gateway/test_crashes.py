"""A bug in one connection is that connection's: its supervisor hears of it, the others do not."""

import socket
from typing import Any

import pytest
import trio

from chatter.actors.child import ChildEnded, SupervisorEvent
from chatter.actors.connection import Connection
from chatter.actors.mailbox import Ref
from chatter.core.model import User
from chatter.gateway import StreamConnection, WebSocketConnection
from chatter.wire.websocket import FrameReader, text_frame
from tests.gateway.client import upgrade_request
from tests.gateway.stage import Stage, eventually, staged


async def test_a_crash_in_a_handshake_is_observed_and_ends_that_connection_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[SupervisorEvent] = []
    async with staged(observer=seen.append) as stage:
        ann = await stage.connected()

        def crash(connection: Connection, user: User | None) -> Ref[Any]:
            raise RuntimeError("a bug in the house")

        with monkeypatch.context() as patch:
            patch.setattr(stage.house, "welcome", crash)
            bob = await stage.dial()
            await bob.send(upgrade_request())
            assert await bob.at_end()
        await eventually(lambda: len(seen) == 1)
        assert isinstance(seen[0], ChildEnded)
        assert str(seen[0].exit.error) == "a bug in the house"
        await ann.send_text("hello")
        assert await ann.text() == "visitor: hello"
        await stage.connected()


async def test_a_crash_in_the_reading_of_frames_is_the_sessions(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = await stage.connected(), await stage.connected()
    for client in (ann, bob):
        await client.send_text("hello")
        assert await client.text() == "visitor: hello"
    with monkeypatch.context() as patch:
        patch.setattr(FrameReader, "next", crash)
        await ann.send_text("hello")
        assert await ann.close_code() == 1011
        assert await ann.at_end()
    await bob.send_text("hello")
    assert await bob.text() == "visitor: hello"


def crash(*_: object) -> None:
    raise RuntimeError("a bug in the reader")


async def test_a_broadcast_reaches_all_but_those_that_are_gone(stage: Stage) -> None:
    for connect in (stage.connected, stage.connected_stream):
        before = set(stage.house.connections)
        clients = [await connect() for _ in range(5)]
        mine = [c for id, c in stage.house.connections.items() if id not in before]
        await clients[1].aclose()
        await eventually(lambda mine=mine: mine[1].closed)  # type: ignore[misc]
        mine[2].close(4000)
        kind = type(mine[0])
        assert issubclass(kind, WebSocketConnection)
        kind.write_all(mine, text_frame(b"to all"))
        for place in (0, 3, 4):
            assert await clients[place].text() == "to all"
        assert await clients[2].close_code() == 4000


async def test_sockets_are_the_pollers_and_streams_are_not(stage: Stage) -> None:
    """The premise of testing both everywhere."""
    await stage.connected()
    assert not isinstance(stage.house.connection, StreamConnection)
    await stage.connected_stream()
    assert isinstance(stage.house.connection, StreamConnection)


async def test_a_client_that_resets_is_gone_at_the_next_write(stage: Stage) -> None:
    ann = await stage.connected()
    connection = stage.house.connection
    ann.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # type: ignore[attr-defined]
    await ann.aclose()
    with trio.fail_after(5):
        while not connection.closed:
            connection.write(text_frame(b"hello"))
            await trio.lowlevel.checkpoint()
    await eventually(lambda: stage.gateway.statistics().websockets == 0)
