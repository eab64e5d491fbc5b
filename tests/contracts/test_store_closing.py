"""Rooms that are closed, and users to be disconnected: what every store promises to moderators."""

import pytest
import trio

from chatter.core.commands import Post
from chatter.errors import AlreadyExists, NotFound
from chatter.stores.port import Disconnections, Store, Stored
from tests.contracts.people import ANN, BOB, says


async def test_a_closed_room_is_not_found_by_any_call(store: Store) -> None:
    await store.create_room("kitchen", "")
    await says(store, ANN, "hello there", room="kitchen")
    assert await store.search("hello", room=None, limit=1) != []
    await store.close_room("kitchen")
    with pytest.raises(NotFound):
        await store.append("kitchen", [Post(user=ANN, text="anybody?")])
    with pytest.raises(NotFound):
        await store.tail("kitchen", events=1, messages=1)
    with pytest.raises(NotFound):
        await store.events_after("kitchen", 0, 1)
    with pytest.raises(NotFound):
        await store.page("kitchen", limit=1)
    with pytest.raises(NotFound):
        await store.mark_read("kitchen", BOB, 1)
    with pytest.raises(NotFound):
        await store.members("kitchen", limit=1)
    with pytest.raises(NotFound):
        await store.search("hello", room="kitchen", limit=1)
    assert await store.room("kitchen") is None
    assert await store.search("hello", room=None, limit=1) == []
    assert [room.name for room in await store.rooms()] == ["lobby"]
    assert await store.last_seqs(["kitchen", "lobby"]) == {"lobby": 0}


async def test_a_closed_rooms_name_stays_taken(store: Store) -> None:
    await store.create_room("kitchen", "")
    await store.close_room("kitchen")
    with pytest.raises(AlreadyExists):
        await store.create_room("kitchen", "again")
    assert await store.room("kitchen") is None


@pytest.mark.parametrize("name", ["nowhere", "closed"])
async def test_what_is_not_there_cant_be_closed(store: Store, name: str) -> None:
    await store.create_room("closed", "")
    await store.close_room("closed")
    with pytest.raises(NotFound):
        await store.close_room(name)


async def test_closing_a_room_while_people_write_stores_what_was_acknowledged_and_no_more(store: Store) -> None:
    await store.create_room("kitchen", "")
    await says(store, BOB, "in the lobby")
    stored: list[int] = []
    refused: list[str] = []

    async def write(text: str) -> None:
        try:
            [outcome] = await store.append("kitchen", [Post(user=ANN, text=text)])
        except NotFound:
            refused.append(text)
        else:
            assert isinstance(outcome, Stored)
            stored.append(outcome.event.seq)

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(write, f"before {number}")
        nursery.start_soon(store.close_room, "kitchen")
        for number in range(20):
            nursery.start_soon(write, f"after {number}")
    assert sorted(stored) == list(range(1, len(stored) + 1))
    assert len(stored) + len(refused) == 40
    await write("too late")
    assert refused[-1] == "too late"
    assert (await store.last_seqs(["lobby"])) == {"lobby": 1}


async def test_last_seqs_are_those_of_the_rooms_asked_for(store: Store) -> None:
    await store.create_room("kitchen", "")
    await store.create_room("attic", "")
    await says(store, ANN, "one", room="kitchen")
    await says(store, ANN, "two", room="kitchen")
    assert await store.last_seqs(["kitchen", "lobby", "nowhere"]) == {"kitchen": 2, "lobby": 0}
    assert await store.last_seqs([]) == {}


async def test_disconnections_are_seen_once_and_in_order_by_who_asks_for_what_is_new(store: Store) -> None:
    await store.disconnect("u-before")
    seen = await store.disconnections(None)
    assert seen.user_ids == []
    assert await store.disconnections(seen.newest) == seen
    await store.disconnect("u-ann")
    await store.disconnect("u-bob")
    news = await store.disconnections(seen.newest)
    assert news.user_ids == ["u-ann", "u-bob"]
    assert await store.disconnections(news.newest) == Disconnections(news.newest, [])


async def test_no_disconnection_is_missed_by_who_looks_while_others_order_them(store: Store) -> None:
    seen: list[str] = []
    newest = (await store.disconnections(None)).newest
    done = trio.Event()

    async def order(number: int) -> None:
        for turn in range(10):
            await store.disconnect(f"u-{number}-{turn}")

    async def look() -> None:
        nonlocal newest
        while True:
            over = done.is_set()
            news = await store.disconnections(newest)
            newest = news.newest
            seen.extend(news.user_ids)
            if over:
                return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look)
        async with trio.open_nursery() as orders:
            for number in range(4):
                orders.start_soon(order, number)
        done.set()
    assert sorted(seen) == sorted(f"u-{number}-{turn}" for number in range(4) for turn in range(10))
