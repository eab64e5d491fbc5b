"""Disconnecting a user: all their connections, nobody else's."""

from tests.actors.stage import LOBBY, Stage


async def test_all_sockets_of_a_user_are_closed_and_nobody_elses(stage: Stage) -> None:
    laptop, phone, bob = await stage.member("Ann"), await stage.member("Ann"), await stage.member("Bob")
    visitor = await stage.visitor()
    assert stage.sessions.disconnect(laptop.user["id"]) == 2
    assert [await person.expect_close() for person in (laptop, phone)] == [1001, 1001]
    while laptop.user["id"] not in (await visitor.expect("presence_diff"))["leaves"]:
        pass
    await bob.says("anybody else?")
    assert (await visitor.expect("new_message"))["text"] == "anybody else?"
    assert visitor.closed is bob.closed is None
    assert len(stage.sessions) == 2


async def test_who_became_somebody_on_the_way_is_closed_too(stage: Stage) -> None:
    ann = await stage.visitor()
    user = await ann.identify("Ann")
    assert stage.sessions.disconnect(user["id"]) == 1
    assert await ann.expect_close() == 1001


async def test_nobody_is_closed_for_a_user_who_is_not_here(stage: Stage) -> None:
    visitor = await stage.visitor()
    assert stage.sessions.disconnect("u-nobody") == 0
    await visitor.heartbeat()


async def test_who_was_disconnected_may_come_back_and_has_missed_nothing(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    await bob.says("one")
    assert (await ann.expect("new_message"))["seq"] == 1
    stage.sessions.disconnect(ann.user["id"])
    await ann.expect_close()
    await bob.says("two")
    again = await stage.member("Ann")
    resumed = await again.join(LOBBY, after=1)
    assert [payload["text"] for _, payload in resumed["events"]] == ["two"]


async def test_what_they_said_before_is_kept_and_what_comes_after_is_not_heard(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    await ann.says("before")
    stage.sessions.disconnect(ann.user["id"])
    await ann.push(LOBBY, "new_message", {"text": "after"})
    await ann.expect_close()
    await bob.says("last")
    assert (await bob.expect("new_message"))["text"] == "before"
    assert (await bob.expect("new_message"))["text"] == "last"
