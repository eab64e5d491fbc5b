"""Everything that asks the store: tails, resuming, pages, read marks, rooms, health."""

import attrs
import pytest
import trio

from chatter.core.commands import Delete, Edit, Post, React
from chatter.core.events import Edited, Posted
from chatter.core.model import RoomInfo, User, now
from chatter.errors import AlreadyExists, NotFound
from chatter.stores.port import MemberPage, Store
from tests.contracts.people import ANN, BOB, MIA, says


async def ten_messages(store: Store) -> None:
    await store.append("lobby", [Post(user=ANN, text=str(number)) for number in range(1, 11)])


async def test_the_lobby_is_there_from_the_start(store: Store) -> None:
    [lobby] = await store.rooms()
    assert (lobby.name, lobby.last_seq) == ("lobby", 0)
    assert await store.room("lobby") == lobby


async def test_an_empty_room_has_an_empty_tail(store: Store) -> None:
    tail = await store.tail("lobby", events=10, messages=10)
    assert (tail.last_seq, tail.events, tail.messages) == (0, [], [])


async def test_a_tail_is_the_newest_events_and_the_newest_messages(store: Store) -> None:
    await ten_messages(store)
    first = (await store.page("lobby", limit=500)).messages[0].id
    await store.append("lobby", [React(user=BOB, message_id=first, emoji="👋", on=True)])
    tail = await store.tail("lobby", events=3, messages=4)
    assert tail.last_seq == 11
    assert [e.seq for e in tail.events] == [9, 10, 11]
    assert tail.events == await store.events_after("lobby", 8, 10)
    assert [m.text for m in tail.messages] == ["7", "8", "9", "10"]


async def test_events_after_a_seq_come_in_order_up_to_the_limit(store: Store) -> None:
    await ten_messages(store)
    assert [e.seq for e in await store.events_after("lobby", 4, 3)] == [5, 6, 7]
    assert [e.seq for e in await store.events_after("lobby", 9, 3)] == [10]
    assert await store.events_after("lobby", 10, 3) == []
    assert await store.events_after("lobby", 0, 0) == []


async def test_a_resumed_post_stands_as_it_is_now(store: Store) -> None:
    hello = await says(store, ANN, "Helo")
    await store.append("lobby", [Edit(user=ANN, message_id=hello, text="Hello")])
    [posted, edited] = await store.events_after("lobby", 0, 10)
    assert isinstance(posted, Posted)
    assert posted.message.text == "Hello"
    assert isinstance(edited, Edited)
    assert edited.text == "Hello"


async def test_a_deleted_text_is_in_no_event_any_more(store: Store) -> None:
    secret = await says(store, ANN, "my password is hunter2")
    edit = Edit(user=ANN, message_id=secret, text="my password was hunter2")
    await store.append("lobby", [edit])
    assert "hunter2" in repr(await store.events_after("lobby", 0, 10))
    await store.append("lobby", [Delete(user=ANN, message_id=secret)])
    events = await store.events_after("lobby", 0, 10)
    assert "hunter2" not in repr(events)
    assert events[1] == Edited(2, secret, "", edit.at)
    assert [e.seq for e in events] == [1, 2, 3]
    assert (await store.tail("lobby", events=10, messages=10)).events == events


@pytest.mark.parametrize(
    ("before", "after", "texts", "more"),
    [
        (None, None, ["8", "9", "10"], True),
        (8, None, ["5", "6", "7"], True),
        (4, None, ["1", "2", "3"], False),
        (3, None, ["1", "2"], False),
        (1, None, [], False),
        (None, 0, ["1", "2", "3"], True),
        (None, 7, ["8", "9", "10"], False),
        (None, 9, ["10"], False),
        (None, 10, [], False),
        (10**30, None, ["8", "9", "10"], True),
        (None, 10**30, [], False),
        (-(10**30), None, [], False),
    ],
)
async def test_pages(store: Store, before: int | None, after: int | None, texts: list[str], more: bool) -> None:
    await ten_messages(store)
    page = await store.page("lobby", before=before, after=after, limit=3)
    assert [m.text for m in page.messages] == texts
    assert page.more is more


async def test_a_page_counts_messages_and_tombstones_but_no_other_events(store: Store) -> None:
    await ten_messages(store)
    newest = (await store.page("lobby", limit=1)).messages[0].id
    await store.append(
        "lobby", [React(user=BOB, message_id=newest, emoji="👋", on=True), Delete(user=ANN, message_id=newest)]
    )
    assert [m.text for m in (await store.page("lobby", limit=2)).messages] == ["9", ""]


