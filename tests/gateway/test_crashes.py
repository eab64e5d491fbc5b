"""A bug in one connection is that connection's: its supervisor hears of it, the others do not."""

import socket
from typing import Any

import pytest
import trio

from chatter.actors.child import ChildEnded, RestartsExceeded, SupervisorEvent
from chatter.actors.connection import Connection
from chatter.actors.mailbox import Ref
from chatter.core.model import User
from chatter.gateway import Gateway, StreamConnection, WebSocketConnection
from chatter.gateway.listening import Acceptor
from chatter.gateway.poller import Poller, SocketConnection
from chatter.gateway.sweeper import Sweeper
from chatter.wire.websocket import FrameReader, text_frame
from tests.gateway.client import upgrade_request
from tests.gateway.stage import EchoHouse, Stage, eventually, make_app, staged


def ends(seen: list[SupervisorEvent]) -> list[ChildEnded]:
    return [event for event in seen if isinstance(event, ChildEnded)]


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
        await eventually(lambda: len(ends(seen)) == 1)
        assert str(ends(seen)[0].exit.error) == "a bug in the house"
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


async def test_a_crash_in_the_poller_on_behalf_of_one_socket_ends_that_socket_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[SupervisorEvent] = []
    async with staged(observer=seen.append) as stage:
        ann, bob = await stage.connected(), await stage.connected()
        unlucky = stage.house.connection
        received = WebSocketConnection.received

        def crash_one(connection: WebSocketConnection, data: bytes) -> None:
            if connection is unlucky:
                raise RuntimeError("a bug in the poller")
            received(connection, data)

        monkeypatch.setattr(WebSocketConnection, "received", crash_one)
        await bob.send_text("hello")
        assert await bob.close_code() == 1011
        await ann.send_text("hello")
        assert await ann.text() == "visitor: hello"
        (crash,) = ends(seen)
        assert (crash.supervisor, crash.child) == ("connections", unlucky.id)
        assert str(crash.exit.error) == "a bug in the poller"
        assert stage.gateway.tree().children[2].restarts == 0


async def test_a_socket_that_can_not_even_be_closed_after_a_crash_is_hung_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await stage.connected(), await stage.connected()
    unlucky = stage.house.connection
    flush = SocketConnection.flush

    def crash_one(connection: SocketConnection) -> None:
        if connection is unlucky:
            raise RuntimeError("a bug in the poller")
        flush(connection)

    monkeypatch.setattr(SocketConnection, "flush", crash_one)
    monkeypatch.setattr(WebSocketConnection, "received", lambda connection, _: connection.flush())
    await bob.send_text("hello")
    assert await bob.at_end()
    assert unlucky.closed
    monkeypatch.undo()
    await ann.send_text("hello")
    assert await ann.text() == "visitor: hello"


PLACES: dict[str, tuple[type, str]] = {
    "poller": (Poller, "_attend_some"),
    "sweeper": (Sweeper, "sweep"),
    "acceptors": (Acceptor, "_accept_some"),
}


@pytest.mark.parametrize("who", PLACES)
async def test_who_of_the_staff_crashes_is_started_again_and_no_socket_notices(
    monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    seen: list[SupervisorEvent] = []
    async with staged(observer=seen.append) as stage:
        ann = await stage.connected()
        place = {
            "poller": (Poller, "_attend_some"),
            "sweeper": (Sweeper, "sweep"),
            "acceptors": (Acceptor, "_accept_some"),
        }
        of, method = place[who]
        original, crashes = getattr(of, method), list[str]()

        def crash_twice(self: Any, *arguments: Any) -> Any:
            if len(crashes) < 2:
                crashes.append(who)
                raise RuntimeError("a bug in the staff")
            return original(self, *arguments)

        monkeypatch.setattr(of, method, crash_twice)
        bob = await stage.connected()  # the one who is waited for is woken by this
        for client in (ann, bob):
            await client.send_text("hello")
            assert await client.text() == "visitor: hello"
        await eventually(lambda: len(crashes) == 2)
        await eventually(lambda: _restarts(stage, who) == 2)
        assert [end.child for end in ends(seen)] == [who, who]
        await ann.send_text("still here")
        assert await ann.text() == "visitor: still here"


def _restarts(stage: Stage, who: str) -> int:
    (node,) = [node for node in stage.gateway.tree().children if node.name == who]
    return node.restarts


async def test_when_one_of_the_staff_crashes_too_often_the_gateway_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sweeper, "sweep", crash_always)
    gateway = Gateway(EchoHouse(), make_app(), port=0)
    with pytest.raises(ExceptionGroup) as crash, trio.fail_after(5):
        await gateway.run(lambda: None)
    assert crash.group_contains(RestartsExceeded)


def crash_always(*_: object) -> None:
    raise RuntimeError("a bug in the staff")


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
        kind.fanout(mine)(text_frame(b"to all"))
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
