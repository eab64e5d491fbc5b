"""`Store.append`: what each command does, when it is known, when it is refused."""

import pytest
import trio

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.events import Deleted, Edited, Posted, Reacted
from chatter.core.model import Message, User
from chatter.core.policy import MAX_REACTION_KINDS
from chatter.errors import Forbidden, Invalid, NotFound
from chatter.stores.port import Known, Store, Stored
from tests.contracts.people import ANN, BOB, MIA, a, one, says


async def message(store: Store, message_id: str, room: str = "lobby") -> Message:
    page = await store.page(room, limit=500)
    [found] = [m for m in page.messages if m.id == message_id]
    return found


async def test_a_post_becomes_a_message_with_the_rooms_first_seq(store: Store) -> None:
    post = Post(user=BOB, text="Hello", client_id="c1")
    expected = Message(post.id, 1, BOB, "Hello", post.at, "c1")
    assert await store.append("lobby", [post]) == [Stored(Posted(expected))]
    assert (await store.page("lobby", limit=10)).messages == [expected]


async def test_an_author_is_kept_as_of_posting_without_being_a_moderator(store: Store) -> None:
    outcome = a(Stored, await one(store, Post(user=MIA, text="Order!")))
    assert isinstance(outcome.event, Posted)
    assert outcome.event.message.user == User("u-mia", "Mia")
    assert await store.events_after("lobby", 0, 10) == [outcome.event]


async def test_every_kind_of_event_takes_the_next_seq_of_its_room(store: Store) -> None:
    post = Post(user=ANN, text="Helo")
    commands: list[Command] = [
        post,
        Edit(user=ANN, message_id=post.id, text="Hello"),
        React(user=BOB, message_id=post.id, emoji="👋", on=True),
        React(user=BOB, message_id=post.id, emoji="👋", on=False),
        Delete(user=ANN, message_id=post.id),
        Post(user=BOB, text="Oh."),
    ]
    outcomes = [a(Stored, outcome) for outcome in await store.append("lobby", commands)]
    assert [o.event.seq for o in outcomes] == [1, 2, 3, 4, 5, 6]
    assert [type(o.event) for o in outcomes] == [Posted, Edited, Reacted, Reacted, Deleted, Posted]


async def test_rooms_count_each_for_itself(store: Store) -> None:
    await store.create_room("kitchen", "")
    await says(store, ANN, "in the lobby")
    await says(store, ANN, "in the lobby again")
    await says(store, ANN, "in the kitchen", room="kitchen")
    assert [r.last_seq for r in await store.rooms()] == [1, 2]


async def test_many_writers_of_a_room_leave_no_gap_and_share_no_seq(store: Store) -> None:
    seqs: list[int] = []

    async def write(user: User) -> None:
        for number in range(20):
            outcome = a(Stored, await one(store, Post(user=user, text=str(number), client_id=str(number))))
            seqs.append(outcome.event.seq)

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(write, User(f"u{number}", f"Writer{number}"))
    assert sorted(seqs) == list(range(1, 401))
    assert [e.seq for e in await store.events_after("lobby", 0, 500)] == list(range(1, 401))


async def test_the_same_post_twice_is_stored_once(store: Store) -> None:
    post = Post(user=ANN, text="Hello")
    first, again = await store.append("lobby", [post, post])
    assert again == Known(1, a(Stored, first).event.message)  # type: ignore[union-attr]
    assert await one(store, post) == again
    assert len(await store.events_after("lobby", 0, 10)) == 1


async def test_a_client_id_makes_its_senders_retries_harmless(store: Store) -> None:
    first = await says(store, ANN, "Hello", client_id="c1")
    again = a(Known, await one(store, Post(user=ANN, text="Hello?", client_id="c1")))
    assert again == Known(1, await message(store, first))
    assert (await store.tail("lobby", events=10, messages=10)).last_seq == 1


async def test_a_retry_among_new_posts_leaves_no_gap(store: Store) -> None:
    await says(store, ANN, "one", client_id="1")
    outcomes = await store.append(
        "lobby",
        [
            Post(user=ANN, text=text, client_id=client_id)
            for text, client_id in [("two", "2"), ("one", "1"), ("3", "3")]
        ],
    )
    assert [type(o) for o in outcomes] == [Stored, Known, Stored]
    assert [e.seq for e in await store.events_after("lobby", 0, 10)] == [1, 2, 3]


