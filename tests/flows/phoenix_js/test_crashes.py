"""Actors crash: phoenix.js notices nothing or, where it must, comes back by itself with nothing missing.

The application runs in the test's own process, since that is where its actors can be reached; the sockets are real.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from chatter.actors.mailbox import Ref
from chatter.application import Application
from chatter.core.commands import Post
from chatter.core.model import User
from chatter.settings import Settings
from tests.flows.test_crash import crash

from .people import Person, Stage, staged

LOBBY = "chat:lobby"
ANN, BOB = User("u-ann", "Ann"), User("u-bob", "Bob")


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    application = Application(Settings(port=0, database=f"sqlite:///{tmp_path}/chatter.db", message_rate=0.0))
    application.bind()
    async with trio.open_nursery() as nursery:
        started = trio.Event()
        nursery.start_soon(application.run, started.set)
        await started.wait()
        yield application
        application.stop()


@pytest.fixture
async def node(application: Application) -> AsyncIterator[Stage]:
    async with staged(application.url) as stage:
        yield stage


async def arrived(node: Stage, application: Application, user: User, longpoll: bool) -> Person:
    token = application.tokens.mint(user)
    person = await node.connected(longpoll=longpoll, authToken=token, reconnectAfter=100)
    await person.join(LOBBY, resume=True)
    return person


def session_of(application: Application, user: User) -> Ref[Any]:
    [ref] = [s.ref for s in application.sessions._sittings.values() if s.seat.user == user]
    return ref


def heard(log: list[tuple[int, str, str]]) -> list[tuple[int, str]]:
    return [(seq, text) for seq, _, text in log]


async def test_nobody_notices_that_a_session_crashed(application: Application, node: Stage, longpoll: bool) -> None:
    ann = await arrived(node, application, ANN, longpoll)
    bob = await arrived(node, application, BOB, longpoll)
    for number in range(1, 4):
        await crash(session_of(application, ANN))
        assert (await ann.say(LOBBY, f"ann {number}"))["seq"] == 2 * number - 1
        assert (await bob.say(LOBBY, f"bob {number}"))["seq"] == 2 * number
    expected = [(seq, f"{'ann' if seq % 2 else 'bob'} {(seq + 1) // 2}") for seq in range(1, 7)]
    for person in (ann, bob):
        assert heard(await person.caught_up(LOBBY, 6)) == expected
        await person.sees(LOBBY, {"u-ann": ["Ann"], "u-bob": ["Bob"]})
        assert len(person.all("join")) == len(person.all("open")) == 1
        assert person.all("close") == person.all("error") == []


async def test_a_session_that_crashes_too_often_is_given_up_and_its_client_comes_back(
    application: Application, node: Stage, longpoll: bool
) -> None:
    ann = await arrived(node, application, ANN, longpoll)
    bob = await arrived(node, application, BOB, longpoll)
    await ann.say(LOBBY, "one")
    doomed = session_of(application, ANN)
    for _ in range(4):
        await crash(doomed)
    assert (await ann.next("close"))["code"] == (3410 if longpoll else 1011)
    await bob.say(LOBBY, "two")
    assert heard(await ann.caught_up(LOBBY, 2)) == [(1, "one"), (2, "two")]
    assert (await ann.say(LOBBY, "three"))["seq"] == 3
    assert heard(await bob.caught_up(LOBBY, 3)) == [(1, "one"), (2, "two"), (3, "three")]
    assert len(bob.all("open")) == 1


async def test_a_room_that_is_given_up_has_its_members_join_again(
    application: Application, node: Stage, longpoll: bool
) -> None:
    ann = await arrived(node, application, ANN, longpoll)
    bob = await arrived(node, application, BOB, longpoll)
    await ann.say(LOBBY, "one")
    doomed = await application.rooms.open("lobby")
    for _ in range(4):
        await crash(doomed)
    assert doomed.ended
    for person in (ann, bob):
        await person.next("message", event="phx_error")
    await application.rooms.submit("lobby", _post("two"))
    for person in (ann, bob):
        assert heard(await person.caught_up(LOBBY, 2)) == [(1, "one"), (2, "two")]
    assert (await ann.say(LOBBY, "three"))["seq"] == 3
    for person in (ann, bob):
        assert heard(await person.caught_up(LOBBY, 3)) == [(1, "one"), (2, "two"), (3, "three")]
        await person.sees(LOBBY, {"u-ann": ["Ann"], "u-bob": ["Bob"]})
        assert len(person.all("open")) == 1
        assert person.all("close") == []
        assert person.all("message", event="phx_close") == []


def _post(text: str) -> Post:
    return Post(user=User("u-bot", "Bot"), text=text)


async def test_a_user_who_is_disconnected_is_closed_in_all_tabs_and_comes_back(
    application: Application, node: Stage, longpoll: bool
) -> None:
    tabs = [await arrived(node, application, ANN, longpoll) for _ in range(2)]
    bob = await arrived(node, application, BOB, longpoll)
    await bob.say(LOBBY, "one")
    for tab in tabs:
        await tab.caught_up(LOBBY, 1)
    assert application.sessions.disconnect(ANN.id) == 2
    for tab in tabs:
        assert (await tab.next("close"))["code"] == (3410 if longpoll else 1001)
    await bob.say(LOBBY, "two")
    for tab in tabs:
        assert heard(await tab.caught_up(LOBBY, 2)) == [(1, "one"), (2, "two")]
    await bob.sees(LOBBY, {"u-ann": ["Ann", "Ann"], "u-bob": ["Bob"]})
    assert bob.all("close") == []
