"""The schema goes up and down one numbered step at a time, each in a transaction of its own.

Two processes that start at once take turns: each step asks again, inside its write transaction, what is left.
"""

import sqlite3
from collections.abc import Iterator, Sequence

from chatter.core.model import now
from chatter.stores.migrations import Migration, Step, load, pending

_TABLE = """create table if not exists migrations (
    number integer primary key, name text not null, checksum text not null, applied_at text not null) strict"""


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None) -> int:
    """Bring the schema up to date; how many steps that took (none, when another process was faster)."""
    known = load("sqlite") if migrations is None else migrations
    taken = 0
    while _step_up(connection, known):
        taken += 1
    return taken


def rollback_one(connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None) -> Step | None:
    """Take the newest step back, with the data that only it could hold; None when there is none left."""
    known = {m.number: m for m in (load("sqlite") if migrations is None else migrations)}
    with _writing(connection):
        steps = _applied(connection)
        if not steps:
            return None
        number, (name, _, applied_at) = max(steps.items())
        pending(list(known.values()), {number: steps[number][1]})
        _execute(connection, known[number].down)
        connection.execute("delete from migrations where number = ?", (number,))
    return Step(number, name, applied_at)


def status(connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None) -> list[Step]:
    """Every migration that this version knows, applied or waiting."""
    with _writing(connection):
        steps = _applied(connection)
    known = load("sqlite") if migrations is None else migrations
    return [Step(m.number, m.name, steps[m.number][2] if m.number in steps else None) for m in known]


def _step_up(connection: sqlite3.Connection, known: Sequence[Migration]) -> bool:
    with _writing(connection):
        left = pending(known, {number: step[1] for number, step in _applied(connection).items()})
        if not left:
            return False
        _execute(connection, left[0].up)
        row = (left[0].number, left[0].name, left[0].checksum, now())
        connection.execute("insert into migrations (number, name, checksum, applied_at) values (?, ?, ?, ?)", row)
    return True


class _writing:
    """A write transaction: committed at the end of the block, rolled back when it raises."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("begin immediate")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._connection.execute("commit" if kind is None else "rollback")


def _applied(connection: sqlite3.Connection) -> dict[int, tuple[str, str, str]]:
    connection.execute(_TABLE)
    rows = connection.execute("select number, name, checksum, applied_at from migrations order by number")
    return {number: (name, checksum, applied_at) for number, name, checksum, applied_at in rows}


def _execute(connection: sqlite3.Connection, script: str) -> None:
    """Run a script inside the open transaction, which `executescript` would commit first."""
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
