"""A connection for one errand beside serving: opened, used, closed."""

import math
from functools import partial
from typing import Final, TypeVar

import attrs
import outcome

from chatter.stores.migrations import Step
from chatter.stores.port import StoreUnreachable
from chatter.stores.postgres.bridge import open_bridge
from chatter.stores.postgres.connection import (
    FROM_CONNECTING,
    Address,
    Connection,
    check_version,
    connect,
    unreachable,
)
from chatter.stores.postgres.keys import kept_secret
from chatter.stores.postgres.migrating import migrate, rollback_one, status
from chatter.stores.postgres.pool import Job
from chatter.stores.postgres.taking import take
from chatter.stores.rows import Copied, Source

T = TypeVar("T")

_WITHIN: Final = 600.0


async def errand(address: Address, job: Job[T], *, within: float = _WITHIN) -> T:
    """What the job returns; whatever goes wrong is `StoreUnreachable`, in one line."""
    async with open_bridge() as bridge:
        told = await outcome.acapture(bridge.call, _with_connection(address, job), within=within)
    try:
        return told.unwrap()
    except (StoreUnreachable, *FROM_CONNECTING) as error:
        raise unreachable(address, error) from error


async def _with_connection(address: Address, job: Job[T]) -> T:
    connection = await connect(address)
    try:
        await check_version(connection)
        return await job(connection)
    finally:
        connection.terminate()


@attrs.frozen
class PostgresSchema:
    """`chatter.stores.migrations.Schema` of the database at `address`."""

    address: Address

    async def up(self) -> list[Step]:
        return await errand(self.address, migrate)

    async def down(self) -> Step | None:
        return await errand(self.address, rollback_one)

    async def status(self) -> list[Step]:
        return await errand(self.address, status)


async def secret(address: Address) -> str:
    """The key that signs tokens, the same for all nodes: made by the first."""
    return await errand(address, _migrated_secret)


async def take_over(address: Address, source: Source) -> Copied:
    """Everything the source has, into an empty database."""
    return await errand(address, partial(_take_migrated, source=source), within=math.inf)


async def _migrated_secret(connection: Connection) -> str:
    await migrate(connection)
    return await kept_secret(connection)


async def _take_migrated(connection: Connection, source: Source) -> Copied:
    await migrate(connection)
    return await take(connection, source)
