"""Two nodes with one store: a room is one room on both, whatever the bus between them does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chatter.actors.disconnections import disconnect
from chatter.actors.presence import RETELLING
from chatter.actors.room import HOLD
from chatter.actors.rooms import SWEEP_EVERY
from chatter.bus.local import Exchange, LocalBus
from chatter.core.model import User
from chatter.core.neighbours import LEASE
from tests.actors.stage import LOBBY, Stage, staged
from tests.actors.test_presence import Watcher
from tests.memory_store import MemoryStore

A_WHILE = 1.0


class Borrowed:
    """A store that another node runs."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._stop = trio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def run(self, started: Callable[[], Any]) -> None:
        started()
        await self._stop.wait()

    def stop(self) -> None:
        self._stop.set()


@attrs.frozen
class Pair:
    here: Stage
    there: Stage
    exchange: Exchange


@pytest.fixture
async def pair(store: MemoryStore) -> AsyncIterator[Pair]:
    async with a_pair(store) as pair:
        yield pair


@asynccontextmanager
async def a_pair(store: MemoryStore) -> AsyncIterator[Pair]:
    exchange = Exchange()
    async with (
        staged(store, node="here", exchange=exchange) as here,
        staged(Borrowed(store), node="there", exchange=exchange) as there,
    ):
        yield Pair(here, there, exchange)


async def watcher(stage: Stage) -> Watcher:
    visitor = await stage.connect()
    await visitor.join(LOBBY)
    return Watcher(visitor)


def calls(store: MemoryStore, name: str) -> list[str]:
    """The calls of that name from now on."""
    calls: list[str] = []

    async def at(point: str) -> None:
        await trio.lowlevel.checkpoint()
        calls.extend([point] * (point == name))

    store.at = at
    return calls


async def never(_point: str) -> None:
    await trio.sleep_forever()


async def settled(*watchers: Watcher, after: float = A_WHILE) -> list[dict[str, list[str]]]:
    await trio.sleep(after)
    return [watcher.names() for watcher in watchers]


# -- what is said


async def test_what_is_said_on_one_node_is_heard_on_the_other_in_one_order(pair: Pair) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    for number in range(10):
        await ann.says(f"here {number}")
        await bob.says(f"there {number}")
    await trio.sleep(A_WHILE)
    assert ann.seqs() == bob.seqs() == list(range(1, 21))
    assert [m["text"] for m in ann.heard("new_message")] == [m["text"] for m in bob.heard("new_message")]


async def test_both_may_talk_at_the_same_moment(pair: Pair) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    async with trio.open_nursery() as nursery:
        for person in (ann, bob):
            for number in range(20):
                nursery.start_soon(person.says, f"{number}")
    await trio.sleep(A_WHILE)
    assert ann.seqs() == bob.seqs() == list(range(1, 41))


async def test_what_people_on_both_say_at_one_moment_is_told_in_few_writes(pair: Pair) -> None:
    """A batch heard and a batch of one's own are one write to each member, as they are on one node."""
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    reader = await pair.here.member("Cid")
    reader.connection.writes.clear()
    async with trio.open_nursery() as nursery:
        for person in (ann, bob):
            for number in range(100):
                nursery.start_soon(person.says, f"{number}")
    await trio.sleep(A_WHILE)
    assert reader.seqs() == list(range(1, 201))
    assert len([write for write in reader.connection.writes if b"new_message" in write]) <= 20  # of 200


