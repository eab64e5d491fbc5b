"""The key that signs tokens, kept in the database when none was set: nodes that share it share the key."""

import secrets

from chatter.stores.postgres.connection import Connection


async def kept_secret(connection: Connection) -> str:
    """The key, made by whoever asks first."""
    await connection.execute(
        "insert into secrets (name, value) values ('tokens', $1) on conflict do nothing", secrets.token_urlsafe(48)
    )
    return str(await connection.fetchval("select value from secrets where name = 'tokens'"))
