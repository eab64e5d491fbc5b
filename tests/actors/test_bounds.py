"""Full mailboxes, a store out of reach, rooms that nobody uses, and how little is written for much."""

import re

import pytest
import trio

from chatter.actors.room import IDLE_AFTER
from chatter.actors.room_messages import EndIfIdle
from chatter.actors.rooms import ROOM_CAPACITY, SWEEP_EVERY
from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from tests.actors.stage import LOBBY, Stage
from tests.actors.test_presence import watcher
from tests.memory_store import MemoryStore

LONG_UNUSED = IDLE_AFTER + 2 * SWEEP_EVERY


def out_of_reach(store: MemoryStore, *points: str) -> None:
    async def at(point: str) -> None:
        await trio.lowlevel.checkpoint()
        if point in points:
            raise Unavailable("The database can't be reached.")

    store.at = at


def held_up(store: MemoryStore, point: str) -> trio.Event:
    """Everybody who passes the point waits for the event."""
    go = trio.Event()

    async def at(passed: str) -> None:
        await trio.lowlevel.checkpoint()
        if passed == point:
            await go.wait()

    store.at = at
    return go


async def test_a_store_out_of_reach_is_unavailable_and_then_works_again(stage: Stage, store: MemoryStore) -> None:
    ann = await stage.member("Ann")
    out_of_reach(store, "append", "page", "mark_read", "room")
    assert await ann.refused(LOBBY, "new_message", {"text": "one"}) == "unavailable"
    assert await ann.refused(LOBBY, "history", {"before": 1}) == "unavailable"
    assert await ann.refused(LOBBY, "read", {"seq": 1}) == "unavailable"
    assert await ann.refused("chat:kitchen", "phx_join") == "unavailable"
    out_of_reach(store)
    assert (await ann.says("two"))["seq"] == 1
    await stage.quiet()
    assert [m["text"] for m in ann.heard("new_message")] == ["two"]
    assert not any(stage.crashes(child) for child in ("room:lobby", "directory", ann.session.name))


