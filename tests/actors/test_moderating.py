"""Closing a room and disconnecting a user, on one node and on two: whatever becomes of bus, store and actors."""

from collections.abc import AsyncIterator

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chatter.actors.disconnections import LOOK_EVERY, disconnect
from chatter.actors.rooms import SWEEP_EVERY
from chatter.actors.settling import Settle
from chatter.bus.local import LocalBus
from chatter.core.model import User
from chatter.errors import NotFound, Unavailable
from tests.actors.stage import LOBBY, Person, Stage, staged
from tests.actors.test_doubt import failing
from tests.actors.test_nodes import A_WHILE, Borrowed, Pair, a_pair
from tests.memory_store import MemoryStore

ATTIC = "chat:attic"


@pytest.fixture
async def pair(store: MemoryStore) -> AsyncIterator[Pair]:
    async with a_pair(store) as pair:
        await pair.here.rooms.create("attic", "")
        yield pair


@pytest.fixture
async def attic(stage: Stage) -> Stage:
    await stage.rooms.create("attic", "")
    return stage


async def is_told_that_it_is_over(person: Person) -> None:
    """And is not told to join again."""
    await person.expect("phx_close", ATTIC)
    assert person.heard("phx_error") == []
    assert await person.refused(ATTIC, "phx_join", {}) == "not_found"


# -- closing a room


async def test_members_of_a_closed_room_are_told_so_and_keep_their_socket(attic: Stage) -> None:
    ann, visitor = await attic.member("Ann", ATTIC), await attic.visitor(ATTIC)
    await ann.enter(LOBBY)
    await attic.rooms.close("attic")
    for person in (ann, visitor):
        await is_told_that_it_is_over(person)
    await ann.says("still here", LOBBY)
    with pytest.raises(NotFound):
        await attic.rooms.close("attic")


async def test_what_is_said_in_a_closed_room_is_refused_and_what_was_said_before_is_heard(attic: Stage) -> None:
    ann, bob = await attic.member("Ann", ATTIC), await attic.member("Bob", ATTIC)
    await ann.says("last words", ATTIC)
    await attic.rooms.close("attic")
    assert await ann.refused(ATTIC, "new_message", {"text": "too late"}) in ("not_found", "unmatched topic")
    await bob.expect("phx_close", ATTIC)
    assert [message["text"] for message in bob.heard("new_message")] == ["last words"]


async def test_who_asks_while_a_room_is_closing_is_told_that_there_is_none(attic: Stage, store: MemoryStore) -> None:
    ann, visitor = await attic.member("Ann", ATTIC), await attic.visitor(LOBBY)
    room = await attic.rooms.open("attic")
    asked, answered = trio.Event(), trio.Event()

    async def slowly(point: str) -> None:
        if point == "events_after":
            asked.set()
            await answered.wait()

    store.at = slowly
    await attic.rooms.close("attic")
    await asked.wait()
    said: list[str] = []

    async def ask(person: Person, event: str, payload: dict[str, str]) -> None:
        said.append(await person.refused(ATTIC, event, payload))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, ann, "new_message", {"text": "too late"})
        nursery.start_soon(ask, visitor, "phx_join", {})
        await wait_all_tasks_blocked()
        settled = Settle(room, lambda: said.append("settled"))
        assert settled.ask()
        answered.set()
    assert sorted(said) == ["not_found", "not_found", "settled"]


async def test_a_closed_room_ends_and_its_people_are_nowhere(attic: Stage) -> None:
    await attic.member("Ann", ATTIC)
    await attic.rooms.close("attic")
    await trio.sleep(A_WHILE)
    assert attic.table.get("attic") is None
    assert attic.crashes("room:attic") == 0


async def test_a_room_that_crashed_while_it_was_closed_tells_its_members_when_it_is_back(
    attic: Stage, store: MemoryStore
) -> None:
    ann = await attic.member("Ann", ATTIC)
    await store.close_room("attic")
    attic.room("attic").kill("drill")
    await is_told_that_it_is_over(ann)


async def test_closing_while_people_join_lets_nobody_into_a_room_that_is_gone(attic: Stage) -> None:
    people = [await attic.connect() for _ in range(20)]
    outcomes: list[str] = []

    async def join(person: Person) -> None:
        reply = await person.ask(ATTIC, "phx_join", {})
        outcomes.append(reply.status)
        if reply.status == "ok":
            await person.expect("phx_close", ATTIC)
        else:
            assert reply.response["reason"] in ("not_found", "unavailable")

    async with trio.open_nursery() as nursery:
        for person in people[:10]:
            nursery.start_soon(join, person)
        nursery.start_soon(attic.rooms.close, "attic")
        for person in people[10:]:
            nursery.start_soon(join, person)
    assert len(outcomes) == 20


