"""What moderators do: rooms that are closed, and users to be disconnected."""

import sqlite3

from chatter.core.model import now
from chatter.stores.bounds import KEPT_DISCONNECTIONS
from chatter.stores.port import Disconnections
from chatter.stores.sqlite.transaction import Transaction


def close_room(transaction: Transaction, name: str) -> None:
    room = transaction.forget(name)
    transaction.connection.execute("update rooms set closed_at = ? where id = ?", (now(), room.id))


def disconnect(transaction: Transaction, user_id: str) -> None:
    execute = transaction.connection.execute
    order = execute("insert into disconnections (user_id, at) values (?, ?)", (user_id, now()))
    assert order.lastrowid is not None
    execute("delete from disconnections where number <= ?", (order.lastrowid - KEPT_DISCONNECTIONS,))


def disconnections(connection: sqlite3.Connection, after: int | None) -> Disconnections:
    if after is None:
        (newest,) = connection.execute("select coalesce(max(number), 0) from disconnections").fetchone()
        return Disconnections(newest, [])
    rows = connection.execute(
        "select number, user_id from disconnections where number > ? order by number", (after,)
    ).fetchall()
    return Disconnections(rows[-1][0] if rows else after, [user_id for _, user_id in rows])
