"""Every connection is opened here, and every error of SQLite gets its meaning here."""

import sqlite3
import time
from pathlib import Path
from typing import Final

from chatter.errors import Unavailable
from chatter.stores.port import StoreUnreachable

_OURS: Final = (
    "pragma synchronous = full",  # an acknowledged message survives a power cut
    "pragma foreign_keys = on",
    "pragma secure_delete = on",  # a deleted text is overwritten in the file, too
    "pragma temp_store = memory",
    "pragma cache_size = -16384",
    "pragma wal_autocheckpoint = 1000",
    "pragma journal_size_limit = 67108864",
)
_THEIRS: Final = (
    "pragma query_only = on",
    "pragma temp_store = memory",
    "pragma cache_size = -8192",
    "pragma mmap_size = 268435456",
)


def open_writer(path: Path, patience: float) -> sqlite3.Connection:
    """The connection that writes; the file is made when it is missing, its folder is not."""
    if not path.absolute().parent.is_dir():
        raise StoreUnreachable(f"The database {path} can't be opened: there is no folder {path.absolute().parent}.")
    try:
        return _prepared(_connect(path, "rwc", patience), patience)
    except sqlite3.DatabaseError as error:
        raise unreachable(path, error) from error


def open_reader(path: Path, patience: float) -> sqlite3.Connection:
    """A connection that only reads. It may be used by one thread after the other.

    It is opened for writing, though: whoever closes last has to put the log away.
    """
    connection = _connect(path, "rw", patience)
    for pragma in _THEIRS:
        connection.execute(pragma)
    return connection


def unreachable(path: Path, error: Exception) -> StoreUnreachable:
    return StoreUnreachable(f"The database {path} can't be opened: {str(error).rstrip('.')}.")


def unavailable(error: BaseException) -> BaseException:
    """`Unavailable` when the database could not (full, locked, unreadable), the error itself when it is our bug."""
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(
        error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError
    ):
        return error
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR:
        return error
    told = Unavailable("The database does not answer; try again.")
    told.__cause__ = error
    return told


def is_locked(error: BaseException) -> bool:
    """Whether another process has the file, so that asking again at once would only wait again."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _connect(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
    )


def _prepared(connection: sqlite3.Connection, patience: float) -> sqlite3.Connection:
    try:
        _enter_wal(connection, time.monotonic() + patience)
        for pragma in _OURS:
            connection.execute(pragma)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _enter_wal(connection: sqlite3.Connection, deadline: float) -> None:
    """Switch to write-ahead logging. Two who switch at once may be told "locked" without any wait: try again."""
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