async def test_a_room_is_closed_on_all_nodes(pair: Pair) -> None:
    people = [await pair.here.member("Ann", ATTIC), await pair.there.member("Bob", ATTIC)]
    await pair.here.rooms.close("attic")
    with trio.fail_after(A_WHILE):
        for person in people:
            await is_told_that_it_is_over(person)


async def test_a_room_is_closed_where_nobody_is_and_told_where_somebody_is(pair: Pair) -> None:
    bob = await pair.there.member("Bob", ATTIC)
    await pair.here.rooms.close("attic")
    with trio.fail_after(A_WHILE):
        await is_told_that_it_is_over(bob)


async def test_a_node_that_did_not_hear_that_a_room_is_closed_finds_out(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await pair.there.member("Bob", ATTIC)
    monkeypatch.setattr(LocalBus, "publish", lambda *_: None)
    await pair.here.rooms.close("attic")
    await pair.there.quiet()
    assert bob.heard("phx_close") == []
    with trio.fail_after(SWEEP_EVERY + A_WHILE):
        await is_told_that_it_is_over(bob)


async def test_nobody_joins_a_closed_room_on_a_node_that_did_not_hear_of_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pair.there.member("Bob", ATTIC)
    monkeypatch.setattr(LocalBus, "publish", lambda *_: None)
    await pair.here.rooms.close("attic")
    cleo = await pair.there.connect()
    assert await cleo.refused(ATTIC, "phx_join", {}) == "not_found"


# -- disconnecting a user


async def test_a_user_is_disconnected_though_the_bus_lost_it(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = await pair.there.member("Ann"), await pair.there.member("Bob")
    monkeypatch.setattr(LocalBus, "publish", lambda *_: None)
    await disconnect(pair.here.disconnections.ref, "u-ann")
    await pair.there.quiet()
    assert ann.closed is None
    with trio.fail_after(LOOK_EVERY + A_WHILE):
        assert await ann.expect_close() == 1001
    assert bob.closed is None


async def test_a_node_that_was_cut_off_disconnects_when_it_is_back(pair: Pair) -> None:
    ann = await pair.there.member("Ann")
    del pair.exchange.buses[pair.there.bus]
    await disconnect(pair.here.disconnections.ref, "u-ann")
    pair.exchange.buses[pair.there.bus] = None
    with trio.fail_after(LOOK_EVERY + A_WHILE):
        assert await ann.expect_close() == 1001


@pytest.mark.parametrize("crashes", [1, 2])
async def test_what_was_ordered_while_the_actor_was_down_is_done(pair: Pair, store: MemoryStore, crashes: int) -> None:
    ann = await pair.there.member("Ann")
    await pair.there.crash(pair.there.disconnections.ref, crashes - 1)
    pair.there.disconnections.ref.kill("drill")
    await store.disconnect("u-ann")
    with trio.fail_after(2 * LOOK_EVERY):
        assert await ann.expect_close() == 1001


async def test_who_comes_after_it_was_done_stays(pair: Pair) -> None:
    await disconnect(pair.here.disconnections.ref, "u-ann")
    await trio.sleep(A_WHILE)
    ann = await pair.there.member("Ann")
    await trio.sleep(3 * LOOK_EVERY)
    assert ann.closed is None


async def test_a_node_that_starts_does_not_do_what_was_ordered_before(store: MemoryStore) -> None:
    await store.disconnect("u-ann")
    async with staged(Borrowed(store)) as stage:
        ann = await stage.connect(User("u-ann", "Ann"))
        await ann.enter()
        await disconnect(stage.disconnections.ref, "u-bob")
        await stage.quiet()
        assert ann.closed is None


async def test_what_can_not_be_stored_is_refused_and_nobody_is_disconnected(stage: Stage, store: MemoryStore) -> None:
    ann = await stage.member("Ann")
    failing(store, "disconnect")
    with pytest.raises(Unavailable):
        await disconnect(stage.disconnections.ref, "u-ann")
    await stage.quiet()
    assert ann.closed is None
    await disconnect(stage.disconnections.ref, "u-ann")
    assert await ann.expect_close() == 1001
