"""`text_channel:ROOM`: the same room, where the text is called `content`."""

from tests.actors.stage import LOBBY, Stage

TEXT_CHANNEL = "text_channel:lobby"


async def test_both_topics_are_one_room_in_two_dialects(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob", TEXT_CHANNEL)
    said = await ann.says("from chat")
    await bob.says("from text_channel", TEXT_CHANNEL)
    await bob.ok(TEXT_CHANNEL, "phx_leave")
    await stage.quiet()
    assert [(m["seq"], m["text"]) for m in ann.heard("new_message")] == [(1, "from chat"), (2, "from text_channel")]
    heard = bob.heard("new_message")
    assert [(m["seq"], m["content"]) for m in heard] == [(1, "from chat"), (2, "from text_channel")]
    assert not any("text" in message for message in heard)
    assert {s.topic for s in bob.received} == {TEXT_CHANNEL}
    assert said.keys() == {"id", "seq", "inserted_at"}


async def test_everything_that_has_a_text_calls_it_content(stage: Stage) -> None:
    bob = await stage.member("Bob", TEXT_CHANNEL)
    first = await bob.says("one", TEXT_CHANNEL)
    doomed = await bob.says("two", TEXT_CHANNEL)
    await bob.ok(TEXT_CHANNEL, "edit_message", {"id": first["id"], "content": "ONE"})
    await bob.ok(TEXT_CHANNEL, "delete_message", {"id": doomed["id"]})
    edited = await bob.expect("message_edited")
    assert (edited["content"], "text" in edited) == ("ONE", False)
    visitor = await stage.connect()
    joined = (await visitor.join(TEXT_CHANNEL))["messages"]
    resumed = (await visitor.join(TEXT_CHANNEL, after=0))["events"]
    history = (await visitor.ok(TEXT_CHANNEL, "history", {"before": 3}))["messages"]
    assert [m["content"] for m in joined] == [m["content"] for m in history] == ["ONE", ""]
    assert [payload.get("content") for _, payload in resumed] == ["one", "", "ONE", None]
    assert not any("text" in m for m in [*joined, *history, *(payload for _, payload in resumed)])


async def test_the_other_dialects_word_is_not_understood(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob", TEXT_CHANNEL)
    assert await ann.refused(LOBBY, "new_message", {"content": "Hello"}) == "invalid"
    assert await bob.refused(TEXT_CHANNEL, "new_message", {"text": "Hello"}) == "invalid"


async def test_one_socket_may_be_in_both(stage: Stage) -> None:
    ann = await stage.member("Ann")
    await ann.enter(TEXT_CHANNEL)
    await ann.says("Hello")
    await stage.quiet()
    assert sorted(s.topic for s in ann.received if s.event == "new_message") == [LOBBY, TEXT_CHANNEL]
    await ann.ok(TEXT_CHANNEL, "phx_leave")
    ann.received.clear()
    await ann.says("Hello again")
    await stage.quiet()
    assert [s.topic for s in ann.received if s.event == "new_message"] == [LOBBY]


async def test_an_unknown_room_is_not_found_here_too(stage: Stage) -> None:
    assert await (await stage.connect()).refused("text_channel:nowhere", "phx_join") == "not_found"
