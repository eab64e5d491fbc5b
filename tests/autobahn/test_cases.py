"""Autobahn's cases against our WebSocket: over streams in memory, piece by piece, and over TCP, by the poller."""

import select
from collections import Counter
from contextlib import suppress

import pytest
import trio

from chatter.gateway.poller import SocketConnection
from chatter.gateway.streams import StreamConnection
from tests.autobahn.cases import CASES, NO_CODE, Case, Pieces
from tests.autobahn.echo import echoing
from tests.gateway.client import CLOSE, Client

PATIENCE = 20.0

each_case = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])


async def passes(case: Case, client: Client) -> None:
    with trio.fail_after(PATIENCE):
        for _ in range(case.turns):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(say, client, case.pieces)
                for expected in case.heard:
                    assert await client.frame() == expected
        if case.goodbye:
            await client.send(case.goodbye)
        opcode, payload = await client.frame()
        assert opcode == CLOSE, (opcode, payload)
        assert (int.from_bytes(payload[:2], "big") if payload else NO_CODE) in case.codes, payload
        assert await client.at_end()


async def say(client: Client, pieces: Pieces) -> None:
    """As far as the server listens."""
    with suppress(trio.BrokenResourceError):
        for piece in pieces:
            await client.send(piece)


@each_case
async def test_over_a_stream(case: Case) -> None:
    async with echoing(host=None) as stage:
        client = stage.dial_lockstep()
        await client.upgrade()
        assert isinstance(stage.house.connection, StreamConnection)
        await passes(case, client)


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="sockets are polled where there is an epoll")
@each_case
async def test_over_a_polled_socket(case: Case) -> None:
    async with echoing() as stage:
        client = await stage.dial()
        await client.upgrade()
        assert isinstance(stage.house.connection, SocketConnection)
        try:
            await passes(case, client)
        except* EOFError:
            assert case.resets


def test_all_published_cases_are_there_once() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    sections = Counter(int(case.id.partition(".")[0]) for case in CASES)
    assert sections == {1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1}
