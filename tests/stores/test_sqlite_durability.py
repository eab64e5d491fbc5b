"""What was acknowledged survives: a killed process, a full disk."""

import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from chatter.stores.sqlite import SqliteStore
from chatter.stores.sqlite.transaction import Transaction
from tests.stores.running import running

ANN = User("u-ann", "Ann")

APPENDS_FOR_EVER = """
import sys
import trio
from chatter.core.commands import Post
from chatter.core.model import User
from chatter.stores.sqlite import SqliteStore

async def write(store, user):
    while True:
        post = Post(user=user, text="x" * 100)
        await store.append("lobby", [post])
        print(post.id, flush=True)

async def main():
    store = SqliteStore(sys.argv[1])
    async with trio.open_nursery() as nursery:
        started = trio.Event()
        nursery.start_soon(store.run, started.set)
        await started.wait()
        for number in range(20):
            nursery.start_soon(write, store, User(str(number), f"Writer{number}"))

trio.run(main)
"""


@asynccontextmanager
async def writing(path: Path) -> AsyncIterator[trio.Process]:
    """Another process that appends for ever and prints what was acknowledged; killed at the end of the block."""
    command = [sys.executable, "-c", APPENDS_FOR_EVER, str(path)]
    async with trio.open_nursery() as nursery:
        start = partial(trio.run_process, command, stdout=subprocess.PIPE, capture_stdout=False, check=False)
        process: trio.Process = await nursery.start(start)
        yield process
        process.kill()


async def acknowledged(process: trio.Process, at_least: int) -> list[str]:
    """The whole lines that the process printed until it was killed, which happens after so many."""
    assert process.stdout is not None
    printed = b""
    async for chunk in process.stdout:
        printed += chunk
        if printed.count(b"\n") >= at_least:
            process.kill()
    return printed.decode().split("\n")[:-1]


@pytest.mark.parametrize("at_least", [1, 50, 500])
async def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path, at_least: int) -> None:
    path = tmp_path / "chatter.db"
    with trio.fail_after(60):
        async with writing(path) as process:
            ids = await acknowledged(process, at_least)
    assert len(ids) >= at_least
    async with running(SqliteStore(path)) as store:
        events = await store.events_after("lobby", 0, 100_000)
        assert set(ids) <= {event.message_id for event in events}
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(await store.search("x" * 100, room=None, limit=100_000)) == len(events)


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """The disk is full for every file of this size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def fill(store: SqliteStore) -> int:
    """Post until the store refuses; how many messages it took."""
    for number in range(1_000):
        try:
            await store.append("lobby", [Post(user=ANN, text="x" * 4_000) for _ in range(10)])
        except Unavailable:
            return 10 * number
    raise AssertionError("the disk was never full")


async def goes_on(store: SqliteStore, taken: int) -> None:
    """Everything taken is there, nothing that was refused, and there is room for more."""
    assert len(await store.events_after("lobby", 0, 100_000)) == taken
    await store.append("lobby", [Post(user=ANN, text="room again")])
    assert (await store.tail("lobby", events=1, messages=1)).last_seq == taken + 1


async def test_writing_to_a_full_disk_is_unavailable_until_there_is_room(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        with files_limited_to(1_000_000):
            taken = await fill(store)
            assert len(await store.events_after("lobby", 0, 100_000)) == taken
        await goes_on(store, taken)


async def test_a_disk_that_takes_nothing_fails_the_check_and_search_finds_what_it_knows(tmp_path: Path) -> None:
    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        await store.append("lobby", [Post(user=ANN, text="before")])
        assert len(await store.search("before", room=None, limit=10)) == 1
        await store.check()
        with files_limited_to(1):
            with pytest.raises(Unavailable):
                await store.append("lobby", [Post(user=ANN, text="refused")])
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await store.check()
            assert len(await store.search("before", room=None, limit=10)) == 1
        await store.check()
        await goes_on(store, 1)
        await store.check()


async def test_a_full_database_is_unavailable_until_there_is_room(tmp_path: Path) -> None:
    def limited(transaction: Transaction, *, pages: int) -> None:
        transaction.connection.execute(f"pragma max_page_count = {pages}")

    async with running(SqliteStore(tmp_path / "chatter.db")) as store:
        await store._running.writer.submit(partial(limited, pages=100))
        taken = await fill(store)
        await store._running.writer.submit(partial(limited, pages=1_000_000))
        await goes_on(store, taken)
