"""The same tree on the store it ships with: real files, real threads, real time."""

from pathlib import Path

import trio

from chatter.core.model import User
from chatter.stores.sqlite import SqliteStore
from tests.actors.stage import LOBBY, Person, Stage, staged


async def test_a_conversation_is_heard_by_all_and_kept(real_stage: Stage) -> None:
    ann, bob = await real_stage.member("Ann"), await real_stage.member("Bob", "text_channel:lobby")
    said = await ann.says("Helo", client_id="c1")
    assert await ann.says("Helo", client_id="c1") == said
    await ann.ok(LOBBY, "edit_message", {"id": said["id"], "text": "Hello"})
    await bob.ok("text_channel:lobby", "react", {"id": said["id"], "emoji": "👋", "on": True})
    doomed = await bob.says("secret", "text_channel:lobby")
    assert await ann.refused(LOBBY, "delete_message", {"id": doomed["id"]}) == "forbidden"
    await bob.ok("text_channel:lobby", "delete_message", {"id": doomed["id"]})
    assert (await bob.expect("message_edited"))["content"] == "Hello"
    assert (await ann.expect("message_deleted"))["seq"] == 5
    assert await ann.ok(LOBBY, "read", {"seq": 0}) == {"unread": 0}
    response = await (await real_stage.connect()).join(LOBBY)
    assert [(m["seq"], m["text"], m.get("deleted", False)) for m in response["messages"]] == [
        (1, "Hello", False),
        (4, "", True),
    ]
    assert response["messages"][0]["reactions"] == [{"emoji": "👋", "users": ["u-bob"]}]


async def test_many_talk_at_once_and_all_hear_the_same(real_stage: Stage) -> None:
    people = [await real_stage.member(f"P{number}") for number in range(10)]

    async def talk(person: Person) -> None:
        for number in range(20):
            await person.says(str(number), client_id=str(number))

    async with trio.open_nursery() as nursery:
        for person in people:
            nursery.start_soon(talk, person)
    heard = [[await person.expect("new_message") for _ in range(200)] for person in people]
    assert [m["seq"] for m in heard[0]] == list(range(1, 201))
    assert all(one == heard[0] for one in heard)


async def test_crashes_all_over_lose_and_double_nothing(real_stage: Stage) -> None:
    ann, bob = await real_stage.member("Ann"), await real_stage.member("Bob")
    refs: list[str] = []

    async def talk() -> None:
        for number in range(100):
            refs.append(await ann.push(LOBBY, "new_message", {"text": str(number)}))
            if number % 10 == 0:
                await ann.reply(refs.pop())

    async def crash() -> None:
        for _ in range(3):
            await real_stage.crash(ann.session)
            await real_stage.crash(real_stage.room())
            await real_stage.crash(real_stage.presence.ref)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk)
        nursery.start_soon(crash)
    assert {(await ann.reply(ref)).status for ref in refs} == {"ok"}
    for person in (ann, bob):
        heard = [await person.expect("new_message") for _ in range(100)]
        assert [(m["seq"], m["text"]) for m in heard] == [(n + 1, str(n)) for n in range(100)]


async def test_what_was_acknowledged_is_there_after_a_restart_of_everything(tmp_path: Path) -> None:
    async with staged(SqliteStore(tmp_path / "chatter.db")) as first:
        ann = await first.member("Ann")
        said = [await ann.says(str(number)) for number in range(10)]
        user = first.tokens.user(first.tokens.mint(User("u-ann", "Ann")))
    async with staged(SqliteStore(tmp_path / "chatter.db")) as second:
        again = await second.connect(user)
        response = await again.enter(LOBBY, after=4)
        assert [payload["seq"] for _, payload in response["events"]] == [5, 6, 7, 8, 9, 10]
        assert [payload["id"] for _, payload in response["events"]] == [one["id"] for one in said[4:]]
        assert (await again.says("back"))["seq"] == 11
