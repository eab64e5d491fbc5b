"""What moderators do: rooms that are closed, and users to be disconnected."""

from typing import Final

from chatter.core.model import now
from chatter.stores.bounds import KEPT_DISCONNECTIONS
from chatter.stores.port import Disconnections
from chatter.stores.postgres.connection import Connection
from chatter.stores.postgres.reading import no_room

_CLOSE: Final = "update rooms set closed_at = $2 where name = $1 and closed_at is null returning id"


async def close_room(connection: Connection, name: str) -> None:
    """Whoever writes to its log at this moment is waited for; who comes later finds no room."""
    if await connection.fetchval(_CLOSE, name, now()) is None:
        raise no_room(name)


async def disconnect(connection: Connection, user_id: str) -> None:
    """One at a time, so that nobody sees a number before a smaller one."""
    async with connection.transaction():
        await connection.execute("lock table disconnections in share row exclusive mode")
        number = await connection.fetchval(
            "insert into disconnections (user_id, at) values ($1, $2) returning number", user_id, now()
        )
        await connection.execute("delete from disconnections where number <= $1", number - KEPT_DISCONNECTIONS)


async def disconnections(connection: Connection, after: int | None) -> Disconnections:
    if after is None:
        return Disconnections(await connection.fetchval("select coalesce(max(number), 0) from disconnections"), [])
    rows = await connection.fetch("select number, user_id from disconnections where number > $1 order by number", after)
    return Disconnections(rows[-1][0] if rows else after, [user_id for _, user_id in rows])
