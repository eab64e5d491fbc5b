"""Somebody stops reading in a busy room: it costs that one the socket, and the others nothing."""

import json
from functools import partial
from typing import Final

import trio

from .client import PATIENCE, Place
from .conftest import Arrive, unique
from .crowd import Crowd
from .raw import Raw, knock
from .server import Server

TEXT: Final = "🎉" * 4000
SIZE: Final = 16_000
MEGABYTE: Final = 1024 * 1024


async def _stalled(server: Server, topic: str, name: str) -> Raw:
    """Somebody who joins, says who they are, reads both answers, and nothing from then on."""
    raw = await knock(server.address, buffer=8192)
    await raw.say(json.dumps(["1", "1", topic, "phx_join", {}]))
    await raw.say(json.dumps(["1", "2", topic, "identify", {"name": name}]))
    while json.loads((await raw.hear())[1])[1] != "2":
        pass
    return raw


async def _talk(ann: Place, bob: Place, messages: int) -> None:
    """Each message is heard before the next is said: nobody waits for the stalled."""
    for _ in range(messages):
        posted = await ann.say(TEXT)
        heard = await bob.next("new_message")
        assert heard["seq"] == posted["seq"]


async def test_who_does_not_read_is_closed_and_the_others_hear_everything(server: Server, arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    name = unique("sleepy")
    sleepy = await _stalled(server, ann.topic, name)
    people = Crowd(bob)
    await people.until(partial(_is_there, people, name))
    posted = 0
    with trio.fail_after(PATIENCE):
        while _is_there(people, name):
            await _talk(ann, bob, 50)
            posted += 50
            people.look()
    assert posted * SIZE > MEGABYTE
    assert [payload["seq"] for _, payload in bob.events()] == list(range(1, posted + 1))
    assert await sleepy.closing() in (1013, None)
    await sleepy.stream.aclose()


def _is_there(people: Crowd, name: str) -> bool:
    return any(meta["name"] == name for metas in people.metas.values() for meta in metas.values())


async def test_a_crowd_that_does_not_read_costs_little_memory(server: Server, arrive: Arrive) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    await _talk(ann, bob, 20)
    before = server.memory
    crowd = [await _stalled(server, ann.topic, unique("sleepy")) for _ in range(30)]
    people = Crowd(bob)
    with trio.fail_after(PATIENCE):
        await people.until(lambda: len(people.metas) == 32)
        most = 0
        while len(people.metas) > 2:
            await _talk(ann, bob, 25)
            most = max(most, server.memory)
            people.look()
    assert most - before < 30 * MEGABYTE, f"{(most - before) / MEGABYTE:.1f} MB more"
    for sleepy in crowd:
        await sleepy.stream.aclose()
