"""A store's rows on their way to another database: which there are, and in which order they can be put down."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

import attrs

Batch = Sequence[Sequence[Any]]

TABLES: Final = {
    "rooms": ("id", "name", "topic", "created_at", "last_seq", "closed_at"),
    "messages": (
        "room",
        "seq",
        "id",
        "user_id",
        "user_name",
        "user_avatar",
        "text",
        "inserted_at",
        "client_id",
        "edited_at",
        "deleted",
    ),
    "changes": (
        "room",
        "seq",
        "kind",
        "message",
        "command_id",
        "user_id",
        "user_name",
        "at",
        "text",
        "emoji",
        "given",
    ),
    "reactions": ("room", "message", "emoji", "user_id", "since", "seq"),
    "reads": ("room", "user_id", "seq", "user_name", "user_avatar", "at"),
}
"""Columns by table. `room` is a room's id; `message` the `seq` of a message of that room; yes and no are 1 and 0."""


class Source(Protocol):
    """Where rows come from. Reading may block."""

    def batches(self, table: str) -> Iterator[Batch]:
        """All rows of the table, some thousands at a time."""
        ...

    def count(self, table: str) -> int:
        """How many there are."""
        ...

    def secret(self) -> str | None:
        """The key that signs tokens, if it is kept there."""
        ...


@attrs.frozen
class Copied:
    """What was copied and counted again: rows by table, and whether tokens stay valid."""

    rows: dict[str, int]
    secret: bool
