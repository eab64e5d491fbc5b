"""The file's schema, brought up or down beside serving."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import attrs
import trio

from chatter.stores.migrations import Step
from chatter.stores.port import StoreUnreachable
from chatter.stores.sqlite.connection import open_writer, unreachable
from chatter.stores.sqlite.migrating import migrate, rollback_one, status

T = TypeVar("T")

_PATIENCE = 2.0


@attrs.frozen
class SqliteSchema:
    """`chatter.stores.migrations.Schema` of the file at `path`, which is made when it is missing."""

    path: Path

    async def up(self) -> list[Step]:
        return await self._do(_up)

    async def down(self) -> Step | None:
        return await self._do(rollback_one)

    async def status(self) -> list[Step]:
        return await self._do(status)

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await trio.to_thread.run_sync(self._on_connection, work)

    def _on_connection(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with closing(open_writer(self.path, _PATIENCE)) as connection:
            try:
                return work(connection)
            except (sqlite3.DatabaseError, StoreUnreachable) as error:
                raise unreachable(self.path, error) from error


def _up(connection: sqlite3.Connection) -> list[Step]:
    before = {step.number for step in status(connection) if step.applied_at is not None}
    migrate(connection)
    return [step for step in status(connection) if step.number not in before]