async def test_a_room_whose_mailbox_is_full_is_unavailable_and_goes_on_when_it_has_room(
    stage: Stage, store: MemoryStore
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    go = held_up(store, "append")
    first = await ann.push(LOBBY, "new_message", {"text": "first"})
    await stage.quiet()
    for _ in range(ROOM_CAPACITY):
        stage.room().cast(EndIfIdle())
    assert await bob.refused(LOBBY, "new_message", {"text": "one too many"}) == "unavailable"
    assert await bob.refused(LOBBY, "typing", {"typing": True}) == "unavailable"
    assert await (await stage.connect()).refused(LOBBY, "phx_join") == "unavailable"
    go.set()
    assert (await ann.reply(first)).status == "ok"
    await bob.says("second")
    await stage.quiet()
    assert [m["text"] for m in bob.heard("new_message")] == ["first", "second"]


async def test_who_could_not_become_somebody_or_away_since_the_mailbox_was_full_is_as_before(
    stage: Stage, store: MemoryStore
) -> None:
    ann, visitor = await stage.member("Ann"), await stage.visitor()
    watch = await watcher(stage)
    go = held_up(store, "append")
    await ann.push(LOBBY, "new_message", {"text": "first"})
    await stage.quiet()
    for _ in range(ROOM_CAPACITY):
        stage.room().cast(EndIfIdle())
    assert await ann.refused(LOBBY, "status", {"status": "away"}) == "unavailable"
    assert await visitor.refused(LOBBY, "identify", {"name": "Bob"}) == "unavailable"
    go.set()
    stage.table.tell_presence()
    await trio.sleep(2 * SWEEP_EVERY)
    assert watch.names() == {"u-ann": ["online"]}
    assert await visitor.refused(LOBBY, "new_message", {"text": "who am I?"}) == "unauthorized"
    assert not await stage.bus.claims.in_use("Bob")
    assert (await visitor.identify("Bob"))["name"] == "Bob"


async def test_who_left_while_the_mailbox_was_full_is_not_here_for_ever(stage: Stage, store: MemoryStore) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    go = held_up(store, "append")
    await ann.push(LOBBY, "new_message", {"text": "first"})
    await stage.quiet()
    for _ in range(ROOM_CAPACITY - 1):
        stage.room().cast(EndIfIdle())
    await ann.push(LOBBY, "typing", {"typing": True})
    await stage.quiet()
    await bob.vanish()
    await stage.quiet()
    ann.received.clear()
    go.set()
    await trio.sleep(2 * SWEEP_EVERY)
    assert "u-bob" in (await ann.expect("presence_diff"))["leaves"]


async def test_commands_that_wait_are_stored_in_one_go_and_written_as_one_piece(
    stage: Stage, store: MemoryStore
) -> None:
    ann, listener = await stage.member("Ann"), await stage.visitor()
    go = held_up(store, "append")
    await ann.push(LOBBY, "new_message", {"text": "first"})
    await stage.quiet()
    refs = [await ann.push(LOBBY, "new_message", {"text": str(number)}) for number in range(50)]
    await stage.quiet()
    store.calls.clear()
    before = len(listener.connection.writes)
    go.set()
    for ref in refs:
        await ann.reply(ref)
    await stage.quiet()
    assert store.calls.count("append") == 1
    writes = listener.connection.writes[before:]
    assert [len(re.findall(b'"new_message"', data)) for data in writes] == [1, 50]
    assert listener.seqs() == list(range(1, 52))


async def test_a_sender_hears_its_reply_before_its_message(stage: Stage) -> None:
    ann = await stage.member("Ann")
    ann.received.clear()
    await ann.push(LOBBY, "new_message", {"text": "Hello"})
    await stage.quiet()
    assert [said.event for said in ann.received] == ["phx_reply", "new_message"]


async def test_everybody_hears_everything_in_the_same_order(stage: Stage) -> None:
    people = [await stage.member(f"P{number}", vsn=1 + number % 2) for number in range(6)]
    for number in range(30):
        for person in people:
            await person.push(LOBBY, "new_message", {"text": str(number)})
    await trio.sleep(1)
    heard = [[(m["seq"], m["user"]["id"], m["text"]) for m in person.heard("new_message")] for person in people]
    assert [seq for seq, _, _ in heard[0]] == list(range(1, 181))
    assert all(one == heard[0] for one in heard)
    for person in people:
        own = [text for _, user, text in heard[0] if user == person.user["id"]]
        assert own == [str(number) for number in range(30)]


async def test_what_somebody_says_right_before_leaving_is_said(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    ref = await ann.push(LOBBY, "new_message", {"text": "Bye"})
    await ann.push(LOBBY, "phx_leave")
    assert (await ann.reply(ref)).status == "ok"
    assert (await bob.expect("new_message"))["text"] == "Bye"


# -- rooms that nobody uses


async def test_a_room_that_nobody_uses_ends_and_starts_again_as_it_was(stage: Stage) -> None:
    ann = await stage.member("Ann")
    await ann.says("Hello")
    await ann.ok(LOBBY, "phx_leave")
    assert stage.table.get("lobby") is not None
    await trio.sleep(LONG_UNUSED)
    assert stage.table.get("lobby") is None
    assert stage.crashes("room:lobby") == 0
    assert [m["text"] for m in (await ann.enter(LOBBY))["messages"]] == ["Hello"]
    assert (await ann.says("again"))["seq"] == 2


async def test_a_room_with_a_silent_member_stays(stage: Stage) -> None:
    visitor = await stage.visitor()
    await trio.sleep(3 * LONG_UNUSED)
    assert stage.table.get("lobby") is not None
    await (await stage.member("Ann")).says("Hello")
    assert (await visitor.expect("new_message"))["text"] == "Hello"


async def test_a_room_that_was_just_used_stays_a_while(stage: Stage) -> None:
    visitor = await stage.visitor()
    await trio.sleep(10 * IDLE_AFTER)
    await visitor.ok(LOBBY, "phx_leave")
    await trio.sleep(IDLE_AFTER - 1)
    assert stage.table.get("lobby") is not None
    await trio.sleep(LONG_UNUSED)
    assert stage.table.get("lobby") is None


async def test_who_comes_at_the_moment_a_room_ends_is_let_in(stage: Stage) -> None:
    visitor, late = await stage.visitor(), await stage.connect()
    await visitor.ok(LOBBY, "phx_leave")
    await trio.sleep(IDLE_AFTER)
    room = stage.table.get("lobby")
    assert room is not None
    room.cast(EndIfIdle())
    await late.enter(LOBBY)
    await (await stage.member("Ann")).says("Hello")
    assert (await late.expect("new_message"))["text"] == "Hello"


async def test_whoever_waits_right_behind_the_word_to_end_is_let_in(stage: Stage, store: MemoryStore) -> None:
    visitor, late = await stage.visitor(), await stage.connect()
    await visitor.ok(LOBBY, "phx_leave")
    room, go = stage.room(), held_up(store, "append")
    stage.crew.start_soon(submit_and_give_up, stage, Post(user=User("u-bot", "Bot"), text="slow"))
    await trio.sleep(IDLE_AFTER + 1)
    room.cast(EndIfIdle())
    await late.start_join(LOBBY)
    await stage.quiet()
    go.set()
    await late.expect("presence_state")
    assert stage.table.get("lobby") == room
    await (await stage.member("Ann")).says("Hello")
    assert (await late.expect("new_message"))["text"] == "Hello"


async def submit_and_give_up(stage: Stage, command: Post) -> None:
    with pytest.raises(Unavailable):
        await stage.rooms.submit("lobby", command)


async def test_a_request_that_waits_when_the_directory_looks_round_is_answered(
    stage: Stage, store: MemoryStore
) -> None:
    """The look round comes every so often, whatever the directory is busy with."""
    await stage.rooms.create("kitchen", "")
    await trio.sleep(SWEEP_EVERY - 1)
    go = held_up(store, "room")
    visitor = await stage.connect()
    ref = await visitor.start_join("chat:kitchen")
    await trio.sleep(2)
    go.set()
    assert (await visitor.reply(ref)).status == "ok"


async def test_a_room_that_is_being_stopped_is_unavailable_and_nobody_waits_for_ever(stage: Stage) -> None:
    ann = await stage.member("Ann")
    room = stage.room()
    room._mailbox._stopping = True  # as it is from the stop until it has handled what waits
    with trio.fail_after(1):
        assert await ann.refused(LOBBY, "phx_join") == "unavailable"
    room._mailbox._stopping = False
