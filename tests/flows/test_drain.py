"""SIGTERM and Ctrl-C: what was accepted is finished, sockets are told to come back, and the process ends in time."""

import json
import signal
from pathlib import Path
from typing import Any, Final

import pytest
import trio

from .client import PATIENCE, V1
from .conftest import Connect, calling
from .raw import connected, knock
from .regulars import partying
from .server import Server
from .test_disk import held

IN_TIME: Final = 10.0
RESTARTS: Final = 5


async def _drained(server: Server) -> None:
    with trio.fail_after(IN_TIME):
        assert await server.ended() == 0


async def _refuses(address: tuple[str, int]) -> None:
    """Wait until nobody is let in any more."""
    with trio.fail_after(PATIENCE):
        while True:
            try:
                stream = await trio.open_tcp_stream(*address)
            except OSError:
                return
            await stream.aclose()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_sockets_are_told_of_the_restart_and_what_was_accepted_is_kept(
    tmp_path: Path, dial: Connect, how: signal.Signals
) -> None:
    server = Server(tmp_path, "--message-rate", "0")
    async with server:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        bob = await (await dial(server.socket_url, vsn=V1)).join("text_channel:lobby")
        visitor = await dial(server.socket_url)
        await ann.identify("ann")
        refs = [await ann.send("new_message", text=str(number)) for number in range(200)]
        await ann.client.answer(refs[20])
        server.signal(how)
        await _drained(server)
        for client in (ann.client, bob.client, visitor):
            assert await client.closing() == 1012
        replied = [ref for ref in refs if ann.client.answered(ref)]
        assert replied == refs[: len(replied)]
        assert [payload["seq"] for _, payload in bob.events()] == list(range(1, len(bob.events()) + 1))
    async with server:
        again = await (await dial(server.socket_url)).join("chat:lobby", limit=500)
        texts = [message["text"] for message in again.welcome["messages"]]
        assert texts == [str(number) for number in range(len(texts))]
        assert len(texts) == len(replied) >= 21  # whatever was accepted is answered before the goodbye


async def test_it_ends_in_time_whatever_clients_do(tmp_path: Path, dial: Connect) -> None:
    async with Server(tmp_path, "--message-rate", "0") as server:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        deaf = await knock(server.address, buffer=4096)
        await deaf.say(json.dumps(["1", "1", "chat:lobby", "phx_join", {}]))
        silent = await connected(server.address)
        dawdler = await connected(server.address)
        await dawdler.send_all(b"GET /api/health HTTP/1.1\r\nHost: x\r\n")
        posting = await connected(server.address)
        await posting.send_all(_post("/api/guests", 100) + b'{"name":')
        greedy = await connected(server.address, buffer=4096)
        await greedy.send_all(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)
        refs = [await ann.send("new_message", text="ü" * 4000) for _ in range(100)]
        await ann.client.answer(refs[-1])
        server.signal(signal.SIGTERM)
        await _drained(server)
        assert await ann.client.closing() == 1012
        for stream in (deaf.stream, silent, dawdler, posting, greedy):
            await stream.aclose()


def _post(path: str, length: int, token: str = "") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()


async def test_a_request_under_way_is_answered_while_nobody_else_is_let_in(tmp_path: Path, dial: Connect) -> None:
    server = Server(tmp_path)
    async with server:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        stream, body = await connected(server.address), b'{"text":"just in time"}'
        await stream.send_all(_post("/api/channels/lobby/messages", len(body), ann.token) + body[:5])
        async with calling(server) as rest:
            await rest.get("/api/health")
        server.signal(signal.SIGTERM)
        await _refuses(server.address)
        await stream.send_all(body[5:])
        answer = b""
        with trio.fail_after(PATIENCE):
            while data := await stream.receive_some(4096):
                answer += data
        assert answer.startswith(b"HTTP/1.1 201 "), answer
        await stream.aclose()
        await _drained(server)
    async with server:
        again = await (await dial(server.socket_url)).join("chat:lobby")
        assert [message["text"] for message in again.welcome["messages"]] == ["just in time"]


async def test_restarts_under_load_lose_nothing_and_everybody_hears_of_each(tmp_path: Path) -> None:
    async with Server(tmp_path, "--message-rate", "0") as server, partying(server, writers=5, readers=5) as party:
        for _ in range(RESTARTS):
            with trio.fail_after(PATIENCE):
                await party.happened(150)
                while any(regular.place is None for regular in party.regulars):  # noqa: ASYNC110
                    await trio.sleep(0.01)
            before = [len(regular.closed_with) for regular in party.regulars]
            server.signal(signal.SIGTERM)
            await _drained(server)
            await server.again()
            with trio.fail_after(PATIENCE):
                while any(len(r.closed_with) == b for r, b in zip(party.regulars, before, strict=True)):  # noqa: ASYNC110
                    await trio.sleep(0.01)
    assert [regular.closed_with for regular in party.regulars] == [[1012] * RESTARTS] * len(party.regulars)
    assert party.unavailable == 0


async def test_a_database_that_another_process_holds_does_not_hold_it(tmp_path: Path) -> None:
    async with Server(tmp_path, "--message-rate", "0") as server, partying(server, writers=3, readers=1) as party:
        await party.happened(50)
        with held(server.database):
            await trio.sleep(0.2)
            server.signal(signal.SIGTERM)
            await _drained(server)
        await server.again()
        await party.happened(50)


async def test_a_poll_that_waits_is_answered(tmp_path: Path) -> None:
    server = Server(tmp_path)
    async with server, calling(server) as rest, trio.open_nursery() as nursery:
        path = "/socket/longpoll?vsn=2.0.0"
        token = (await rest.get(path))["token"]
        answers: list[Any] = []

        async def poll() -> None:
            answers.append(await rest.get(f"{path}&token={token}"))

        nursery.start_soon(poll)
        await rest.get("/api/health")
        server.signal(signal.SIGTERM)
        await _drained(server)
    assert [answer["status"] for answer in answers] == [410]


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with Server(tmp_path) as server:
        deaf = await knock(server.address)
        server.signal(signal.SIGTERM)
        await _refuses(server.address)
        assert server.running
        server.signal(signal.SIGINT)
        with trio.fail_after(IN_TIME / 3):
            assert await server.ended() == -signal.SIGINT
        await deaf.stream.aclose()
