"""Who is here, as members see it: states, gathered diffs, several tabs, and the registry's crashes."""

from typing import Any

import pytest
import trio

from chatter.actors import rooms
from chatter.actors.presence import Track, Untrack, Watch
from chatter.actors.rooms import SWEEP_EVERY
from chatter.core.model import User
from chatter.core.presence import Meta
from tests.actors.stage import LOBBY, Person, Stage
from tests.core.test_presence import sync_diff
from tests.memory_store import MemoryStore

BOB = User("u-bob", "Bob")
A_WHILE = 3.0  # of virtual time: longer than diffs gather, and than a registry recovers


class Watcher:
    """Keeps a person's view of who is here, as phoenix.js does, from everything they hear."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.view: dict[str, Any] = {}
        self.diffs = 0

    def names(self) -> dict[str, list[str]]:
        """The status of each socket, by user id."""
        for said in list(self.person.received):
            if said.event == "presence_state":
                self.view = said.payload
            elif said.event == "presence_diff":
                self.view = sync_diff(self.view, said.payload)
                self.diffs += 1
            self.person.received.remove(said)
        return {user: [meta["status"] for meta in shown["metas"]] for user, shown in self.view.items()}


async def watcher(stage: Stage) -> Watcher:
    visitor = await stage.connect()
    await visitor.join(LOBBY)
    return Watcher(visitor)


async def settled(watcher: Watcher) -> dict[str, list[str]]:
    await trio.sleep(A_WHILE)
    return watcher.names()


async def test_who_changes_before_anybody_was_told_of_them_is_here_once_in_their_own_eyes_too(stage: Stage) -> None:
    watch = await watcher(stage)
    bob = await stage.connect(BOB)
    own = Watcher(bob)
    await bob.join(LOBBY)
    for status in ("away", "online", "away"):
        await bob.ok(LOBBY, "status", {"status": status})
    assert watch.diffs == 0
    assert await settled(watch) == own.names() == {"u-bob": ["away"]}


async def test_a_room_that_is_too_busy_when_the_registry_begins_anew_is_reminded(
    stage: Stage, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "ROOM_CAPACITY", 3)
    watch, ann, gate = await watcher(stage), await stage.member("Ann"), trio.Event()

    async def at(_point: str) -> None:
        await gate.wait()

    store.at = at
    await ann.push(LOBBY, "new_message", {"text": "hold on"})
    await stage.quiet()
    replies = [await ann.ask(LOBBY, "typing", {"typing": True}) for _ in range(4)]
    assert [reply.status for reply in replies] == ["ok", "ok", "ok", "error"]
    await stage.crash(stage.presence.ref)
    gate.set()
    await trio.sleep(SWEEP_EVERY + 1)
    bob = await stage.connect(BOB)
    await bob.join(LOBBY)
    assert await settled(watch) == {"u-ann": ["online"], "u-bob": ["online"]}


async def test_a_registry_that_begins_anew_takes_a_room_in_however_many_are_there(stage: Stage) -> None:
    watch = await watcher(stage)
    names = ["Ann", "Bob", "Cem", "Dora", "Eve"]
    for name in names:
        await stage.member(name)
    everybody = {f"u-{name.lower()}": ["online"] for name in names}
    assert await settled(watch) == everybody
    stage.presence.capacity = len(names)
    diffs = watch.diffs
    await stage.crash(stage.presence.ref)
    assert await settled(watch) == everybody
    assert watch.diffs == diffs


async def test_visitors_are_not_in_it(stage: Stage) -> None:
    watch = await watcher(stage)
    await stage.visitor()
    assert await settled(watch) == {}
    await stage.member("Ann")
    assert await settled(watch) == {"u-ann": ["online"]}


async def test_whoever_arrives_sees_themselves_and_those_who_are_here(stage: Stage) -> None:
    await stage.member("Ann")
    bob = await stage.connect(BOB)
    await bob.join(LOBBY)
    state = await bob.expect("presence_state")
    assert set(state) == {"u-ann", "u-bob"}
    [meta] = state["u-bob"]["metas"]
    assert meta.keys() == {"phx_ref", "online_at", "name", "status", "avatar"}
    diff = await bob.expect("presence_diff")
    assert diff == {"joins": {"u-bob": {"metas": [meta]}}, "leaves": {}}


async def test_several_tabs_of_a_user_are_several_metas_of_one_person(stage: Stage) -> None:
    watch = await watcher(stage)
    tabs = [await stage.member("Ann") for _ in range(3)]
    assert await settled(watch) == {"u-ann": ["online"] * 3}
    await tabs[0].close()
    await tabs[1].vanish()
    assert await settled(watch) == {"u-ann": ["online"]}
    await tabs[2].ok(LOBBY, "phx_leave")
    assert await settled(watch) == {}


async def test_a_status_is_one_sockets_own(stage: Stage) -> None:
    watch = await watcher(stage)
    ann, _tab = await stage.member("Ann"), await stage.member("Ann")
    assert await ann.ok(LOBBY, "status", {"status": "away"}) == {}
    assert sorted((await settled(watch))["u-ann"]) == ["away", "online"]
    await ann.ok(LOBBY, "status", {"status": "online"})
    assert (await settled(watch))["u-ann"] == ["online", "online"]
    assert await ann.refused(LOBBY, "status", {"status": "asleep"}) == "invalid"


async def test_who_comes_and_goes_between_two_diffs_is_in_none(stage: Stage) -> None:
    watch = await watcher(stage)
    await stage.member("Ann")
    await settled(watch)
    before = watch.diffs
    flicker = await stage.connect(BOB)
    await flicker.join(LOBBY)
    await flicker.ok(LOBBY, "phx_leave")
    assert (await settled(watch), watch.diffs) == ({"u-ann": ["online"]}, before)


async def test_a_second_join_by_the_same_socket_is_still_one_meta(stage: Stage) -> None:
    watch = await watcher(stage)
    ann = await stage.member("Ann")
    await ann.enter(LOBBY)
    assert await settled(watch) == {"u-ann": ["online"]}
    again = Watcher(ann)
    await ann.join(LOBBY)
    assert await settled(again) == {"u-ann": ["online"]}


async def test_a_thousand_arrivals_make_few_diffs(stage: Stage) -> None:
    watch = await watcher(stage)
    crowd = [await stage.connect(User(f"u{n}", f"P{n}")) for n in range(1_000)]
    for person in crowd:
        await person.start_join(LOBBY)
    assert len(await settled(watch)) == 1_000
    assert 1 <= watch.diffs <= 10
    heard = [len(person.heard("presence_diff")) for person in crowd]
    assert max(heard) <= 10
    for person in crowd:
        await person.vanish()
    before = watch.diffs
    assert await settled(watch) == {}
    assert watch.diffs - before <= 10


# -- crashes


async def test_a_crash_of_the_registry_tells_nobody_that_anybody_left(stage: Stage) -> None:
    watch = await watcher(stage)
    people = [await stage.member(name) for name in ("Ann", "Bob", "Mia")]
    before = (await settled(watch), watch.diffs)
    for person in people:
        person.received.clear()
    await stage.crash(stage.presence.ref)
    assert (await settled(watch), watch.diffs) == before
    assert [person.received for person in people] == [[], [], []]
    await people[0].close()
    assert (await settled(watch)).keys() == {"u-bob", "u-mia"}


async def test_names_are_still_taken_after_a_crash_of_the_registry(stage: Stage) -> None:
    await stage.member("Ann")
    visitor = await stage.visitor()
    await stage.crash(stage.presence.ref)
    await stage.quiet()
    assert await visitor.refused(LOBBY, "identify", {"name": "Ann"}) == "name_taken"


async def test_what_the_registry_forgot_in_its_crash_is_told_again(stage: Stage) -> None:
    """It dies with the news in its mailbox, or in its hands."""
    watch = await watcher(stage)
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    await settled(watch)
    await ann.ok(LOBBY, "status", {"status": "away"})
    await stage.crash(stage.presence.ref)
    assert await settled(watch) == {"u-ann": ["away"], "u-bob": ["online"]}
    await bob.push(LOBBY, "phx_leave")
    await stage.member("Mia")
    await stage.crash(stage.presence.ref)
    assert await settled(watch) == {"u-ann": ["away"], "u-mia": ["online"]}


async def test_whoever_arrives_during_the_crash_is_one_meta_in_their_own_eyes(stage: Stage) -> None:
    ann = await stage.connect(BOB)
    await ann.join(LOBBY)
    await stage.crash(stage.presence.ref)
    assert await settled(Watcher(ann)) == {"u-bob": ["online"]}


async def test_a_crash_of_the_room_keeps_everybody_where_they_are(stage: Stage) -> None:
    watch = await watcher(stage)
    await stage.member("Ann")
    before = (await settled(watch), watch.diffs)
    await stage.crash(stage.room())
    assert (await settled(watch), watch.diffs) == before
    await stage.member("Bob")
    assert (await settled(watch)).keys() == {"u-ann", "u-bob"}


async def test_a_crash_of_a_session_keeps_its_user_where_they_are(stage: Stage) -> None:
    watch = await watcher(stage)
    ann = await stage.member("Ann")
    before = (await settled(watch), watch.diffs)
    await stage.crash(ann.session)
    assert (await settled(watch), watch.diffs) == before


# -- the registry by itself


async def test_a_room_that_watches_again_begins_with_nobody(stage: Stage) -> None:
    """It tells next who is there; whoever is not told was lost on the way out."""
    watch = await watcher(stage)
    registry, room = stage.presence.ref, stage.room()
    for key in ("ghost", "ann"):
        registry.cast(Track("lobby", Meta(f"u-{key}", key, f"F-{key}", 0, key)))
    assert (await settled(watch)).keys() == {"u-ghost", "u-ann"}
    registry.cast(Watch("lobby", room, lambda: 1))
    registry.cast(Track("lobby", Meta("u-ann", "ann", "F-ann", 0, "ann")))
    assert (await settled(watch)).keys() == {"u-ann"}
    registry.cast(Untrack("lobby", "ann"))
    assert await settled(watch) == {}
