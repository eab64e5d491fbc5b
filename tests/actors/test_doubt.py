"""What is stored although the store did not say so: its answer was lost, or nobody was left to hear it."""

import trio

from chatter.actors.room import LOOK_AGAIN
from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from tests.actors.stage import LOBBY, Person, Stage
from tests.memory_store import MemoryStore

ANN = User("u-ann", "Ann")


def failing(store: MemoryStore, *points: str) -> None:
    """The next calls that pass these points, one each, in any order, fail there."""
    left = list(points)

    async def at(passed: str) -> None:
        await trio.lowlevel.checkpoint()
        if passed in left:
            left.remove(passed)
            raise Unavailable(f"The store fails at {passed}.")

    store.at = at


def texts(person: Person) -> list[str]:
    return [message["text"] for message in person.heard("new_message")]


async def test_what_was_stored_though_the_store_failed_is_told_without_anybody_trying_again(
    stage: Stage, store: MemoryStore
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    failing(store, "appended")
    assert await ann.refused(LOBBY, "new_message", {"text": "lost?"}) == "unavailable"
    assert texts(bob) == []
    await trio.sleep(LOOK_AGAIN + 0.1)
    assert texts(ann) == texts(bob) == ["lost?"]


async def test_who_tries_again_is_answered_and_everybody_is_told_at_once_and_once(
    stage: Stage, store: MemoryStore
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    failing(store, "appended")
    message = {"text": "hello", "client_id": "1"}
    assert await ann.refused(LOBBY, "new_message", message) == "unavailable"
    assert (await ann.ok(LOBBY, "new_message", message))["seq"] == 1
    await stage.quiet()
    assert texts(ann) == texts(bob) == ["hello"]
    await trio.sleep(LOOK_AGAIN + 0.1)
    assert texts(ann) == texts(bob) == ["hello"]


async def test_the_room_looks_until_the_store_is_back(stage: Stage, store: MemoryStore) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    failing(store, "appended", "events_after", "events_after")
    assert await ann.refused(LOBBY, "new_message", {"text": "lost?"}) == "unavailable"
    await trio.sleep(2 * LOOK_AGAIN + 0.1)
    assert texts(bob) == []
    await trio.sleep(LOOK_AGAIN)
    assert texts(bob) == ["lost?"]
    assert stage.crashes("room:lobby") == 0


async def test_a_retry_that_the_room_can_not_tell_of_is_refused_and_told_later(
    stage: Stage, store: MemoryStore
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    failing(store, "appended", "events_after")
    message = {"text": "hello", "client_id": "1"}
    assert await ann.refused(LOBBY, "new_message", message) == "unavailable"
    assert await ann.refused(LOBBY, "new_message", message) == "unavailable"
    await trio.sleep(LOOK_AGAIN + 0.1)
    assert texts(ann) == texts(bob) == ["hello"]
    assert stage.crashes("room:lobby") == 0


async def test_what_is_stored_behind_a_room_that_crashed_is_told_by_the_next_incarnation(
    stage: Stage, store: MemoryStore
) -> None:
    """A store's writer goes on with what it was asked for, though nobody waits for it any more."""
    bob = await stage.member("Bob")
    await stage.crash(stage.room())
    await store.append("lobby", [Post(user=ANN, text="late")])
    await stage.quiet()
    assert texts(bob) == []
    await trio.sleep(LOOK_AGAIN + 0.1)
    assert texts(bob) == ["late"]


async def test_a_room_that_crashes_while_the_store_is_out_of_reach_keeps_its_members(
    stage: Stage, store: MemoryStore
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    failing(store, *["tail"] * 3)
    stage.room().kill("drill")
    assert (await ann.says("hello?"))["seq"] == 1
    await stage.quiet()
    assert stage.crashes("room:lobby") == 1
    assert texts(ann) == texts(bob) == ["hello?"]
    assert ann.heard("phx_error") == bob.heard("phx_error") == []


async def test_a_room_that_nobody_is_in_yet_does_not_wait_for_the_store(stage: Stage, store: MemoryStore) -> None:
    ann = await stage.connect(ANN)
    failing(store, *["tail"] * 5)
    reply = await ann.reply(await ann.start_join(LOBBY))
    assert reply.response["reason"] == "unavailable"


async def test_who_joins_again_behind_something_that_is_stored_first_hears_it_once(
    stage: Stage, store: MemoryStore
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    gate = trio.Event()

    async def wait(passed: str) -> None:
        await trio.lowlevel.checkpoint()
        if passed == "append":
            await gate.wait()

    store.at = wait
    await bob.push(LOBBY, "new_message", {"text": "one"})
    await stage.quiet()  # the room stores it: what comes now is one batch
    await bob.push(LOBBY, "new_message", {"text": "two"})
    await stage.quiet()
    await ann.push(LOBBY, "phx_leave")
    ref = await ann.start_join(LOBBY, {"after": 0})
    await stage.quiet()
    gate.set()
    resumed = (await ann.reply(ref)).response["events"]
    await stage.quiet()
    at = next(nth for nth, said in enumerate(ann.received) if said.event == "presence_state")
    assert [payload["seq"] for _, payload in resumed] == [1, 2]
    assert [said.payload for said in ann.received[at:] if said.event == "new_message"] == []
    assert bob.seqs() == [1, 2]
