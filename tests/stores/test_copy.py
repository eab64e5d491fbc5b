"""From a SQLite file into PostgreSQL: everything, as it stood, or nothing."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import trio

from chatter.application import copy
from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.events import Event
from chatter.core.model import Message, RoomInfo, User
from chatter.errors import Refused, Unavailable
from chatter.stores.port import Hit, Known, Store, Stored, StoreUnreachable
from chatter.stores.postgres import Address, PostgresStore
from chatter.stores.postgres.errand import secret
from chatter.stores.sqlite import SqliteStore
from chatter.stores.sqlite.giving import giving
from tests.postgres_server import PostgresServer
from tests.stores.running import locked, running

PEOPLE = [User(f"u{n}", f"User{n}", avatar=None if n % 2 else f"{n}.png") for n in range(5)]
WORDS = ["quick", "brown", "fox", "crème", "brûlée", "don't", "日本語", "👋", "'; drop table rooms; --", "\\"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.url(postgres.new_database())


async def live(store: Store, seed: int) -> list[tuple[str, Command]]:
    """A few rooms with a past: everything that can happen to a message."""
    chance = Random(seed)
    for name in ("attic", "kitchen", "empty"):
        await store.create_room(name, f"what happens in the {name}")
    said: list[tuple[str, Command]] = []
    for room in ("lobby", "attic", "kitchen"):
        posts: list[Post] = []
        for number in range(60):
            user = chance.choice(PEOPLE)
            text = " ".join(chance.choices(WORDS, k=chance.randint(1, 6)))
            posts.append(Post(user=user, text=text, client_id=f"c{number}" if number % 3 else None))
            await store.append(room, [posts[-1]])
            old = chance.choice(posts)
            change: Sequence[Command] = [
                Edit(user=old.user, message_id=old.id, text=text + " again"),
                React(user=user, message_id=old.id, emoji=chance.choice("👋❤x"), on=chance.random() < 0.7),
                Delete(user=old.user, message_id=old.id),
            ]
            command = chance.choices(change, weights=[3, 5, 1])[0]
            await store.append(room, [command])
            said += [(room, posts[-1]), (room, command)]
        for user in PEOPLE:
            await store.mark_read(room, user, chance.randint(0, 80))
    return said


Everything = tuple[list[RoomInfo], list[list[Event]], list[list[Message]], list[list[int]], list[list[Hit]]]


async def everything(store: Store) -> Everything:
    """All that a store can be asked."""
    rooms = await store.rooms()
    names = [room.name for room in rooms]
    events = [await store.events_after(name, 0, 10_000) for name in names]
    pages = [(await store.page(name, limit=10_000)).messages for name in names]
    unread = [[await store.mark_read(name, user, 0) for user in PEOPLE] for name in names]
    hits = [await store.search(word, room=room, limit=1_000) for word in WORDS for room in (None, "kitchen")]
    return rooms, events, pages, unread, hits


async def test_whatever_can_be_asked_has_the_same_answer_afterwards(path: Path, url: str) -> None:
    await trio.Path(path.with_suffix(".secret")).write_text("a key of forty characters, more or less\n")
    async with running(SqliteStore(path)) as store:
        said = await live(store, seed=1)
        before = await everything(store)
    copied = await copy(f"sqlite:///{path}", url)
    assert copied.rows == {"rooms": 4, "messages": 180} | {t: copied.rows[t] for t in ("changes", "reactions", "reads")}
    assert copied.rows["changes"] > 50
    assert copied.secret
    assert await secret(Address(url)) == "a key of forty characters, more or less"
    async with running(PostgresStore(Address(url))) as store:
        after = await everything(store)
        assert after == before
        orders = [[list(m.reactions.items()) for m in page] for page in (*before[2], *after[2])]
        assert orders[:4] == orders[4:]
        again = [(await store.append(room, [command]))[0] for room, command in said]
        assert {type(outcome) for outcome in again if not isinstance(outcome, Refused)} == {Known}
        for room in rooms_of(said):  # and the next takes the next number
            last = (await store.tail(room, events=0, messages=0)).last_seq
            [news] = await store.append(room, [Post(user=PEOPLE[0], text="news")])
            assert isinstance(news, Stored)
            assert news.event.seq == last + 1
        await store.create_room("annex", "")


def rooms_of(said: list[tuple[str, Command]]) -> set[str]:
    return {room for room, _ in said}


async def test_a_database_that_is_not_empty_is_left_as_it_is(path: Path, url: str) -> None:
    async with running(SqliteStore(path)) as store:
        await store.append("lobby", [Post(user=PEOPLE[0], text="from the file")])
    async with running(PostgresStore(Address(url))) as store:
        await store.append("lobby", [Post(user=PEOPLE[0], text="was here first")])
        with pytest.raises(StoreUnreachable, match="empty"):
            await copy(f"sqlite:///{path}", url)
        assert [m.text for m in (await store.page("lobby", limit=10)).messages] == ["was here first"]


async def test_a_second_copy_meets_the_first(path: Path, url: str) -> None:
    async with running(SqliteStore(path)) as store:
        await store.append("lobby", [Post(user=PEOPLE[0], text="from the file")])
    assert (await copy(f"sqlite:///{path}", url)).rows["messages"] == 1
    with pytest.raises(StoreUnreachable, match="empty"):
        await copy(f"sqlite:///{path}", url)


async def test_a_log_with_a_gap_is_not_taken_over(path: Path, url: str) -> None:
    async with running(SqliteStore(path)) as store:
        for number in range(3):
            await store.append("lobby", [Post(user=PEOPLE[0], text=str(number))])
    with closing(sqlite3.connect(path)) as database:
        database.execute("delete from messages where seq = 2")
        database.commit()
    with pytest.raises(StoreUnreachable, match="room lobby has gaps"):
        await copy(f"sqlite:///{path}", url)
    async with running(PostgresStore(Address(url))) as store:
        assert [(room.name, room.last_seq) for room in await store.rooms()] == [("lobby", 0)]


async def test_a_file_that_is_missing_held_or_no_database_is_not_copied(path: Path, url: str) -> None:
    with pytest.raises(StoreUnreachable, match="no such file"):
        await copy(f"sqlite:///{path}", url)
    assert not await trio.Path(path).exists()
    async with running(SqliteStore(path)):
        pass
    with locked(path), pytest.raises(StoreUnreachable, match="locked"):
        await copy(f"sqlite:///{path}", url)
    await trio.Path(path).write_text("not a database at all" * 100)
    with pytest.raises(StoreUnreachable, match="not a database"):
        await copy(f"sqlite:///{path}", url)


async def test_while_rows_are_given_away_nobody_writes_to_the_file(path: Path) -> None:
    async with running(SqliteStore(path, patience=0.05)) as store:
        post = [Post(user=PEOPLE[0], text="hello")]
        with giving(path) as source:
            with pytest.raises(Unavailable):
                await store.append("lobby", post)
            assert source.count("messages") == 0
        assert isinstance((await store.append("lobby", post))[0], Stored)