async def test_a_client_id_belongs_to_one_user_in_one_room(store: Store) -> None:
    await store.create_room("kitchen", "")
    await says(store, ANN, "Hello", client_id="c1")
    await says(store, BOB, "Hello", client_id="c1")
    await says(store, ANN, "Hello", client_id="c1", room="kitchen")
    assert [r.last_seq for r in await store.rooms()] == [1, 2]


async def test_a_known_post_is_told_as_it_stands_now(store: Store) -> None:
    post = Post(user=ANN, text="Helo", client_id="c1")
    edit = Edit(user=ANN, message_id=post.id, text="Hello")
    await store.append("lobby", [post, edit, React(user=BOB, message_id=post.id, emoji="👋", on=True)])
    known = a(Known, await one(store, post)).message
    assert known == Message(post.id, 1, ANN, "Hello", post.at, "c1", edit.at, reactions={"👋": ("u-bob",)})
    await store.append("lobby", [Delete(user=ANN, message_id=post.id)])
    tombstone = a(Known, await one(store, post)).message
    assert tombstone == Message(post.id, 1, ANN, "", post.at, deleted=True)


async def test_an_edit_shows_its_text_and_time(store: Store) -> None:
    hello = await says(store, ANN, "Helo")
    edit = Edit(user=ANN, message_id=hello, text="Hello")
    assert await one(store, edit) == Stored(Edited(2, hello, "Hello", edit.at))
    edited = await message(store, hello)
    assert (edited.text, edited.edited_at, edited.seq) == ("Hello", edit.at, 1)


async def test_a_deleted_message_is_a_tombstone(store: Store) -> None:
    hello = await says(store, ANN, "Hello", client_id="c1")
    before = await message(store, hello)
    await one(store, React(user=BOB, message_id=hello, emoji="👋", on=True))
    assert await one(store, Delete(user=ANN, message_id=hello)) == Stored(Deleted(3, hello))
    assert await message(store, hello) == Message(hello, 1, ANN, "", before.inserted_at, deleted=True)


async def test_reactions_keep_the_order_in_which_they_came(store: Store) -> None:
    hello = await says(store, ANN, "Hello")

    async def react(user: User, emoji: str, on: bool) -> None:
        a(Stored, await one(store, React(user=user, message_id=hello, emoji=emoji, on=on)))

    await react(MIA, "👋", True)
    await react(ANN, "❤", True)
    await react(BOB, "👋", True)
    assert list((await message(store, hello)).reactions.items()) == [("👋", ("u-mia", "u-bob")), ("❤", ("u-ann",))]
    await react(MIA, "👋", False)
    assert list((await message(store, hello)).reactions.items()) == [("👋", ("u-bob",)), ("❤", ("u-ann",))]
    await react(BOB, "👋", False)
    await react(BOB, "👋", True)
    assert list((await message(store, hello)).reactions.items()) == [("❤", ("u-ann",)), ("👋", ("u-bob",))]


async def test_a_change_that_changes_nothing_names_the_event_that_did(store: Store) -> None:
    hello = await says(store, ANN, "Helo")
    assert await one(store, Edit(user=ANN, message_id=hello, text="Helo")) == Known(1)
    a(Stored, await one(store, Edit(user=ANN, message_id=hello, text="Hello")))
    assert await one(store, Edit(user=ANN, message_id=hello, text="Hello")) == Known(2)
    assert await one(store, React(user=BOB, message_id=hello, emoji="👋", on=False)) == Known(1)
    a(Stored, await one(store, React(user=BOB, message_id=hello, emoji="👋", on=True)))
    assert await one(store, React(user=BOB, message_id=hello, emoji="👋", on=True)) == Known(3)
    a(Stored, await one(store, Delete(user=ANN, message_id=hello)))
    assert await one(store, Delete(user=ANN, message_id=hello)) == Known(4)
    assert (await store.tail("lobby", events=0, messages=0)).last_seq == 4


