"""Somebody stops reading in a busy room: it costs that one the socket, and the others nothing."""

import json
from functools import partial
from typing import Final

import trio

from chatter.core.log import EVENTS

from .client import PATIENCE, Place
from .conftest import Arrive, Rest, unique
from .crowd import Crowd
from .raw import Raw, knock
from .server import Server

TEXT: Final = "🎉" * 4000
SIZE: Final = 16_000
MEGABYTE: Final = 1024 * 1024

MANY: Final = 1000
AT_ONCE: Final = 50
EACH: Final = 4096
"""Bytes of a stalled reader's own: its place in line, and its share of what the allocator keeps."""


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


async def _crowd(server: Server, topic: str) -> list[Raw]:
    """Many visitors who join, and read nothing from then on."""
    crowd: list[Raw] = []

    async def come() -> None:
        for _ in range(MANY // AT_ONCE):
            raw = await knock(server.address, buffer=4096)
            await raw.say(json.dumps(["1", "1", topic, "phx_join", {"limit": 0}]))
            await raw.hear()
            crowd.append(raw)

    async with trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(come)
    return crowd


async def _fill_the_log(ann: Place, bob: Place) -> None:
    """From then on the room keeps a message for each that it forgets."""
    for _ in range(EVENTS // 50 + 1):
        refs = [await ann.send("new_message", text=TEXT) for _ in range(50)]
        await ann.client.answer(refs[-1])
        for _ in refs:
            await bob.next("new_message")


async def test_a_thousand_who_do_not_read_hold_a_megabyte_between_them_and_no_longer_than_they_stay(
    server: Server, arrive: Arrive, rest: Rest
) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    await _fill_the_log(ann, bob)
    crowd = await _crowd(server, ann.topic)
    await _talk(ann, bob, 5)
    before = most = server.memory
    assert await _sessions(rest) == MANY + 2
    with trio.fail_after(90):
        while await _sessions(rest) > 2:
            await _talk(ann, bob, 10)
            most = max(most, server.memory)
    assert most - before < MEGABYTE + MANY * EACH, f"{(most - before) / MEGABYTE:.1f} MB more"
    assert server.memory - before < MEGABYTE
    for raw in crowd:
        await raw.stream.aclose()


async def _sessions(rest: Rest) -> int:
    lines = (await rest.client.get("/metrics")).text.splitlines()
    [sessions] = [line.split()[-1] for line in lines if line.startswith("chatter_sessions ")]
    return int(float(sessions))
