"""Autobahn's sections 12 and 13 offer permessage-deflate in many ways. We take none of them, as RFC 7692 allows."""

import pytest

from tests.autobahn.echo import echoing
from tests.gateway.client import CLOSE, TEXT, Client, close_payload, frame

OFFERS = [
    "permessage-deflate",
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_no_context_takeover; client_max_window_bits",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=8",
    "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
    "permessage-deflate; server_no_context_takeover, permessage-deflate",
    "permessage-deflate; client_max_window_bits=99; nonsense, x-webkit-deflate-frame",
]


@pytest.mark.parametrize("offer", OFFERS)
async def test_the_offer_is_declined_and_messages_come_as_they_are(offer: str) -> None:
    async with echoing(host=None) as stage:
        client = stage.dial_memory()
        response = await client.upgrade(sec_websocket_extensions=offer)
        assert "sec-websocket-extensions" not in response.headers
        await client.send(frame(TEXT, b"as it is" * 1000))
        assert await client.frame() == (TEXT, b"as it is" * 1000)
        await says_goodbye(client)


async def test_a_client_that_compresses_all_the_same_breaks_the_protocol() -> None:
    async with echoing(host=None) as stage:
        client = stage.dial_memory()
        await client.upgrade(sec_websocket_extensions=OFFERS[0])
        await client.send(frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=4))
        assert await client.close_code() == 1002
        assert await client.at_end()


async def says_goodbye(client: Client) -> None:
    await client.send(frame(CLOSE, close_payload(1000)))
    assert await client.frame() == (CLOSE, close_payload(1000))
    assert await client.at_end()
