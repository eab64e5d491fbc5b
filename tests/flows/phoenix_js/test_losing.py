"""phoenix.js loses the server, and finds it again: over both transports nothing is missing then, and nothing twice."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.flows.client import PATIENCE
from tests.flows.conftest import calling
from tests.flows.server import Server

from .people import Person, Stage

LOBBY = "chat:lobby"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """One for each test, which may end it and start it again."""
    async with Server(tmp_path, "--message-rate", "0") as server:
        yield server


async def returning(node: Stage, longpoll: bool, **options: Any) -> Person:
    """Somebody who resumes, and comes back soon."""
    person = await node.connected(longpoll=longpoll, reconnectAfter=100, **options)
    await person.join(LOBBY, resume=True)
    return person


def complete(texts: list[str]) -> list[tuple[int, str, str]]:
    return [(seq, "new_message", text) for seq, text in enumerate(texts, 1)]


async def test_after_a_kill_all_come_back_by_themselves_and_resume(server: Server, node: Stage, longpoll: bool) -> None:
    async with calling(server) as rest:
        token = await rest.guest("ann")
    ann, bob = await returning(node, longpoll, authToken=token), await returning(node, longpoll)
    texts = []
    for life in range(3):
        texts += [f"{life}: {number}" for number in range(50)]
        answers = await ann.say_all(LOBBY, texts[-50:])
        assert {answer["status"] for answer in answers} == {"ok"}
        server.kill()
        for person in (ann, bob):
            await person.next("close")
        server.start()
        async with calling(server) as rest:
            await rest.post("/api/channels/lobby/messages", token=token, text=f"{life}: meanwhile")
        texts.append(f"{life}: meanwhile")
        for person in (ann, bob):
            assert await person.caught_up(LOBBY, len(texts)) == complete(texts)
    for person in (ann, bob):
        responses = [joined["response"] for joined in person.all("join")]
        assert [response.get("resumed") for response in responses] == [None, True, True, True]


async def test_a_drain_is_a_goodbye_and_what_was_pushed_is_answered(
    server: Server, node: Stage, longpoll: bool
) -> None:
    ann, bob = await returning(node, longpoll), await returning(node, longpoll)
    await ann.identify(LOBBY, "ann")
    texts = [str(number) for number in range(20)]
    answers = []

    async def talk() -> None:
        answers.extend(await ann.say_all(LOBBY, texts))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk)
        await bob.hears(LOBBY, "new_message")
        server.signal(signal.SIGTERM)
        with trio.fail_after(10):
            assert await server.ended() == 0
    assert [answer["status"] for answer in answers] == ["ok"] * 20
    for person in (ann, bob):
        code = (await person.next("close"))["code"]
        assert code in ((3410, 1011) if longpoll else (1012,))
    server.start()
    for person in (ann, bob):
        assert await person.caught_up(LOBBY, 20) == complete(texts)


async def test_a_session_that_the_server_does_not_know_any_more_is_begun_anew(server: Server, node: Stage) -> None:
    ann, bob = await returning(node, longpoll=True), await returning(node, longpoll=True)
    await ann.identify(LOBBY, "ann")
    await ann.say(LOBBY, "before")
    await bob.caught_up(LOBBY, 1)
    await bob.order("forgetSession")
    await ann.say(LOBBY, "this one ends the last poll of the session")
    close = await bob.next("close")
    assert (close["code"], close["reason"]) == (3410, "session_gone")
    assert (await bob.next("error"))["error"] == "410"
    await ann.say(LOBBY, "after")
    expected = ["before", "this one ends the last poll of the session", "after"]
    assert await bob.caught_up(LOBBY, 3) == complete(expected)
    assert len(bob.all("open")) == 2


async def test_who_comes_while_there_is_no_server_waits_for_it(server: Server, node: Stage, longpoll: bool) -> None:
    server.kill()
    early = await node.make(longpoll=longpoll, reconnectAfter=100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(early.order, "connect")
        nursery.start_soon(early.join, LOBBY)
        await early.next("error")
        server.start()
        with trio.fail_after(PATIENCE):
            assert (await early.next("join"))["status"] == "ok"


async def test_what_is_pushed_while_there_is_no_server_is_sent_when_there_is(
    server: Server, node: Stage, longpoll: bool
) -> None:
    ann, bob = await returning(node, longpoll), await returning(node, longpoll)
    await ann.identify(LOBBY, "ann")
    tab = await node.connected(longpoll=longpoll, reconnectAfter=100, authToken=ann.token)
    await tab.join(LOBBY)
    server.kill()
    await tab.next("close")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tab.say, LOBBY, "into the void")
        await trio.sleep(0.3)
        assert tab.log(LOBBY) == []
        server.start()
    assert await bob.caught_up(LOBBY, 1) == complete(["into the void"])
