"""Crashes of sessions and rooms: the socket stays, nothing is lost, nothing comes twice."""

from collections.abc import Awaitable, Callable

import pytest
import trio

from chatter.actors import audience as audience_module
from chatter.actors.audience import BREATH
from tests.actors.stage import LOBBY, Person, Stage
from tests.memory_store import MemoryStore


class Drill(Exception):
    """A bug on purpose."""


def crashing(store: MemoryStore, point: str, times: int) -> None:
    """Crash whoever passes this point of the store next, so many times."""
    left = times

    async def at(passed: str) -> None:
        nonlocal left
        await trio.lowlevel.checkpoint()
        if passed == point and left:
            left -= 1
            raise Drill(point)

    store.at = at


async def same_for_all(stage: Stage, people: list[Person], texts: list[str]) -> None:
    """Everybody heard these, once, in order, without gaps; and so does who comes now."""
    await trio.sleep(1)
    for person in people:
        assert [m["text"] for m in person.heard("new_message")] == texts
        assert person.seqs() == list(range(1, len(texts) + 1))
    late = await stage.connect()
    assert [m["text"] for m in (await late.join(LOBBY, limit=500))["messages"]] == texts


# -- sessions


async def test_a_session_that_crashes_three_times_while_its_user_types_loses_and_doubles_nothing(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    refs: list[str] = []

    async def type_on() -> None:
        for number in range(60):
            refs.append(await ann.push(LOBBY, "new_message", {"text": str(number)}))
            await trio.sleep(0.01)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(type_on)
        for _ in range(3):
            await trio.sleep(0.1)
            await stage.crash(ann.session)
    replies = [await ann.reply(ref) for ref in refs]
    assert [reply.status for reply in replies] == ["ok"] * 60
    assert stage.crashes(ann.session.name) == 3
    assert ann.closed is None
    await same_for_all(stage, [ann, bob], [str(number) for number in range(60)])


async def test_a_fourth_crash_within_five_seconds_closes_the_socket_with_1011_and_no_other(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    await stage.crash(ann.session, times=3)
    await ann.heartbeat()
    await stage.crash(ann.session)
    assert await ann.expect_close() == 1011
    await bob.says("Ann?")
    assert bob.closed is None
    assert (len(stage.sessions), stage.starts(bob.session.name)) == (1, 1)


async def test_crashes_that_are_further_apart_are_forgiven(stage: Stage) -> None:
    ann = await stage.member("Ann")
    for _ in range(10):
        await stage.crash(ann.session)
        await trio.sleep(2)
    await ann.heartbeat()


async def test_a_message_at_which_a_session_crashed_once_is_handled_the_second_time(
    stage: Stage, store: MemoryStore
) -> None:
    ann = await stage.member("Ann")
    crashing(store, "page", times=1)
    assert await ann.ok(LOBBY, "history", {"before": 1}) == {"messages": [], "more": False}
    assert stage.crashes(ann.session.name) == 1


async def test_a_message_at_which_it_crashes_twice_is_refused_and_the_next_ones_are_not(
    stage: Stage, store: MemoryStore
) -> None:
    ann = await stage.member("Ann")
    crashing(store, "page", times=2)
    refs = [await ann.push(LOBBY, "history", {"before": 1}) for _ in range(2)]
    first, second = [await ann.reply(ref) for ref in refs]
    assert (first.status, first.response["reason"], second.status) == ("error", "unavailable", "ok")
    assert stage.crashes(ann.session.name) == 2


async def test_topics_and_name_survive_a_crash_of_the_session(stage: Stage) -> None:
    visitor, bob = await stage.visitor(), await stage.member("Bob")
    user = await visitor.identify("Ann")
    await stage.crash(visitor.session)
    await bob.says("heard during the crash")
    await visitor.says("still Ann, still here")
    await same_for_all(stage, [visitor, bob], ["heard during the crash", "still Ann, still here"])
    assert visitor.heard("new_message")[1]["user"]["id"] == user["id"]
    await visitor.ok(LOBBY, "phx_leave")


# -- rooms


@pytest.mark.parametrize("point", ["append", "appended"], ids=["before the commit", "after the commit"])
async def test_what_a_room_was_storing_when_it_crashed_is_stored_and_told_once(
    stage: Stage, store: MemoryStore, point: str
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    crashing(store, point, times=1)
    refs = [await ann.push(LOBBY, "new_message", {"text": str(number)}) for number in range(5)]
    replies = [await ann.reply(ref) for ref in refs]
    assert [reply.response["seq"] for reply in replies] == [1, 2, 3, 4, 5]
    assert stage.crashes("room:lobby") == 1
    await same_for_all(stage, [ann, bob], list("01234"))


async def test_a_room_that_crashes_again_and_again_while_all_talk_tells_everybody_everything_once(
    stage: Stage,
) -> None:
    people = [await stage.member(f"P{number}") for number in range(5)]

    async def talk(person: Person) -> None:
        for number in range(20):
            await person.says(f"{person.user['name']} {number}")
            await trio.sleep(0.01)

    async with trio.open_nursery() as nursery:
        for person in people:
            nursery.start_soon(talk, person)
        for _ in range(3):
            await trio.sleep(0.04)
            await stage.crash(stage.room())
    assert stage.crashes("room:lobby") == 3
    await trio.sleep(1)
    texts = [m["text"] for m in people[0].heard("new_message")]
    assert sorted(texts) == sorted(f"P{p} {n}" for p in range(5) for n in range(20))
    await same_for_all(stage, people, texts)


async def crash_during_delivery(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """At the next breath that a room takes while it delivers: do something, and crash it."""
    armed = True

    async def breathe(*_: object) -> None:
        nonlocal armed
        await trio.lowlevel.checkpoint()
        if armed:
            armed = False
            await meanwhile()
            raise Drill("between two breaths")

    class Trio:
        sleep = staticmethod(breathe)

        class lowlevel:
            checkpoint = staticmethod(breathe)

    monkeypatch.setattr(audience_module, "trio", Trio)


async def crowd(stage: Stage, size: int) -> list[Person]:
    people = [await stage.connect() for _ in range(size)]
    for person in people:
        await person.start_join(LOBBY)
    for person in people:
        await person.expect("presence_state")
    return people


async def test_a_room_that_crashes_between_two_members_tells_each_of_them_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await crowd(stage, BREATH + 100)
    ann = await stage.member("Ann")
    told: list[int] = []

    async def count() -> None:
        told.append(sum(bool(b'"text":"one"' in b"".join(p.connection.writes)) for p in people))

    await crash_during_delivery(monkeypatch, count)
    await ann.says("one")
    await ann.says("two")
    await same_for_all(stage, [*people, ann], ["one", "two"])
    assert stage.crashes("room:lobby") == 1
    assert 0 < told[0] < len(people)


async def test_who_joins_again_between_two_breaths_hears_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await crowd(stage, BREATH + 100)
    ann, last = await stage.member("Ann"), people[-1]

    async def rejoin() -> None:
        await last.start_join(LOBBY, {"after": 0})
        await stage.quiet()

    await crash_during_delivery(monkeypatch, rejoin)
    await ann.says("one")
    await trio.sleep(1)
    join = (await last.reply(last.join_refs[LOBBY])).response
    assert [payload["text"] for _, payload in join["events"]] == ["one"]
    assert last.heard("new_message") == []
    assert people[-2].seqs() == [1]


async def test_a_command_that_crashes_its_room_twice_is_refused_and_its_neighbours_are_not(
    stage: Stage, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    append = store.append

    async def poisoned(room: str, commands: list[object]) -> object:
        if any(getattr(command, "text", "") == "poison" for command in commands):
            raise Drill("poison")
        return await append(room, commands)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "append", poisoned)
    pushes = [
        (person, text)
        for text in ("one", "poison", "two")
        for person in (ann, bob)
        if text != "poison" or person is ann
    ]
    refs = [(person, text, await person.push(LOBBY, "new_message", {"text": text})) for person, text in pushes]
    for person, text, ref in refs:
        reply = await person.reply(ref)
        expected = ("error", "unavailable") if text == "poison" else ("ok", None)
        assert (reply.status, reply.response.get("reason")) == expected
    assert stage.crashes("room:lobby") == 2
    await trio.sleep(1)
    assert [m["text"] for m in bob.heard("new_message")] == ["one", "one", "two", "two"]
    assert bob.seqs() == ann.seqs() == [1, 2, 3, 4]


async def test_a_room_that_does_not_recover_sends_its_members_to_join_again(stage: Stage, store: MemoryStore) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    await ann.says("before")
    crashing(store, "tail", times=10)
    stage.room().kill("drill")
    assert await ann.expect("phx_error") == {}
    await bob.expect("phx_error")
    assert await ann.refused(LOBBY, "new_message", {"text": "?"}) == "unmatched topic"
    store.at = MemoryStore().at
    response = await ann.enter(LOBBY, after=1)
    assert (response["resumed"], response["events"]) == (True, [])
    await ann.says("after")
    assert (ann.closed, bob.closed) == (None, None)
    await trio.sleep(3)
    state = await (await stage.connect()).join(LOBBY)
    assert state["last_seq"] == 2


async def test_a_crash_of_the_directory_is_noticed_by_nobody(stage: Stage) -> None:
    ann = await stage.member("Ann")
    await stage.rooms.create("kitchen", "")
    await stage.crash(stage.directory.ref)
    await ann.says("still here")
    await ann.enter("chat:kitchen")
    await ann.says("and there", "chat:kitchen")
