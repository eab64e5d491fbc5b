"""Full-text search: the words are written with each message, so whatever was acknowledged is found."""

from typing import Final

from chatter.stores.bounds import bounded
from chatter.stores.port import Hit
from chatter.stores.postgres import reading, words
from chatter.stores.postgres.connection import Connection
from chatter.stores.postgres.reading import MESSAGE, WIDTH

# ids are made in the order of time (UUIDv7), and are the same for all rooms.
_FIND: Final = (
    f"select {MESSAGE}, r.name from messages m join open_rooms r on r.id = m.room "
    "where m.words @@ $1::text::tsquery order by m.id desc limit $2"
)


async def find(connection: Connection, query: str, name: str | None, limit: int) -> list[Hit]:
    if name is not None and await reading.room(connection, name) is None:
        raise reading.no_room(name)
    wanted = words.query(query, name)
    if wanted is None:
        return []
    async with connection.transaction(readonly=True):
        # How best to look depends on how common the words are, so each search is planned by itself.
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        rows = await connection.fetch(_FIND, wanted, max(0, bounded(limit)))
    return [Hit(row[WIDTH], reading.message(row)) for row in rows]
