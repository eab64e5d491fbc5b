"""The opening handshake: who is let in, who is not, and with which answer."""

import base64
import socket
from urllib.parse import quote

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import open_websocket_url

from chatter.gateway import Limits
from chatter.gateway.limits import MAX_HEAD
from tests.gateway.client import TEXT, Client, Response, frame, upgrade_request
from tests.gateway.stage import ANNS_TOKEN, Stage, eventually, staged


async def refused(stage: Stage, request: bytes) -> Response:
    """The refusal, after which the server closes; the same over the port and beside it."""
    before = stage.gateway.statistics().refused
    response = await (await stage.dial()).refused(request)
    assert response == await stage.dial_memory().refused(request)
    assert response.headers["connection"] == "close"
    assert response.error["message"].endswith(".")
    assert stage.gateway.statistics().refused == before + 2
    assert not stage.house.connections
    return response


@pytest.mark.parametrize("version", ["2.0.0", "2.0.1", "2.11.0", "2.0.0-rc.1"])
async def test_version_2_of_the_protocol_is_arrays(stage: Stage, version: str) -> None:
    await stage.connected(path=f"/socket/websocket?vsn={version}")
    assert stage.house.connection.codec.broadcast("t", "e", b"{}")[2:] == b'[null,null,"t","e",{}]'


@pytest.mark.parametrize("query", ["?vsn=1.0.0", "", "?", "?token=&x=y", "/?vsn=1.2.3"])
async def test_version_1_and_none_is_objects(stage: Stage, query: str) -> None:
    await stage.connected(path=f"/socket/websocket{query}")
    assert stage.house.connection.codec.broadcast("t", "e", b"{}")[2:].startswith(b'{"topic":"t"')


@pytest.mark.parametrize("version", ["3.0.0", "0.9.0", "", "2", "2.0", "two", "2.0.0x", "-1.0.0", "%00", "2.0.0\u0662"])
async def test_no_other_version_of_the_protocol_is_spoken(stage: Stage, version: str) -> None:
    request = upgrade_request(f"/socket/websocket?vsn={quote(version)}")
    response = await refused(stage, request)
    assert response.status == 403
    assert response.error["reason"] == "forbidden"


@pytest.mark.parametrize("version", ["12", "0", "14", None, "13, 8", "x"])
async def test_no_other_version_of_websocket_is_spoken(stage: Stage, version: str | None) -> None:
    response = await refused(stage, upgrade_request(sec_websocket_version=version))
    assert response.status == 426
    assert response.headers["sec-websocket-version"] == "13"
    assert response.headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        "short",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZR==",
        "!" * 24,
        base64.b64encode(bytes(17)).decode(),
    ],
)
async def test_the_key_is_sixteen_bytes_in_base64(stage: Stage, key: str | None) -> None:
    assert (await refused(stage, upgrade_request(sec_websocket_key=key))).status == 400


async def test_a_handshake_is_an_upgrade_without_a_body(stage: Stage) -> None:
    for headers in ({"connection": "keep-alive"}, {"content-length": "5"}, {"transfer-encoding": "chunked"}):
        assert (await refused(stage, upgrade_request(**headers))).status == 400
    assert (await refused(stage, upgrade_request().replace(b"HTTP/1.1", b"HTTP/1.0"))).status == 400


async def test_the_headers_of_a_handshake_may_be_lists_in_any_case(stage: Stage) -> None:
    client = await stage.connected(connection="keep-alive, UPGRADE", upgrade="WebSocket")
    await client.send_text("hello")
    assert await client.text() == "visitor: hello"


async def test_a_whole_address_is_a_target_too(stage: Stage) -> None:
    await stage.connected(path="http://chat.example/socket/websocket?vsn=2.0.0")


async def test_a_token_says_who_comes(stage: Stage) -> None:
    client = await stage.connected(path="/socket/websocket?vsn=2.0.0&token=ann%27s%20token")
    await client.send_text("hello")
    assert await client.text() == "Ann: hello"


@pytest.mark.parametrize("alphabet", [b"-_", b"+/"])
@pytest.mark.parametrize("padding", ["", "=="])
async def test_a_token_may_come_as_a_subprotocol(stage: Stage, alphabet: bytes, padding: str) -> None:
    encoded = base64.b64encode(ANNS_TOKEN.encode(), alphabet).decode().rstrip("=") + padding
    client = await stage.dial()
    response = await client.upgrade(sec_websocket_protocol=f"phoenix, base64url.bearer.phx.{encoded}")
    assert response.headers["sec-websocket-protocol"] == "phoenix"
    await client.send_text("hello")
    assert await client.text() == "Ann: hello"


async def test_a_subprotocol_that_is_not_phoenix_is_not_chosen(stage: Stage) -> None:
    response = await (await stage.dial()).upgrade(sec_websocket_protocol="mqtt, soap")
    assert "sec-websocket-protocol" not in response.headers


async def test_an_ordinary_client_may_offer_the_subprotocol(stage: Stage) -> None:
    async with open_websocket_url(stage.url, subprotocols=["phoenix"]) as websocket:
        assert websocket.subprotocol == "phoenix"


