"""TLS on the one port."""

import ssl
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio
import trustme
from trio_websocket import open_websocket_url

from chatter.gateway import Limits, server_context
from tests.gateway.client import CLOSE, TEXT, Client, close_payload, frame, upgrade_request
from tests.gateway.longpoll.client import LongPollClient
from tests.gateway.stage import Stage, eventually, staged


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def served(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "chain.pem", folder / "key.pem"
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(str(chain), append=True)
    certificate.private_key_pem.write_to_path(str(key))
    return server_context(str(chain), str(key))


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def dial(stage: Stage, trusting: ssl.SSLContext) -> Client:
    host, port = stage.gateway.address
    stream = await trio.open_ssl_over_tcp_stream(host, port, ssl_context=trusting, https_compatible=True)
    return stage.remembered(Client(stream))


async def test_a_websocket_and_pages_are_served_over_tls(served: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with staged(tls=served) as stage:
        async with open_websocket_url(stage.url.replace("ws:", "wss:"), ssl_context=trusting) as websocket:
            await websocket.send_message("hello" * 1000)
            assert await websocket.get_message() == "visitor: " + "hello" * 1000
        host, port = stage.gateway.address
        async with httpx.AsyncClient(base_url=f"https://{host}:{port}", verify=trusting, trust_env=False) as client:
            for _ in range(2):
                assert (await client.get("/hello")).json() == {"hello": "world", "scheme": "https"}
            assert (await client.post("/size", content=bytes(500_000))).json() == {"size": 500_000}


async def test_long_poll_is_served_over_tls(served: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with staged(tls=served) as stage:
        client = LongPollClient(partial(dial, stage, trusting), origin="https://chat.example")
        await client.begin()
        assert await client.post([b"[hello]", b"[world]"]) == 200
        assert await client.poll() == ["visitor: [hello]", "visitor: [world]"]


async def test_goodbyes_and_broken_frames_are_the_same(served: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with staged(tls=served, limits=Limits(goodbye=0.2)) as stage:
        ann = await dial(stage, trusting)
        await ann.upgrade()
        await ann.send(frame(CLOSE, close_payload(1000)))
        assert await ann.frame() == (CLOSE, close_payload(1000))
        assert await ann.at_end()
        bob = await dial(stage, trusting)
        await bob.upgrade()
        await bob.send(frame(TEXT, b"hello", mask=None))
        assert await bob.close_code() == 1002
        assert await bob.at_end()


async def test_who_broke_the_protocol_sees_the_end_at_once(served: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with staged(tls=served, limits=Limits(goodbye=60)) as stage:
        ann = await dial(stage, trusting)
        await ann.upgrade()
        await ann.send(frame(TEXT, b"hello", mask=None))
        with trio.fail_after(5):
            assert await ann.close_code() == 1002
            assert await ann.at_end()


async def test_a_slow_reader_is_closed_over_tls_too(served: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with staged(tls=served) as stage:
        ann = await dial(stage, trusting)
        await ann.upgrade()
        with trio.fail_after(10):
            while not stage.house.connection.closed:
                stage.house.connection.write(b"\x81\x7e\x20\x00" + bytes(8192))
                await trio.lowlevel.checkpoint()
        assert await ann.close_code() == 1013


async def test_refusals_are_given_over_tls_too(served: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with staged(tls=served) as stage:
        client = await dial(stage, trusting)
        response = await client.refused(upgrade_request("/socket/websocket?vsn=3.0.0"))
        assert response.status == 403


async def test_who_does_not_speak_tls_is_let_go(served: ssl.SSLContext) -> None:
    async with staged(tls=served) as stage:
        client = await stage.dial()
        await client.send(upgrade_request())
        assert not (await client.stream.receive_some()).startswith(b"HTTP")
        silent = await stage.dial()
        await eventually(lambda: stage.gateway.statistics().handshakes == 1)
        await silent.aclose()
        await eventually(lambda: stage.gateway.statistics().handshakes == 0)


async def test_a_drain_ends_over_tls_too(served: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with staged(tls=served, limits=Limits(grace=0.05, drain=0.3)) as stage:
        ann = await dial(stage, trusting)
        await ann.upgrade()
        before = trio.current_time()
        await stage.gateway.drain()
        assert trio.current_time() - before < 2
        assert await ann.close_code() == 1012


def test_a_certificate_that_is_none_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        server_context(str(tmp_path / "missing.pem"))
    (tmp_path / "empty.pem").touch()
    with pytest.raises(ssl.SSLError):
        server_context(str(tmp_path / "empty.pem"))
