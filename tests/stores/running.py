"""A store that runs as long as a block, and somebody else who holds its file."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import trio


class Runs(Protocol):
    """A store, as a supervisor sees it."""

    async def run(self, started: Callable[[], None]) -> None: ...
    def stop(self) -> None: ...


S = TypeVar("S", bound=Runs)


@asynccontextmanager
async def running(store: S) -> AsyncIterator[S]:
    """What a supervisor does for it: run, wait until it has started, stop at the end."""
    async with trio.open_nursery() as nursery:
        started = trio.Event()
        nursery.start_soon(store.run, started.set)
        await started.wait()
        yield store
        store.stop()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's write lock, as another process would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


async def eventually(condition: Callable[[], bool], within: float = 5) -> None:
    """Let the others run until it holds; five seconds are for ever."""
    with trio.fail_after(within):
        while not condition():  # noqa: ASYNC110 (the writer's thread sets no event for this)
            await trio.sleep(0.001)
