"""A store that runs as long as a block: what its supervisor would do for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from chatter.stores.sqlite import SqliteStore


@asynccontextmanager
async def running(store: SqliteStore) -> AsyncIterator[SqliteStore]:
    async with trio.open_nursery() as nursery:
        started = trio.Event()
        nursery.start_soon(store.run, started.set)
        await started.wait()
        yield store
        store.stop()