async def test_reading_counts_what_others_wrote_since(store: Store) -> None:
    await ten_messages(store)
    await says(store, BOB, "mine")
    assert await store.mark_read("lobby", BOB, 4) == 6
    assert await store.mark_read("lobby", ANN, 0) == 1
    assert await store.mark_read("lobby", MIA, 11) == 0


async def test_a_read_mark_never_goes_back(store: Store) -> None:
    await ten_messages(store)
    assert await store.mark_read("lobby", BOB, 7) == 3
    assert await store.mark_read("lobby", BOB, 2) == 3
    assert await store.mark_read("lobby", BOB, -5) == 3


async def test_nobody_has_read_what_is_not_written_yet(store: Store) -> None:
    await ten_messages(store)
    assert await store.mark_read("lobby", BOB, 10**30) == 0
    await says(store, ANN, "news")
    assert await store.mark_read("lobby", BOB, 1) == 1


async def test_deleted_messages_are_not_unread(store: Store) -> None:
    hello = await says(store, ANN, "Hello")
    assert await store.mark_read("lobby", BOB, 0) == 1
    await store.append("lobby", [Delete(user=ANN, message_id=hello)])
    assert await store.mark_read("lobby", BOB, 0) == 0


async def come(store: Store, *users: User) -> None:
    """One after the other, in different milliseconds."""
    for user in users:
        before = now()
        while now() == before:
            await trio.lowlevel.checkpoint()
        await store.mark_read("lobby", user, 0)


async def names(store: Store, *, before: tuple[str, str] | None = None, limit: int = 500) -> list[str]:
    return [member.user.name for member in (await store.members("lobby", before=before, limit=limit)).members]


async def test_members_are_those_who_read_and_the_last_to_come_is_first(store: Store) -> None:
    assert await store.members("lobby", limit=500) == MemberPage([], more=False)
    started = now()
    await come(store, ANN, BOB, MIA, ANN)
    members = (await store.members("lobby", limit=500)).members
    assert [member.user for member in members] == [ANN, attrs.evolve(MIA, moderator=False), BOB]
    assert [started < member.last_seen_at <= now() for member in members] == [True] * 3


async def test_members_of_a_room_are_not_those_of_another(store: Store) -> None:
    await store.create_room("kitchen", "")
    await store.mark_read("kitchen", ANN, 0)
    await come(store, BOB)
    assert await names(store) == ["Bob"]


async def test_a_member_goes_by_their_newest_name(store: Store) -> None:
    await come(store, ANN, BOB, attrs.evolve(ANN, name="Annie", avatar="annie.png"))
    annie, _ = (await store.members("lobby", limit=500)).members
    assert (annie.user.id, annie.user.name, annie.user.avatar) == (ANN.id, "Annie", "annie.png")


async def test_members_come_page_by_page(store: Store) -> None:
    everybody = [User(f"u-{number}", f"n{number}") for number in range(5)]
    await come(store, *everybody)
    seen: list[str] = []
    before = None
    for more in (True, True, False):
        page = await store.members("lobby", before=before, limit=2)
        assert page.more is more
        seen += [member.user.name for member in page.members]
        before = (page.members[-1].last_seen_at, page.members[-1].user.id)
    assert seen == ["n4", "n3", "n2", "n1", "n0"]
    assert await names(store, before=before) == []


async def test_rooms_are_listed_by_name(store: Store) -> None:
    kitchen = await store.create_room("kitchen", "What's cooking")
    assert kitchen == RoomInfo("kitchen", "What's cooking", kitchen.created_at)
    await store.create_room("attic", "")
    assert [room.name for room in await store.rooms()] == ["attic", "kitchen", "lobby"]
    assert await store.room("kitchen") == kitchen


async def test_a_room_is_created_once(store: Store) -> None:
    await store.create_room("kitchen", "first")
    with pytest.raises(AlreadyExists):
        await store.create_room("kitchen", "second")
    room = await store.room("kitchen")
    assert room is not None
    assert room.topic == "first"


@pytest.mark.parametrize("nowhere", ["nowhere", "no\x00where"])
async def test_an_unknown_room_is_not_found(store: Store, nowhere: str) -> None:
    with pytest.raises(NotFound):
        await store.tail(nowhere, events=1, messages=1)
    with pytest.raises(NotFound):
        await store.events_after(nowhere, 0, 1)
    with pytest.raises(NotFound):
        await store.page(nowhere, limit=1)
    with pytest.raises(NotFound):
        await store.mark_read(nowhere, ANN, 1)
    with pytest.raises(NotFound):
        await store.members(nowhere, limit=1)
    with pytest.raises(NotFound):
        await store.search("hello", room=nowhere, limit=1)
    assert await store.room(nowhere) is None


async def test_a_store_that_answers_passes_its_check(store: Store) -> None:
    await store.check()
