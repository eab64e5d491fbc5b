"""The port: bytes into a connection of which nobody knows what it is, be it a page, a WebSocket or nothing of the kind.

The first byte says how the others are cut. Whatever comes back is HTTP, never a 500, and nothing is left behind.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio
from trio.testing import wait_all_tasks_blocked

from chatter.gateway import Limits
from tests.fuzz import frames, head
from tests.fuzz.theatre import Theatre, lasting
from tests.gateway.client import CLOSE, PING, TEXT, Client, close_payload, frame, upgrade_request
from tests.gateway.stage import Stage, staged

LIMITS: Final = Limits(head=1.0, goodbye=1.0, http_write=1.0, silence=10.0, message=1000)
STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([1-4]\d\d|501|503|505) ")

GET: Final = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
POST: Final = b"POST /size HTTP/1.1\r\nHost: a\r\n"

WORDS: Final = (
    *(*head.WORDS, GET, upgrade_request(), frame(TEXT, b"hello"), frame(PING), frame(CLOSE, close_payload(1000))),
    *(b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Upgrade: h2c\r\n", b"HTTP2-Settings: AAMAAABk\r\n"),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n", b"/large/9", b"/socket/longpoll?vsn=2.0.0"),
)
SEEDS: Final = (
    *head.SEEDS,
    *(b"\x00" + upgrade_request() + seed[1:] for seed in frames.SEEDS[:6]),
    b"\x00" + GET + GET,
    b"\x07" + GET + upgrade_request() + frame(TEXT, b"after a page"),
    b"\x00" + POST + b"Content-Length: 5\r\n\r\nhello" + GET,
    b"\x20" + POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + upgrade_request(),
    b"\x00" + POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhel",
    b"\x00GET /large/9 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"\x00PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    b"\x00" + GET[:-2] + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
)


class Strangers:
    """Each input is a connection."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def play(self, data: bytes) -> None:
        client, heard = self._stage.dial_memory(), bytearray()
        said = data[1:]
        size = (data[0] if data else 0) or len(said) or 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen, client, heard)
            with suppress(trio.BrokenResourceError):
                for at in range(0, len(said), size):
                    await client.send(said[at : at + size])
                    await wait_all_tasks_blocked()
                await client.send_eof()
        await client.aclose()
        await wait_all_tasks_blocked()
        assert not heard or STATUS_LINE.match(heard), bytes(heard)
        assert len(self._stage.house.sessions) == 0
        now = self._stage.gateway.statistics()
        assert now.websockets == now.http == now.handshakes == 0


async def listen(client: Client, heard: bytearray) -> None:
    with suppress(trio.BrokenResourceError):
        while data := await client.stream.receive_some():
            heard += data


@asynccontextmanager
async def strangers() -> AsyncIterator[Strangers]:
    async with staged(host=None, limits=LIMITS) as stage:
        yield Strangers(stage)


def theatre() -> Theatre:
    return Theatre(strangers)


def check(data: bytes) -> None:
    """On the one theatre of this process."""
    lasting(theatre).check(data)
