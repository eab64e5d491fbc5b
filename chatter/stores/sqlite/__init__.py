"""The embedded store: one SQLite file, one writer thread with group commit, readers beside it.

store         the adapter: what a supervisor runs and rooms call
writer        requests of all rooms, gathered into one transaction and one sync
chores        what the writer does for itself when nobody waits
transaction   what the requests of a group share: rooms' counters, rows still to be inserted
log           commands → outcomes: the rules of a room's log, in SQL
readers       connections that only read, in threads
reading       queries → messages, events, pages
search        the full-text index, filled behind the posts
migrating     the schema's way up and down
schema        the same, beside serving
giving        all rows, for another database
connection    opening the file, and what its errors mean
"""

from chatter.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
