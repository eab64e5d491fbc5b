"""The one place that knows asyncio: a loop that runs inside Trio, and calls across to it.

A call crosses as a whole: its coroutine runs on the other side from its first line to its last, as an asyncio task,
and only its end comes back. So asyncpg sees what it was made for, asyncio's own cancellation, and a `trio.Cancelled`
is never thrown into the middle of its pool or its protocol (which leaves connections locked and loops hanging).

* A caller that is cancelled, or whose time is up, cancels the task, and waits until it has ended: half a second at
  most, shielded. asyncpg then cancels the query in the server as well. A task that holds on for longer (it rolls back,
  and the server does not answer) is left behind, and `abandoned` is called: nobody may use what it used.
* What goes wrong in the loop with nobody waiting for it (a connection that fails when its caller has gone) is not
  heard. By default it would end the loop, and everything that runs beside it.
"""

import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

T = TypeVar("T")

_GRACE: Final = 0.5


class TookTooLong(Exception):
    """The call did not end in its time, and was cancelled."""


class Bridge:
    """Calls from Trio tasks, all of one thread, into one asyncio loop."""

    def __init__(self, loop: "AbstractEventLoop") -> None:
        self._loop = loop

    async def call(
        self, coroutine: Coroutine[Any, Any, T], *, within: float, abandoned: Callable[[], object] = bool
    ) -> T:
        """What the coroutine returns or raises; `TookTooLong` after so many seconds.

        When this ends, by whatever, the coroutine has ended too, or was abandoned.
        """
        task = self._loop.create_task(coroutine)
        ended = trio.Event()
        task.add_done_callback(lambda _: ended.set())
        try:
            with trio.move_on_after(within):
                await ended.wait()
        finally:
            if not task.done():
                await _end(task, ended, abandoned)
        if task.cancelled() or not task.done():
            raise TookTooLong
        return task.result()


async def _end(task: "Task[Any]", ended: trio.Event, abandoned: Callable[[], object]) -> None:
    task.cancel()
    with trio.move_on_after(_GRACE, shield=True):
        await ended.wait()
    if not task.done():
        task.add_done_callback(lambda late: late.cancelled() or late.exception())  # or asyncio complains of its silence
        abandoned()


@asynccontextmanager
async def open_bridge() -> AsyncIterator[Bridge]:
    """A bridge for the length of the block. Whoever calls must have come back before it ends.

    trio-asyncio is imported here and not sooner, because it changes asyncio for the whole process.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from trio_asyncio import open_loop
    async with open_loop() as loop:
        loop.set_exception_handler(lambda *_: None)
        yield Bridge(loop)
