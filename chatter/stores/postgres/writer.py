"""One task writes: whatever waits when it is free goes into one transaction, whichever rooms it is for.

So the price of a round trip and of a commit is shared by all who write at the same moment, and nobody waits longer
than the one group before theirs.

* A group that meets something known, or a lock that somebody holds, is tried again with more care (`writing.Care`).
* When the connection is lost before the commit was answered, nobody knows whether it took place: the group is sent
  again when the database is back, and what had been stored is recognised by its id. After `patience` seconds without a
  database it is `Unavailable`, in doubt; the same command sent again then tells.
* When the server refuses a group for what is in it, each append goes by itself: only the guilty one fails.
* At most `capacity` appends wait; one more raises `Unavailable`.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final

import asyncpg
import attrs
import trio

from chatter.errors import Unavailable
from chatter.stores.port import Outcome
from chatter.stores.postgres.connection import FROM_SERVER, Lost, unavailable
from chatter.stores.postgres.pool import Pool
from chatter.stores.postgres.writing import Append, Care, Result, append

_MOST: Final = 2_000  # commands in a group
_WITHIN: Final = 7.0  # the server gives a statement up sooner


@attrs.define(eq=False)
class Request:
    """An append and, once it was answered, what came of it."""

    append: Append
    answered: trio.Event = attrs.Factory(trio.Event)
    result: Result | BaseException | None = None

    def answer(self, result: Result | BaseException) -> None:
        if not self.answered.is_set():
            self.result = result
            self.answered.set()


@attrs.frozen
class WriterStatistics:
    """With group commit, far more `requests` than `commits`; `waiting` are requests without an answer yet."""

    requests: int = 0
    commits: int = 0
    retries: int = 0
    waiting: int = 0


class Writer:
    """`run` lives until `stop`, when everything that waits has its answer."""

    def __init__(self, pool: Pool, *, capacity: int, patience: float) -> None:
        self._pool = pool
        self._capacity = capacity
        self._patience = patience
        self._queue: deque[Request] = deque()
        self._group: Sequence[Request] = ()
        self._news = trio.Event()
        self._closed = False
        self._requests = self._commits = self._retries = 0

    def statistics(self) -> WriterStatistics:
        waiting = len(self._queue) + sum(not request.answered.is_set() for request in self._group)
        return WriterStatistics(self._requests, self._commits, self._retries, waiting)

    async def submit(self, append: Append) -> list[Outcome]:
        """The outcomes, after the commit. Cancelled: it is stored whole or not at all, and nobody hears of it."""
        if self._closed:
            raise Unavailable("The database is closed; try again.")
        if len(self._queue) >= self._capacity:
            raise Unavailable("The database has too much to do; try again.")
        request = Request(append)
        self._queue.append(request)
        self._news.set()
        await request.answered.wait()
        if isinstance(request.result, BaseException):
            raise request.result
        assert request.result is not None
        return request.result

    async def run(self) -> None:
        while group := await self._take():
            self._requests += len(group)
            self._group = group
            await self._write(group)

    def stop(self) -> None:
        """Take nothing more, and let `run` end when all that waits is answered."""
        self._closed = True
        self._news.set()

    def abandon(self) -> None:
        """Whoever still waits will not be answered any more."""
        self._closed = True
        for request in [*self._group, *self._queue]:
            request.answer(Unavailable("The database was closed before it answered; try again."))
        self._queue.clear()

    async def _take(self) -> list[Request]:
        """All that waits, within reason; nothing when it is time to end."""
        while not self._queue and not self._closed:
            self._news = trio.Event()
            await self._news.wait()
        group: list[Request] = []
        size = 0
        while self._queue and size < _MOST:
            group.append(self._queue.popleft())
            size += len(group[-1].append.commands)
        return group

    async def _write(self, group: Sequence[Request]) -> None:
        try:
            results = await self._attempt([request.append for request in group])
        except FROM_SERVER as error:
            await self._one_by_one(group, error)
        except Unavailable as refusal:
            for request in group:
                request.answer(refusal)
        else:
            self._commits += 1
            for request, result in zip(group, results, strict=True):
                request.answer(result)

    async def _one_by_one(self, group: Sequence[Request], error: BaseException) -> None:
        """Find the guilty one. What may pass (the disk is full, say) is nobody's fault."""
        meaning = unavailable(error)
        if len(group) > 1 and not isinstance(meaning, Unavailable):
            for request in group:
                await self._write([request])
            return
        for request in group:
            request.answer(meaning)

    async def _attempt(self, group: Sequence[Append]) -> list[Result]:
        """With as much care as it takes. Raises what it can't be helped with, and then nothing was stored."""
        care, until = Care.HASTY, trio.current_time() + self._patience
        while True:
            try:
                return await self._pool.run(partial(append, group=group, care=care), within=_WITHIN)
            except Lost as lost:
                if trio.current_time() > until:
                    raise unavailable(lost) from None
                care = Care.DOUBTFUL
            except asyncpg.LockNotAvailableError:
                if care is Care.UNBLOCKED:
                    raise
                care = Care.UNBLOCKED
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
                if care is not Care.HASTY:
                    raise
                care = Care.CAREFUL
            self._retries += 1