async def test_what_is_on_its_way_is_waited_for_and_the_store_is_not_asked(
    pair: Pair, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    make_slow(pair.there, monkeypatch, HOLD / 2)
    asked = calls(store, "events_after")
    await bob.says("first")
    assert (await ann.says("second"))["seq"] == 2, "she is answered at once"
    assert ann.seqs() == []
    await trio.sleep(HOLD / 2)
    await pair.here.quiet()
    assert ann.seqs() == bob.seqs() == [1, 2]
    assert asked == []


async def test_what_does_not_come_in_time_is_in_the_store(
    pair: Pair, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    monkeypatch.setattr(pair.there.bus, "publish", lambda channel, encode: None)
    asked = calls(store, "events_after")
    await bob.says("lost")
    await ann.says("heard")
    await pair.there.quiet()
    assert (ann.seqs(), bob.seqs()) == ([], [1, 2])
    await trio.sleep(HOLD)
    await pair.here.quiet()
    assert (ann.seqs(), asked) == ([1, 2], ["events_after"])


async def test_nothing_is_waited_for_when_nobody_can_be_heard(pair: Pair) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    del pair.exchange.buses[pair.here.bus]
    await bob.says("unheard")
    began = trio.current_time()
    await ann.says("and yet")
    await pair.here.quiet()
    assert (ann.seqs(), trio.current_time()) == ([1, 2], began)


async def test_who_talks_all_the_time_does_not_keep_the_others_from_hearing_what_was_lost(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    monkeypatch.setattr(pair.there.bus, "publish", lambda channel, encode: None)
    await bob.says("lost")
    with trio.move_on_after(2 * HOLD):
        while True:
            await ann.says("and another thing")
            await trio.sleep(HOLD / 100)
    assert len(ann.seqs()) > 50
    assert ann.seqs() == list(range(1, len(ann.seqs()) + 1))


async def test_edits_reactions_and_deletions_are_heard_too_and_kept_for_who_joins(pair: Pair) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    said = await ann.says("helo")
    await bob.ok(LOBBY, "react", {"id": said["id"], "emoji": "👍", "on": True})
    await ann.ok(LOBBY, "edit_message", {"id": said["id"], "text": "hello"})
    await trio.sleep(A_WHILE)
    assert [m["text"] for m in bob.heard("message_edited")] == ["hello"]
    assert [m["emoji"] for m in ann.heard("reaction")] == ["👍"]
    for stage in (pair.here, pair.there):
        visitor = await stage.connect()
        (message,) = (await visitor.join(LOBBY))["messages"]
        assert (message["text"], message["reactions"][0]["emoji"]) == ("hello", "👍")


async def test_who_types_is_seen_on_the_other_node(pair: Pair) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    await ann.ok(LOBBY, "typing", {"typing": True})
    await trio.sleep(A_WHILE)
    assert [t["user"]["name"] for t in bob.heard("typing")] == ["Ann"]
    assert ann.heard("typing") == []


async def test_a_repeated_client_id_is_one_message_on_whichever_node_it_comes_again(pair: Pair) -> None:
    ann = await pair.here.member("Ann")
    first = await ann.says("once", client_id="c1")
    again = await pair.there.connect(User("u-ann", "Ann"))
    await again.join(LOBBY)
    assert await again.says("once", client_id="c1") == first
    await trio.sleep(A_WHILE)
    assert ann.seqs() == [1]


async def test_a_room_that_was_made_on_one_node_can_be_joined_on_the_other(pair: Pair) -> None:
    await pair.here.rooms.create("attic", "")
    visitor = await pair.there.connect()
    assert (await visitor.join("chat:attic"))["room"] == "attic"


async def test_a_name_is_taken_on_all_nodes(pair: Pair) -> None:
    ann, other = await pair.here.visitor(), await pair.there.visitor()
    await ann.identify("Ann")
    refused = await other.ask(LOBBY, "identify", {"name": "ann"})
    assert refused.response["reason"] == "name_taken"
    await ann.close()
    await trio.sleep(A_WHILE)
    assert (await other.identify("ann"))["name"] == "ann"


async def test_a_user_is_disconnected_on_all_nodes(pair: Pair) -> None:
    here, there = await pair.here.member("Ann"), await pair.there.member("Ann")
    bob = await pair.there.member("Bob")
    await disconnect(pair.here.disconnections.ref, "u-ann")
    assert [await here.expect_close(), await there.expect_close()] == [1001, 1001]
    await bob.says("anybody else?")


# -- when the bus fails


async def test_what_the_bus_loses_is_found_in_the_store(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    with monkeypatch.context() as patch:
        patch.setattr(LocalBus, "publish", lambda *_: None)
        await ann.says("lost")
        await wait_all_tasks_blocked()
        assert bob.seqs() == []
    await trio.sleep(SWEEP_EVERY + A_WHILE)
    assert bob.seqs() == [1]


async def test_who_joins_finds_what_was_acknowledged_on_another_node_though_the_bus_lost_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    with monkeypatch.context() as patch:
        patch.setattr(LocalBus, "publish", lambda *_: None)
        await ann.says("lost")
    cleo = await pair.there.connect()
    assert (await cleo.join(LOBBY, after=0))["last_seq"] == 1
    assert bob.seqs() == [1]
    assert cleo.seqs() == []  # it was in the welcome


async def test_who_joins_while_the_store_is_away_finds_what_the_node_heard(
    pair: Pair, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    await ann.says("heard")
    with monkeypatch.context() as patch:
        patch.setattr(store, "at", never)
        began = trio.current_time()
        for _ in range(10):
            late = await pair.there.connect()
            assert (await late.join(LOBBY))["last_seq"] == 1
        assert trio.current_time() - began < 1
    await ann.says("back")
    await trio.sleep(A_WHILE)
    assert (bob.seqs(), late.seqs()) == ([1, 2], [2])


async def test_what_comes_after_a_loss_tells_of_it_at_once(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    with monkeypatch.context() as patch:
        patch.setattr(LocalBus, "publish", lambda *_: None)
        await ann.says("lost")
    await ann.says("heard")
    await trio.sleep(0.1)
    assert bob.seqs() == [1, 2]


async def test_what_the_bus_doubles_and_reorders_is_told_once_and_in_order(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    held: list[tuple[LocalBus, str, bytes]] = []
    publish = LocalBus.publish
    with monkeypatch.context() as patch:
        patch.setattr(LocalBus, "publish", lambda bus, channel, encode: held.append((bus, channel, encode())))
        for number in range(5):
            await ann.says(f"{number}")
    assert len(held) >= 5
    for bus, channel, data in [*reversed(held), *held]:
        publish(bus, channel, lambda data=data: data)  # type: ignore[misc]
    await trio.sleep(A_WHILE)
    assert bob.seqs() == [1, 2, 3, 4, 5]


async def test_what_a_node_stored_and_did_not_tell_before_it_died_is_told_by_the_others(pair: Pair) -> None:
    bob, cleo = await pair.here.member("Bob"), await pair.there.member("Cleo")
    async with staged(Borrowed(pair.here.store), node="mortal", exchange=pair.exchange) as mortal:  # type: ignore[arg-type]
        ann = await mortal.member("Ann")
        del pair.exchange.buses[mortal.bus]
        await ann.says("my last words")
        await wait_all_tasks_blocked()
        assert bob.seqs() == cleo.seqs() == []
        pair.exchange.buses[mortal.bus] = None
    await trio.sleep(SWEEP_EVERY + A_WHILE)
    assert bob.seqs() == cleo.seqs() == [1]


# -- who is there


async def test_people_on_both_nodes_are_seen_on_both(pair: Pair) -> None:
    watchers = [await watcher(pair.here), await watcher(pair.there)]
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    everybody = {ann.user["id"]: ["online"], bob.user["id"]: ["online"]}
    assert await settled(*watchers) == [everybody, everybody]
    await bob.ok(LOBBY, "status", {"status": "away"})
    await ann.close()
    assert await settled(*watchers) == [{bob.user["id"]: ["away"]}] * 2


async def test_who_is_the_first_to_join_on_a_node_is_told_who_is_on_the_other(pair: Pair) -> None:
    ann = await pair.here.member("Ann")
    await trio.sleep(A_WHILE)
    bob = await pair.there.connect(User("u-bob", "Bob"))
    await bob.join(LOBBY)
    assert list(await bob.expect("presence_state")) == [ann.user["id"], "u-bob"]
    await trio.sleep(A_WHILE)
    assert [list(diff["joins"]) for diff in bob.heard("presence_diff")] == [["u-bob"]]


async def test_who_changes_before_it_is_known_who_is_there_is_there_once(pair: Pair) -> None:
    ann = await pair.here.member("Ann")
    await trio.sleep(A_WHILE)
    visitor = await pair.there.connect()
    await visitor.join(LOBBY)
    await visitor.identify("Bob")
    await visitor.ok(LOBBY, "status", {"status": "away"})
    watch = Watcher(visitor)
    assert await settled(watch) == [{ann.user["id"]: ["online"], visitor.user["id"]: ["away"]}]


async def test_who_joins_later_is_told_at_once_who_is_on_the_other_node(pair: Pair) -> None:
    ann = await pair.here.member("Ann")
    await watcher(pair.there)  # the room runs there, and heard of Ann
    await trio.sleep(A_WHILE)
    visitor = await pair.there.connect()
    await visitor.join(LOBBY)
    assert list(await visitor.expect("presence_state")) == [ann.user["id"]]


async def test_a_user_with_a_socket_on_each_node_is_one_person_with_two(pair: Pair) -> None:
    watch = await watcher(pair.here)
    ann = await pair.here.member("Ann")
    second = await pair.there.connect(User("u-ann", "Ann"))
    await second.join(LOBBY)
    assert await settled(watch) == [{ann.user["id"]: ["online", "online"]}]
    await second.close()
    assert await settled(watch) == [{ann.user["id"]: ["online"]}]


async def test_a_node_that_stops_takes_its_people_along(store: MemoryStore) -> None:
    exchange = Exchange()
    async with staged(store, node="here", exchange=exchange) as here:
        watch = await watcher(here)
        async with staged(Borrowed(store), node="there", exchange=exchange) as there:
            ann = await there.member("Ann")
            assert await settled(watch) == [{ann.user["id"]: ["online"]}]
            assert here.nodes.others == ("there",)
        assert await settled(watch) == [{}]
        assert list(here.nodes) == ["here"]


async def test_a_node_that_falls_silent_is_gone_within_ten_seconds_and_comes_back_without_flapping(
    pair: Pair,
) -> None:
    watch = await watcher(pair.here)
    ann = await pair.there.member("Ann")
    assert await settled(watch) == [{ann.user["id"]: ["online"]}]
    del pair.exchange.buses[pair.there.bus]  # nobody hears it, and it hears nobody
    assert await settled(watch, after=10) == [{}]
    diffs = watch.diffs
    pair.exchange.buses[pair.there.bus] = None
    assert await settled(watch, after=10) == [{ann.user["id"]: ["online"]}]
    assert watch.diffs == diffs + 1


@pytest.mark.parametrize("times", [1, 3])
async def test_a_registry_that_crashes_loses_nobody_on_either_node(pair: Pair, times: int) -> None:
    watchers = [await watcher(pair.here), await watcher(pair.there)]
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    everybody = {ann.user["id"]: ["online"], bob.user["id"]: ["online"]}
    assert await settled(*watchers) == [everybody, everybody]
    before = [watch.diffs for watch in watchers]
    await pair.here.crash(pair.here.presence.ref, times)
    assert await settled(*watchers, after=2 * LEASE) == [everybody, everybody]
    assert [watch.diffs for watch in watchers] == before


def make_slow(stage: Stage, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """What the node says arrives so much later."""
    tell = stage.bus.publish

    async def later(channel: str, data: bytes) -> None:
        await trio.sleep(seconds)
        tell(channel, lambda: data)

    monkeypatch.setattr(stage.bus, "publish", lambda channel, encode: stage.crew.start_soon(later, channel, encode()))


async def test_a_registry_that_crashes_shows_nobody_leave_while_the_others_say_again_who_is_there(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = await watcher(pair.here)
    ann = await pair.there.member("Ann")
    assert await settled(watch) == [{ann.user["id"]: ["online"]}]
    before = watch.diffs
    make_slow(pair.there, monkeypatch, RETELLING / 2)
    pair.here.presence.ref.kill("drill")
    bob = await pair.here.member("Bob")  # who arrives in the crash
    assert await settled(watch, after=2 * LEASE) == [{ann.user["id"]: ["online"], bob.user["id"]: ["online"]}]
    assert watch.diffs == before + 1


async def test_who_left_while_the_registry_was_crashed_has_left_though_their_node_says_nothing(pair: Pair) -> None:
    watch = await watcher(pair.here)
    ann = await pair.there.member("Ann")
    assert await settled(watch) == [{ann.user["id"]: ["online"]}]
    del pair.exchange.buses[pair.there.bus]
    await pair.here.crash(pair.here.presence.ref)
    assert await settled(watch, after=RETELLING + A_WHILE) == [{}]


async def test_a_room_that_crashes_loses_nobody_on_either_node(pair: Pair) -> None:
    watchers = [await watcher(pair.here), await watcher(pair.there)]
    ann, bob = await pair.here.member("Ann"), await pair.there.member("Bob")
    everybody = {ann.user["id"]: ["online"], bob.user["id"]: ["online"]}
    assert await settled(*watchers) == [everybody, everybody]
    before = [watch.diffs for watch in watchers]
    await pair.here.crash(pair.here.room())
    assert await settled(*watchers, after=2 * LEASE) == [everybody, everybody]
    assert [watch.diffs for watch in watchers] == before
    await ann.says("still here")
    await trio.sleep(A_WHILE)
    assert bob.seqs() == [1]


async def test_only_rooms_that_may_be_idle_are_disturbed_now_and_then(stage: Stage) -> None:
    ann = await stage.member("Ann")
    await stage.rooms.create("attic", "")
    await stage.rooms.open("attic")
    assert stage.table.wanting_a_look() == ["attic"]
    await ann.close()
    await trio.sleep(A_WHILE)
    assert stage.table.wanting_a_look() == ["lobby", "attic"]
