"""The whole application stops in time, whatever its disk does and whoever hangs, in virtual time."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from chatter.application import Application, Ground
from chatter.settings import Settings
from tests.gateway.client import Client
from tests.memory_store import MemoryStore

IN_TIME: Final = 8.0
"""Of the ten seconds; the store may take the rest, for it alone waits for a disk."""


@attrs.define
class Running:
    application: Application
    store: MemoryStore
    nursery: trio.Nursery
    ended: trio.Event = attrs.Factory(trio.Event)

    async def guest(self, name: str) -> Client:
        """In the lobby, and somebody."""
        ours, theirs = memory_stream_pair()
        self.nursery.start_soon(self.application.gateway.serve, theirs)
        client = Client(ours)
        await client.upgrade()
        await ask(client, "1", "phx_join", {})
        await ask(client, "2", "identify", {"name": name})
        return client

    async def stopped_after(self) -> float:
        before = trio.current_time()
        self.application.stop()
        await self.ended.wait()
        return trio.current_time() - before


async def say(client: Client, ref: str, event: str, payload: Any) -> None:
    await client.send_text(json.dumps(["1", ref, "chat:lobby", event, payload]))


async def ask(client: Client, ref: str, event: str, payload: Any) -> Any:
    await say(client, ref, event, payload)
    while (message := json.loads(await client.text()))[1] != ref:
        pass
    return message[4]


@asynccontextmanager
async def application(folder: Path) -> AsyncIterator[Running]:
    store = MemoryStore()
    settings = Settings(port=0, database=f"sqlite:///{folder}/chatter.db", message_rate=0.0)
    built = Application(settings, ground=Ground(store=lambda *_: store))
    async with trio.open_nursery() as nursery:
        running = Running(built, store, nursery)
        started = trio.Event()

        async def live() -> None:
            await built.run(started.set)
            running.ended.set()

        nursery.start_soon(live)
        await started.wait()
        yield running
        nursery.cancel_scope.cancel()


def hang(store: MemoryStore, *points: str) -> None:
    async def at(point: str) -> None:
        await trio.lowlevel.checkpoint()
        if point in points:
            await trio.sleep_forever()

    store.at = at


async def test_with_nothing_to_wait_for_it_stops_at_once(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with application(tmp_path) as running:
        ann = await running.guest("ann")
        running.nursery.start_soon(ann.closed_with)
        assert await running.stopped_after() < 0.5


async def test_what_a_slow_store_was_given_is_answered_first(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with application(tmp_path) as running:
        ann = await running.guest("ann")

        async def at(point: str) -> None:
            await trio.sleep(2 if point == "append" else 0)

        running.store.at = at
        await say(ann, "3", "new_message", {"text": "just in time"})
        await trio.sleep(0.1)
        running.application.stop()
        heard = [json.loads(await ann.text()) for _ in range(2)]
        assert {(message[1], message[3]) for message in heard} == {(None, "new_message"), ("3", "phx_reply")}
        assert await ann.closed_with() == 1012
        await running.ended.wait()


@pytest.mark.parametrize("point", ["append", "page", "room"])
async def test_a_store_that_never_answers_does_not_hold_it(
    tmp_path: Path, autojump_clock: MockClock, point: str
) -> None:
    async with application(tmp_path) as running:
        ann, bob = await running.guest("ann"), await running.guest("bob")
        hang(running.store, point)
        await say(ann, "3", "new_message", {"text": "for ever"})
        await say(ann, "4", "history", {"before": 1})
        await bob.send_text(json.dumps(["5", "5", "chat:elsewhere", "phx_join", {}]))
        await trio.sleep(0.1)
        assert await running.stopped_after() < IN_TIME
        assert [await client.close_code() for client in (ann, bob)] == [1012, 1012]
