"""What the writer does for itself when nobody waits: fill the search index, checkpoint the log.

Chores never delay a post by more than one bite of the index, and a chore that the database refuses for now (full,
locked) is left for the next quiet moment.
"""

import sqlite3
from contextlib import suppress
from typing import Final

from chatter.stores.sqlite import search

_BITE: Final = 500
_MOST_LAG: Final = 50_000


class Chores:
    """Called by the writer's thread only, between transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.lag = 0
        self._checkpointed = True

    def begin(self) -> None:
        """Pick up what the last run left."""
        self.lag = search.lag(self._connection)

    @property
    def left(self) -> bool:
        return self.lag > 0 or not self._checkpointed

    def posted(self, messages: int) -> None:
        """A transaction was committed, with so many new messages."""
        self.lag += messages
        self._checkpointed = False

    def after_group(self) -> None:
        """Under load the index waits, but not for ever."""
        if self.lag > _MOST_LAG:
            with suppress(sqlite3.OperationalError):
                self._index()

    def in_quiet(self) -> None:
        try:
            self._index() if self.lag > 0 else self._checkpoint("passive")
        except sqlite3.OperationalError:
            self.lag, self._checkpointed = 0, True

    def before_close(self) -> None:
        """Leave one file, without a log beside it. A database that refuses is left as it is: nothing is lost."""
        with suppress(sqlite3.OperationalError):
            self._connection.execute("pragma analysis_limit = 400")
            self._connection.execute("pragma optimize")
            self._checkpoint("truncate")

    def _index(self) -> None:
        self._connection.execute("begin immediate")
        try:
            search.index_some(self._connection, _BITE)
            self._connection.execute("commit")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        self.lag = search.lag(self._connection)

    def _checkpoint(self, mode: str) -> None:
        self._connection.execute(f"pragma wal_checkpoint({mode})")
        self._checkpointed = True
