"""The schema goes up and down one numbered step at a time, each in a transaction of its own.

Nodes that start at once take turns: each step holds an advisory lock until its end, and asks inside it what is left.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from chatter.core.model import now
from chatter.stores.migrations import Migration, Step, load, pending
from chatter.stores.postgres.connection import Connection

_TURN: Final = 0x63686174  # "chat"
_TABLE: Final = """create table if not exists migrations (
    number integer primary key, name text not null, checksum text not null, applied_at text not null)"""


async def migrate(connection: Connection, migrations: Sequence[Migration] | None = None) -> list[Step]:
    """Bring the schema up to date; the steps that took (none, when another node was faster)."""
    known = load("postgres") if migrations is None else migrations
    taken: list[Step] = []
    while (step := await _step_up(connection, known)) is not None:
        taken.append(step)
    return taken


async def rollback_one(connection: Connection, migrations: Sequence[Migration] | None = None) -> Step | None:
    """Take the newest step back, with the data that only it could hold; None when there is none left."""
    known = {m.number: m for m in (load("postgres") if migrations is None else migrations)}
    async with _turn(connection):
        steps = await _applied(connection)
        if not steps:
            return None
        number, (name, _, applied_at) = max(steps.items())
        pending(list(known.values()), {number: steps[number][1]})
        await connection.execute(known[number].down)
        await connection.execute("delete from migrations where number = $1", number)
    return Step(number, name, applied_at)


async def status(connection: Connection, migrations: Sequence[Migration] | None = None) -> list[Step]:
    """Every migration that this version knows, applied or waiting."""
    async with _turn(connection):
        steps = await _applied(connection)
    known = load("postgres") if migrations is None else migrations
    return [Step(m.number, m.name, steps[m.number][2] if m.number in steps else None) for m in known]


async def _step_up(connection: Connection, known: Sequence[Migration]) -> Step | None:
    async with _turn(connection):
        left = pending(known, {number: step[1] for number, step in (await _applied(connection)).items()})
        if not left:
            return None
        step = Step(left[0].number, left[0].name, now())
        await connection.execute(left[0].up)
        await connection.execute(
            "insert into migrations (number, name, checksum, applied_at) values ($1, $2, $3, $4)",
            *(step.number, step.name, left[0].checksum, step.applied_at),
        )
    return step


@asynccontextmanager
async def _turn(connection: Connection) -> AsyncIterator[None]:
    """A transaction that no other node's step runs beside. A step may take its time, and so may others before it."""
    async with connection.transaction():
        await connection.execute("set local statement_timeout = 0; set local lock_timeout = 0")
        await connection.execute(f"select pg_advisory_xact_lock({_TURN})")
        yield


async def _applied(connection: Connection) -> dict[int, tuple[str, str, str]]:
    await connection.execute(_TABLE)
    rows = await connection.fetch("select number, name, checksum, applied_at from migrations order by number")
    return {number: (name, checksum, applied_at) for number, name, checksum, applied_at in rows}
