"""What is not our WebSocket goes through Hypercorn to the application, on the same port."""

import json

import httpx
import pytest
import trio
from trio.testing import MockClock

from chatter.gateway import Limits
from chatter.gateway.http import KEEP_ALIVE
from tests.gateway.client import TEXT, Client, frame, upgrade_request
from tests.gateway.stage import Stage, eventually, staged


def get(path: str, **headers: str) -> bytes:
    lines = [f"{name}: {value}" for name, value in {"host": "chat.example", **headers}.items()]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def post(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: chat.example\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def test_an_ordinary_client_keeps_its_connection_for_several_requests(stage: Stage) -> None:
    host, port = stage.gateway.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
        for size in (0, 10, 100_000, 1_000_000):
            response = await client.post("/size", content=bytes(size))
            assert response.json() == {"size": size}
            assert stage.gateway.statistics().http == 1
        assert (await client.get("/hello")).json() == {"hello": "world", "scheme": "http"}
        assert (await client.get("/nowhere")).status_code == 404
    await eventually(lambda: stage.gateway.statistics().http == 0)


async def test_a_request_with_a_body_may_come_byte_by_byte(stage: Stage) -> None:
    for client in (await stage.dial(), stage.dial_memory()):
        for byte in post("/size", b"hello"):
            await client.send(bytes([byte]))
        assert json.loads((await client.response()).body) == {"size": 5}


async def test_pipelined_requests_are_answered_in_order(stage: Stage) -> None:
    for client in (await stage.dial(), stage.dial_memory()):
        await client.send(post("/size", b"one") + post("/size", b"three") + get("/hello"))
        assert json.loads((await client.response()).body) == {"size": 3}
        assert json.loads((await client.response()).body) == {"size": 5}
        assert json.loads((await client.response()).body)["hello"] == "world"


async def test_a_plain_request_for_the_socket_is_the_applications(stage: Stage) -> None:
    client = await stage.dial()
    await client.send(get("/socket/websocket"))
    assert (await client.response()).status == 404


async def test_a_websocket_elsewhere_is_not_ours(stage: Stage) -> None:
    client = await stage.dial()
    await client.send(upgrade_request("/live/websocket") + frame(TEXT, b"in a hurry"))
    assert (await client.response()).status == 404


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.0"])
async def test_who_asks_for_an_upgrade_is_answered_without_one(stage: Stage, protocol: str) -> None:
    asked = get("/hello", upgrade=protocol, connection="Upgrade, HTTP2-Settings", **{"http2-settings": "AAMAAABk"})
    for client in (await stage.dial(), stage.dial_memory()):
        await client.send(asked)
        assert (await client.response()).status == 200
        await client.send(asked + get("/hello"))
        assert [(await client.response()).status, (await client.response()).status] == [200, 200]


async def test_http_2_is_not_spoken(stage: Stage) -> None:
    client = await stage.dial()
    await client.send(get("/hello"))
    assert (await client.response()).status == 200
    assert (await client.refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).status == 505
    assert not stage.house.connections


@pytest.mark.parametrize("pieces", [1, 2, 10])
async def test_a_handshake_may_follow_requests_on_one_connection(stage: Stage, pieces: int) -> None:
    """Proxies that keep connections to us send it so."""
    for client in (await stage.dial(), await stage.dial_pair()):
        for _ in range(2):
            await client.send(get("/hello"))
            assert (await client.response()).status == 200
        await eventually(lambda: stage.gateway.statistics().http == 1)
        request = upgrade_request()
        size = len(request) // pieces + 1
        for at in range(0, len(request), size):
            await client.send(request[at : at + size])
            await trio.sleep(0.001)
        assert (await client.response()).status == 101
        await client.send(frame(TEXT, b"hello"))
        assert await client.text() == "visitor: hello"
        await eventually(lambda: stage.gateway.statistics().http == 0)


async def test_requests_that_look_like_a_handshake_at_first_are_answered(stage: Stage) -> None:
    client = await stage.dial()
    for path in ("/hello", "/socket/websocket", "/socket/websocketeer", "/hello"):
        request = get(path)
        await client.send(request[:3])
        await trio.sleep(0.01)
        await client.send(request[3:])
        assert (await client.response()).status == (200 if path == "/hello" else 404)


async def test_an_idle_connection_is_closed(memory_stage: Stage, autojump_clock: MockClock) -> None:
    client = memory_stage.dial_memory()
    await client.send(get("/hello"))
    assert (await client.response()).status == 200
    before = trio.current_time()
    assert await client.at_end()
    assert KEEP_ALIVE - 1 < trio.current_time() - before < KEEP_ALIVE + 5
    await trio.sleep(1)
    assert memory_stage.gateway.statistics().http == 0


async def test_a_client_that_does_not_read_its_response_is_dropped() -> None:
    async with staged(limits=Limits(http_write=0.2)) as stage:
        client = await stage.dial()
        await client.send(get("/large/30000000"))
        await eventually(lambda: stage.gateway.statistics().http == 1)
        await eventually(lambda: stage.gateway.statistics().http == 0)


async def test_a_client_that_hangs_up_before_the_answer_leaves_nothing_behind(stage: Stage) -> None:
    client: Client = await stage.dial()
    await client.send(get("/slow/0.2"))
    await eventually(lambda: stage.gateway.statistics().http == 1)
    await client.aclose()
    await eventually(lambda: stage.gateway.statistics().http == 0)