async def test_compression_is_not_agreed_to(stage: Stage) -> None:
    response = await (await stage.dial()).upgrade(sec_websocket_extensions="permessage-deflate")
    assert "sec-websocket-extensions" not in response.headers


@pytest.mark.parametrize(
    "request_",
    [
        upgrade_request("/socket/websocket?vsn=2.0.0&token=bad"),
        upgrade_request(sec_websocket_protocol="phoenix, base64url.bearer.phx.YmFk"),
        upgrade_request(sec_websocket_protocol="phoenix, base64url.bearer.phx.!!!"),
        upgrade_request(sec_websocket_protocol="phoenix, base64url.bearer.phx._w"),
    ],
)
async def test_a_bad_token_is_refused(stage: Stage, request_: bytes) -> None:
    assert (await refused(stage, request_)).status == 403


async def test_a_query_of_too_many_parameters_is_refused(stage: Stage) -> None:
    assert (await refused(stage, upgrade_request("/socket/websocket?" + "a=b&" * 200))).status == 400


async def test_another_origin_is_refused(stage: Stage) -> None:
    assert (await refused(stage, upgrade_request(origin="https://evil.example"))).status == 403
    await stage.connected(origin="https://chat.example")


async def test_a_full_house_asks_to_try_again(stage: Stage) -> None:
    stage.house.full = True
    response = await refused(stage, upgrade_request())
    assert response.status == 503
    assert response.error == {"reason": "unavailable", "message": "The house is full."}


async def test_more_connections_than_allowed_are_asked_to_try_again() -> None:
    async with staged(limits=Limits(connections=2)) as stage:
        first, second = await stage.connected(), await stage.connected()
        assert (await (await stage.dial()).refused(upgrade_request())).status == 503
        await first.aclose()
        await eventually(lambda: stage.gateway.statistics().websockets == 1)
        await stage.connected()
        await second.send_text("hello")
        assert await second.text() == "visitor: hello"


async def test_a_request_may_come_byte_by_byte(stage: Stage) -> None:
    for client in (await stage.dial(), stage.dial_memory()):
        for byte in upgrade_request() + frame(TEXT, b"hello"):
            await client.send(bytes([byte]))
        assert (await client.response()).status == 101
        assert await client.text() == "visitor: hello"


async def test_an_empty_line_before_the_request_is_no_offence(stage: Stage) -> None:
    for client in (await stage.dial(), stage.dial_memory()):
        await client.send(b"\r\n" + upgrade_request())
        assert (await client.response()).status == 101


BAD_HEADS = {
    "no version": b"GET /\r\n\r\n",
    "another version": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
    "a bare line feed": b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00",
    "noise": b"\x00\xff\x00\xff",
}


@pytest.mark.parametrize("head", BAD_HEADS.values(), ids=BAD_HEADS.keys())
async def test_what_is_not_http_is_refused_at_once(stage: Stage, head: bytes) -> None:
    assert (await refused(stage, head)).status == 400


async def test_a_head_of_too_many_headers_is_refused(stage: Stage) -> None:
    fine = {f"x-{n}": "y" for n in range(95)}
    await stage.connected(**fine)
    stage.house.connections.clear()
    assert (await refused(stage, upgrade_request(**fine | {"x-95": "y"}))).status == 431


async def test_a_head_that_grows_too_large_is_refused(stage: Stage) -> None:
    room = MAX_HEAD - len(upgrade_request(x=""))
    await stage.connected(x="y" * room)
    stage.house.connections.clear()
    assert (await refused(stage, upgrade_request(x="y" * (room + 1)))).status == 431
    assert (await refused(stage, b"GET /" + b"x" * 200_000)).status == 431


async def test_a_head_that_is_too_slow_is_refused(memory_stage: Stage, autojump_clock: MockClock) -> None:
    client = memory_stage.dial_memory()
    before = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_drip, client, upgrade_request()[:50])
        assert (await client.response()).status == 408
        assert trio.current_time() - before == pytest.approx(10)
        nursery.cancel_scope.cancel()


async def _drip(client: Client, data: bytes) -> None:
    for byte in data:
        await client.send(bytes([byte]))
        await trio.sleep(0.5)


async def test_those_who_come_and_say_nothing_do_not_keep_others_out() -> None:
    async with staged(limits=Limits(handshakes=3, head=0.2)) as stage:
        silent = [await stage.dial() for _ in range(10)]
        client = await stage.connected()
        await client.send_text("hello")
        assert await client.text() == "visitor: hello"
        assert stage.gateway.statistics().handshakes <= 3
        for client in silent:
            assert (await client.response()).status == 408


async def test_who_hangs_up_within_the_handshake_leaves_nothing_behind(stage: Stage) -> None:
    for client in (await stage.dial(), stage.dial_memory()):
        await client.send(upgrade_request()[:40])
        await client.aclose()
    await eventually(lambda: stage.gateway.statistics().handshakes == 0)
    assert stage.gateway.statistics().refused == 0


async def test_who_resets_within_the_handshake_leaves_nothing_behind(stage: Stage) -> None:
    client = await stage.dial()
    await client.send(upgrade_request()[:40])
    client.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # type: ignore[attr-defined]
    await client.aclose()
    await eventually(lambda: stage.gateway.statistics().handshakes == 0)
    await stage.connected()
