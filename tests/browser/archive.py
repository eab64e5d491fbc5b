"""Fills a database with messages of seven people, before any server serves it: `python archive.py FILE COUNT`."""

import sys
from pathlib import Path

import trio

from chatter.core.commands import Post
from chatter.core.model import LOBBY, User
from chatter.stores.sqlite import SqliteStore

PEOPLE = [User(f"person-{name}", name) for name in ("Ann", "Bea", "Cem", "Dov", "Eli", "Fay", "Gus")]
STORY = "The gate of the garden squeaks again and somebody should oil it before the guests come on Sunday"
BATCH = 500


async def fill(file: Path, count: int) -> None:
    store = SqliteStore(file)
    async with trio.open_nursery() as nursery:
        opened = trio.Event()
        nursery.start_soon(store.run, opened.set)
        await opened.wait()
        for first in range(1, count + 1, BATCH):
            await store.append(LOBBY, [post(number) for number in range(first, min(first + BATCH, count + 1))])
        store.stop()


def post(number: int) -> Post:
    """Everybody says a few things in a row, some long, some short."""
    words = STORY.split()
    said = " ".join(words[: 1 + number * 7 % len(words)])
    return Post(user=PEOPLE[number // 4 % len(PEOPLE)], text=f"{number}. {said}")


if __name__ == "__main__":
    trio.run(fill, Path(sys.argv[1]), int(sys.argv[2]))