async def test_a_change_run_again_is_known_by_its_id_whatever_happened_since(store: Store) -> None:
    hello = await says(store, ANN, "Helo")
    first = Edit(user=ANN, message_id=hello, text="Hello")
    reaction = React(user=BOB, message_id=hello, emoji="👋", on=True)
    outcomes = await store.append("lobby", [first, reaction, Edit(user=ANN, message_id=hello, text="Hi")])
    assert [type(o) for o in outcomes] == [Stored] * 3
    assert await store.append("lobby", [first, reaction]) == [Known(2), Known(3)]
    a(Stored, await one(store, Delete(user=ANN, message_id=hello)))
    assert await store.append("lobby", [first, reaction]) == [Known(2), Known(3)]


@pytest.mark.parametrize("kind", ["edit", "delete"])
async def test_only_the_author_and_moderators_change_a_message(store: Store, kind: str) -> None:
    hello = await says(store, ANN, "Hello")

    def change(user: User) -> Command:
        edit = Edit(user=user, message_id=hello, text=f"{user.name} was here")
        return edit if kind == "edit" else Delete(user=user, message_id=hello)

    assert isinstance(await one(store, change(BOB)), Forbidden)
    assert (await message(store, hello)).text == "Hello"
    a(Stored, await one(store, change(MIA)))


async def test_what_is_not_there_is_not_found(store: Store) -> None:
    await store.create_room("kitchen", "")
    elsewhere = await says(store, ANN, "Hello", room="kitchen")
    for message_id in ["nothing", "\x00", elsewhere]:
        outcomes = await store.append(
            "lobby",
            [
                Edit(user=ANN, message_id=message_id, text="?"),
                Delete(user=ANN, message_id=message_id),
                React(user=ANN, message_id=message_id, emoji="?", on=True),
            ],
        )
        assert [type(o) for o in outcomes] == [NotFound] * 3


async def test_a_deleted_message_takes_no_edits_and_no_reactions(store: Store) -> None:
    hello = await says(store, ANN, "Hello")
    a(Stored, await one(store, Delete(user=ANN, message_id=hello)))
    assert isinstance(await one(store, Edit(user=MIA, message_id=hello, text="?")), NotFound)
    assert isinstance(await one(store, React(user=BOB, message_id=hello, emoji="👋", on=True)), NotFound)
    assert isinstance(await one(store, Delete(user=BOB, message_id=hello)), Forbidden)


async def test_a_message_holds_so_many_kinds_of_reactions(store: Store) -> None:
    hello = await says(store, ANN, "Hello")
    kinds = [React(user=ANN, message_id=hello, emoji=f"e{n}", on=True) for n in range(MAX_REACTION_KINDS)]
    assert {type(o) for o in await store.append("lobby", kinds)} == {Stored}
    assert isinstance(await one(store, React(user=BOB, message_id=hello, emoji="new", on=True)), Invalid)
    a(Stored, await one(store, React(user=BOB, message_id=hello, emoji="e0", on=True)))


async def test_a_refusal_does_not_disturb_its_neighbours(store: Store) -> None:
    outcomes = await store.append(
        "lobby", [Post(user=ANN, text="one"), Delete(user=ANN, message_id="nothing"), Post(user=ANN, text="two")]
    )
    assert [type(o) for o in outcomes] == [Stored, NotFound, Stored]
    assert [e.seq for e in await store.events_after("lobby", 0, 10)] == [1, 2]


async def test_an_unknown_room_stores_nothing(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.append("nowhere", [Post(user=ANN, text="Anybody?")])
    assert await store.room("nowhere") is None


async def test_no_commands_have_no_outcomes(store: Store) -> None:
    assert await store.append("lobby", []) == []


async def test_a_cancelled_call_stores_all_or_nothing_and_the_store_goes_on(store: Store) -> None:
    for patience in range(30):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(store.append, "lobby", [Post(user=ANN, text=f"{patience} {n}") for n in range(3)])
                for _ in range(patience):
                    await trio.lowlevel.checkpoint()
                scope.cancel()
    await says(store, BOB, "Still there?")
    events = await store.events_after("lobby", 0, 500)
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert len(events) % 3 == 1
