"""Rows of another database, taken over by an empty one: all of them in one transaction, counted before the commit."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from chatter.stores.port import StoreUnreachable
from chatter.stores.postgres.connection import Connection
from chatter.stores.postgres.words import lexemes
from chatter.stores.rows import TABLES, Batch, Copied, Source

_TYPES: Final = {
    "id": "text",
    "room": "int",
    "seq": "bigint",
    "message": "bigint",
    "last_seq": "bigint",
    "since": "bigint",
    "deleted": "boolean",
    "given": "boolean",
}
_EMPTY: Final = """
select not exists (select from rooms where name <> 'lobby' or last_seq > 0) and not exists (select from messages)
       and not exists (select from reads)"""
_UNEQUAL: Final = """
select r.name from rooms r where r.last_seq <>
    (select count(*) from messages m where m.room = r.id) + (select count(*) from changes c where c.room = r.id)
or r.last_seq <> greatest((select max(seq) from messages m where m.room = r.id),
                          (select max(seq) from changes c where c.room = r.id), 0)"""


async def take(connection: Connection, source: Source) -> Copied:
    """Everything the source has, or nothing; `StoreUnreachable` says why in one line."""
    async with connection.transaction():
        await connection.execute("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0")
        await connection.execute("lock table rooms in access exclusive mode")
        if not await connection.fetchval(_EMPTY):
            raise StoreUnreachable("there is something in it already: a copy needs an empty database")
        await connection.execute("delete from rooms")
        names: dict[int, str] = {}
        for table in TABLES:
            for batch in source.batches(table):
                await _put(connection, table, batch, names)
        await connection.execute("select setval(pg_get_serial_sequence('rooms', 'id'), (select max(id) from rooms))")
        await _keep(connection, secret := source.secret())
        rows = await _counted(connection, source)
    for table in TABLES:
        await connection.execute(f"analyze {table}")
    return Copied(rows, secret is not None)


async def _put(connection: Connection, table: str, batch: Batch, names: dict[int, str]) -> None:
    columns = list(TABLES[table])
    values: list[Sequence[Any]] = [
        _convert(column, value) for column, value in zip(columns, zip(*batch, strict=True), strict=True)
    ]
    if table == "rooms":
        names.update(zip(values[0], values[1], strict=True))
    if table == "messages":
        columns.append("words")
        values.append([_words(names[row[0]], row[6], bool(row[10])) for row in batch])
    types = [_type(table, column) for column in columns]
    arrays = ", ".join(f"${n}::{type}[]" for n, type in enumerate(types, 1))
    wanted = ", ".join(f"{column}::tsvector" if column == "words" else column for column in columns)
    names_of = ", ".join(columns)
    await connection.execute(
        f"insert into {table} ({names_of}) select {wanted} from unnest({arrays}) as n ({names_of})", *values
    )


def _type(table: str, column: str) -> str:
    return "int" if (table, column) == ("rooms", "id") else _TYPES.get(column, "text")


def _convert(column: str, values: Sequence[Any]) -> Sequence[Any]:
    if _TYPES.get(column) != "boolean":
        return values
    convert: Callable[[Any], bool | None] = lambda value: None if value is None else bool(value)  # noqa: E731
    return list(map(convert, values))


def _words(room: str, text: str, deleted: bool) -> str:
    return "" if deleted else lexemes(room, text)


async def _keep(connection: Connection, secret: str | None) -> None:
    """Tokens that were given out stay valid."""
    if secret is not None:
        await connection.execute(
            "insert into secrets (name, value) values ('tokens', $1) on conflict (name) do update set value = $1",
            secret,
        )


async def _counted(connection: Connection, source: Source) -> dict[str, int]:
    """What has arrived, or nothing is kept: as many rows, and each room's log without gaps up to its last."""
    rows = {table: int(await connection.fetchval(f"select count(*) from {table}")) for table in TABLES}
    for table, count in rows.items():
        if count != source.count(table):
            raise StoreUnreachable(f"only {count} of {source.count(table)} {table} arrived, so nothing was copied")
    broken = await connection.fetch(_UNEQUAL)
    if broken:
        raise StoreUnreachable(f"the log of room {broken[0][0]} has gaps, so nothing was copied")
    return rows
