"""The shared store: a PostgreSQL database that several nodes use at once, by asyncpg.

store         the adapter: what a supervisor runs and rooms call
writer        appends of all rooms, gathered into one transaction
writing       a group of appends as statements: hasty, or careful
log           commands → outcomes: the rules of a room's log, pure
reading       queries → messages, events, pages
search        the full-text index
words         text → the words of that index, pure
pool          connections, used by one job at a time, opened again when they are lost
migrating     the schema's way up and down
taking        another database's rows, taken over
keys          the key that signs tokens, when none was set
errand        a connection for one errand: schema, key, taking over
connection    opening a connection, and what PostgreSQL's errors mean
bridge        calls from Trio into asyncio: the one place that knows it
"""

from chatter.stores.postgres.connection import Address
from chatter.stores.postgres.store import PostgresStore

__all__ = ["Address", "PostgresStore"]
