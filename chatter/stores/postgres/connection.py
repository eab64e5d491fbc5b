"""Every connection is opened here, and every error of PostgreSQL gets its meaning here."""

import os
import re
import ssl
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import attrs

from chatter.errors import Unavailable
from chatter.stores.port import StoreUnreachable
from chatter.stores.postgres.bridge import TookTooLong

CONNECT_WITHIN: Final = 5.0
OLDEST: Final = 14

# Limits that hold in the server too, so that a node that hangs or is cut off holds up nobody else for longer.
_OURS: Final = {
    "application_name": "chatter",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "30",
    "jit": "off",
}

# Only when it is off: stronger settings than "on" stay.
_DURABLE: Final = (
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"
)

Connection = Any
"""An `asyncpg.Connection`, which comes without types."""


class Lost(Exception):
    """The connection ended before the answer came: what was asked may have been done, or not.

    `silent`: because the server took longer than it ever should.
    """

    def __init__(self, why: str, *, silent: bool) -> None:
        super().__init__(why)
        self.silent = silent


@attrs.frozen
class Address:
    """A `postgresql://` URL. It is never shown, since it may hold a password: `str()` is what may be."""

    url: str = attrs.field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        asked = parse_qs(parts.query)
        host = parts.netloc.rpartition("@")[2] or asked.get("host", ["localhost"])[0]
        name = unquote(parts.path.lstrip("/"))
        return f"PostgreSQL at {host}, database {name}" if name else f"PostgreSQL at {host}"


async def connect(address: Address) -> Connection:
    """A connection with our limits, on which a commit is on the disk. To be called across the bridge."""
    connection = await asyncpg.connect(address.url, timeout=CONNECT_WITHIN, server_settings=_OURS)
    durable = False
    try:
        await connection.execute(_DURABLE)
        durable = True
    finally:
        if not durable:
            connection.terminate()
    return connection


async def check_version(connection: Connection) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST:
        raise StoreUnreachable(f"it is version {version.major}, and has to be {OLDEST} at least")


# What may be different when one asks again: the server is away, busy, full, or stands by for another.
_PASSING: Final = (
    Lost,
    TookTooLong,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # also a statement that took too long
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,  # deadlocks
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TargetServerAttributeNotMatched,
)
_GONE: Final = (
    TookTooLong,
    OSError,
    asyncpg.InternalClientError,  # the server ended it in the middle of an answer, and asyncpg has lost the thread
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
FROM_SERVER: Final = (asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a statement can raise when the connection stands."""
FROM_CONNECTING: Final = (*FROM_SERVER, asyncpg.InternalClientError, OSError, TookTooLong)
FROM_USING: Final = (*FROM_CONNECTING, AttributeError)
"""With what asyncpg raises when a connection is closed between two of its steps: it has no protocol any more."""


def is_gone(error: BaseException, connection: Connection) -> bool:
    """Whether the connection went with the error, and nobody knows what was done."""
    return isinstance(error, _GONE) or bool(connection.is_closed())


def unavailable(error: BaseException) -> BaseException:
    """`Unavailable` when the database could not, the error itself when it is our bug."""
    if not isinstance(error, _PASSING):
        return error
    told = Unavailable("The database does not answer; try again.")
    told.__cause__ = error
    return told


def unreachable(address: Address, error: BaseException) -> StoreUnreachable:
    return StoreUnreachable(f"The database can't be opened: {address}: {told(error)}.")


def told(error: BaseException) -> str:
    """What went wrong, in one line. Errors of asyncpg name users and databases, but no passwords."""
    if isinstance(error, TookTooLong | TimeoutError):
        return "no answer"
    number = error.errno if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
    words = (os.strerror(number) if number and number > 0 else "") or str(error) or type(error).__name__
    return re.sub(r"\s+", " ", words).rstrip(".")
