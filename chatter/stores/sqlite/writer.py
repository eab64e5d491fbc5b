"""One thread writes: whatever waits when it is free goes into one transaction, one commit, one sync.

So the price of a sync is shared by all who write at the same moment, and nobody waits longer than the one commit
before theirs. The answers of a group go back to trio in one callback.

* Nothing is answered before its commit returned.
* When a request of a group raises, the group is rolled back and each request runs again by itself: only the guilty
  one fails.
* At most `capacity` requests wait; one more raises `Unavailable`.
* A crash of the thread is handed out by `ended()`, and everybody who waits gets `Unavailable` from `abandon()`.
"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import attrs
import trio

from chatter.errors import ChatterError, Unavailable
from chatter.stores.sqlite.chores import Chores
from chatter.stores.sqlite.connection import is_locked, unavailable
from chatter.stores.sqlite.transaction import Transaction

T = TypeVar("T")

_QUIET: Final = 0.1


@attrs.define(eq=False)
class Request:
    """A job and, once it was answered, what came of it."""

    job: Callable[[Transaction], Any]
    answered: trio.Event = attrs.Factory(trio.Event)
    result: Any = None
    error: BaseException | None = None

    def run(self, transaction: Transaction) -> None:
        self.error = None
        try:
            self.result = self.job(transaction)
        except ChatterError as refusal:
            self.error = refusal


@attrs.frozen
class Statistics:
    """How the writer does: with group commit, far more `requests` than `commits`.

    `waiting` are requests without an answer yet, `unindexed` messages that the search index still lacks.
    """

    requests: int = 0
    commits: int = 0
    rollbacks: int = 0
    waiting: int = 0
    unindexed: int = 0


class Writer:
    """The thread and its queue. Made, stopped and asked by trio tasks of one run.

    `refused`: the database did not take what was written last.
    """

    def __init__(self, connection: sqlite3.Connection, capacity: int) -> None:
        self.refused = False
        self._requests = self._commits = self._rollbacks = 0
        self._connection = connection
        self._capacity = capacity
        self._chores = Chores(connection)
        self._queue: SimpleQueue[Request | None] = SimpleQueue()
        self._waiting: set[Request] = set()
        self._closed = False
        self._crash: BaseException | None = None
        self._ended = trio.Event()
        # The only way back into trio that does not make this thread wait for its loop (`trio.from_thread` does).
        self._token = trio.lowlevel.current_trio_token()
        self._thread = threading.Thread(target=self._live, name="chatter-sqlite-writer", daemon=True)

    def statistics(self) -> Statistics:
        return Statistics(self._requests, self._commits, self._rollbacks, len(self._waiting), self._chores.lag)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more, finish what waits, checkpoint, close. Again: no effect."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)

    async def submit(self, job: Callable[[Transaction], T]) -> T:
        """What `job` returns, after its commit. Cancelled: it runs whole or not at all, and nobody hears of it."""
        if self._closed:
            raise Unavailable("The database is closed; try again.")
        if len(self._waiting) >= self._capacity:
            raise Unavailable("The database has too much to do; try again.")
        request = Request(job)
        self._waiting.add(request)
        self._queue.put(request)
        await request.answered.wait()
        if request.error is not None:
            raise request.error
        result: T = request.result
        return result

    async def ended(self) -> BaseException | None:
        """Wait for the thread's end; what it crashed with, if it did."""
        await self._ended.wait()
        return self._crash

    def abandon(self) -> None:
        """Whoever still waits will not be answered any more."""
        self._closed = True
        for request in self._waiting:
            request.error = Unavailable("The database was closed before it answered; try again.")
        self._wake(list(self._waiting))

    def _wake(self, group: list[Request]) -> None:
        for request in group:
            self._waiting.discard(request)
            request.answered.set()

    # From here on, in the thread.

    def _live(self) -> None:
        """Catches everything, because the task that owns the writer gets it from `ended()` and raises it again."""
        try:
            self._chores.begin()
            self._serve()
            self._chores.before_close()
        except BaseException as crash:  # noqa: BLE001
            self._crash = crash
        finally:
            self._connection.close()
            self._tell(self._ended.set)

    def _serve(self) -> None:
        stopping = False
        while not stopping:
            group = self._take()
            stopping = None in group
            requests = [request for request in group if request is not None]
            if requests:
                self._answer(requests)
            self._chores.after_group() if group else self._chores.in_quiet()

    def _take(self) -> list[Request | None]:
        """All that waits, at least one; or nothing after a quiet moment, when there are chores for it."""
        try:
            group = [self._queue.get(timeout=_QUIET if self._chores.left else None)]
        except Empty:
            return []
        with suppress(Empty):
            while group[-1] is not None:
                group.append(self._queue.get_nowait())
        return group

    def _answer(self, group: list[Request]) -> None:
        self._requests += len(group)
        wrong = self._attempt(group, hasty=True)
        if wrong is not None and not is_locked(wrong):
            wrong = self._attempt(group, hasty=False)
        if wrong is not None:
            self._one_by_one(group, wrong)
        self._tell(self._wake, group)

    def _one_by_one(self, group: list[Request], wrong: BaseException | None) -> None:
        """Find the guilty one. When somebody else has locked the file, nobody is, and one wait is enough for all."""
        for request in group:
            if wrong is None or not is_locked(wrong):
                wrong = self._attempt([request], hasty=False)
            if wrong is not None:
                request.error = unavailable(wrong)
                self.refused = isinstance(request.error, Unavailable)

    def _attempt(self, group: list[Request], *, hasty: bool) -> BaseException | None:
        """Run the group in one transaction. What went wrong, if anything did: then it has changed nothing.

        Catches everything, because `submit` raises it again in the task whose request it was.
        """
        transaction = Transaction(self._connection, hasty)
        before = self._connection.total_changes
        try:
            self._connection.execute("begin immediate")
            for request in group:
                request.run(transaction)
            transaction.finish()
            self._connection.execute("commit")
        except BaseException as wrong:  # noqa: BLE001
            self._rollback()
            return wrong
        self._commits += 1
        if self._connection.total_changes != before:
            self.refused = False
        self._chores.posted(transaction.posted)
        return None

    def _rollback(self) -> None:
        """Undo the transaction, unless it never began or SQLite undid it by itself (disk full, I/O error)."""
        self._rollbacks += 1
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    def _tell(self, callback: Callable[..., Any], *arguments: Any) -> None:
        """Nobody is left to be told when trio has ended."""
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(callback, *arguments)
