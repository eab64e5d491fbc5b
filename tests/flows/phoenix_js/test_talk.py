"""What phoenix.js makes of the server: the same over WebSocket and over long-poll."""

import pytest

from tests.flows.conftest import Rest, unique

from .people import Person, Refused, Stage


@pytest.fixture
def topic(room: str) -> str:
    return f"chat:{room}"


async def arrived(node: Stage, topic: str, name: str, longpoll: bool) -> Person:
    person = await node.connected(longpoll=longpoll)
    await person.join(topic)
    await person.identify(topic, unique(name))
    return person


async def test_joins_are_answered_and_pushes_too(node: Stage, topic: str, longpoll: bool) -> None:
    ann = await node.make(longpoll=longpoll)
    assert (await ann.connect())["transport"] == ("LongPoll" if longpoll else "WebSocket")
    welcome = await ann.join(topic)
    assert (welcome["user"], welcome["last_seq"], welcome["messages"]) == (None, 0, [])
    await ann.identify(topic, unique("ann"))
    assert (await ann.say(topic, "schön – 🎉"))["seq"] == 1
    assert (await ann.hears(topic, "new_message"))["text"] == "schön – 🎉"
    assert await ann.push(topic, "typing", typing=True) == {}
    assert await ann.push(topic, "read", seq=1) == {"unread": 0}


async def test_what_one_says_the_other_hears_whatever_their_transports(node: Stage, topic: str) -> None:
    ann, bob = await arrived(node, topic, "ann", longpoll=False), await arrived(node, topic, "bob", longpoll=True)
    for speaker, text in ((ann, "over websocket"), (bob, "over long-poll")):
        await speaker.say(topic, text)
        for listener in (ann, bob):
            message = await listener.hears(topic, "new_message")
            assert (message["text"], message["user"]["id"]) == (text, speaker.user["id"])


async def test_a_burst_arrives_whole_and_in_order(node: Stage, topic: str, longpoll: bool) -> None:
    """Over long-poll these are batches: phoenix.js posts a hundred messages at once."""
    ann, bob = await arrived(node, topic, "ann", longpoll), await arrived(node, topic, "bob", longpoll)
    texts = [f"{number} ü\n\r\n🎉" for number in range(350)]
    answers = await ann.say_all(topic, texts)
    assert [answer["status"] for answer in answers] == ["ok"] * 350
    assert [answer["response"]["seq"] for answer in answers] == list(range(1, 351))
    for listener in (ann, bob):
        log = await listener.caught_up(topic, 350)
        assert log == [(seq, "new_message", text) for seq, text in enumerate(texts, 1)]


async def test_edits_deletions_and_reactions_are_heard(node: Stage, topic: str, longpoll: bool) -> None:
    ann, bob = await arrived(node, topic, "ann", longpoll), await arrived(node, topic, "bob", longpoll)
    id = (await ann.say(topic, "helo"))["id"]
    await ann.push(topic, "edit_message", id=id, text="hello")
    await bob.push(topic, "react", id=id, emoji="👋", on=True)
    await ann.push(topic, "delete_message", id=id)
    heard = [(seq, event) for seq, event, _ in await bob.caught_up(topic, 4)]
    assert heard == [(1, "new_message"), (2, "message_edited"), (3, "reaction"), (4, "message_deleted")]


async def test_refusals_are_errors_and_close_nothing(node: Stage, topic: str, longpoll: bool) -> None:
    visitor = await node.connected(longpoll=longpoll)
    for wrong, reason in (("chat:no-such-room", "not_found"), ("elsewhere:lobby", "unmatched topic")):
        with pytest.raises(Refused) as refused:
            await visitor.join(wrong)
        assert refused.value.reason == reason
    await visitor.join(topic)
    with pytest.raises(Refused) as refused:
        await visitor.push(topic, "new_message", text="who am I?")
    assert refused.value.reason == "unauthorized"
    await visitor.identify(topic, unique("ann"))
    for event, payload, reason in (
        ("new_message", {"text": "x" * 4001}, "too_long"),
        ("new_message", {}, "invalid"),
        ("make_coffee", {}, "invalid"),
        ("edit_message", {"id": "nothing", "text": "x"}, "not_found"),
    ):
        with pytest.raises(Refused) as refused:
            await visitor.push(topic, event, **payload)
        assert refused.value.reason == reason
    assert (await visitor.say(topic, "still here"))["seq"] == 1
    assert visitor.all("close") == []


async def test_binary_pushes_arrive_and_are_refused_with_reason(node: Stage, topic: str, longpoll: bool) -> None:
    ann = await arrived(node, topic, "ann", longpoll)
    for bytes_ in (list(b'{"text":"hi"}'), list(range(256)), []):
        answer = await ann.order("pushBinary", topic=topic, event="new_message", bytes=bytes_)
        assert (answer["status"], answer["response"]["reason"]) == ("error", "invalid")
    assert (await ann.say(topic, "text, then"))["seq"] == 1
    assert ann.all("close") == []


async def test_history_is_there_page_by_page(node: Stage, topic: str, longpoll: bool) -> None:
    ann = await arrived(node, topic, "ann", longpoll)
    await ann.say_all(topic, [str(number) for number in range(1, 31)])
    bob = await node.connected(longpoll=longpoll)
    welcome = await bob.join(topic, limit=10)
    assert [message["seq"] for message in welcome["messages"]] == list(range(21, 31))
    page = await bob.push(topic, "history", before=21, limit=15)
    assert ([message["seq"] for message in page["messages"]], page["more"]) == (list(range(6, 21)), True)
    page = await bob.push(topic, "history", before=6, limit=15)
    assert ([message["seq"] for message in page["messages"]], page["more"]) == (list(range(1, 6)), False)


async def test_phoenix_presence_knows_who_is_there_and_in_how_many_tabs(
    node: Stage, topic: str, longpoll: bool
) -> None:
    watch = await node.connected(longpoll=longpoll)
    await watch.join(topic)
    ann, bob = await arrived(node, topic, "ann", longpoll), await arrived(node, topic, "bob", longpoll)
    (ann_id, ann_name), (bob_id, bob_name) = ann.user.values(), bob.user.values()
    await watch.sees(topic, {ann_id: [ann_name], bob_id: [bob_name]})
    tab = await node.connected(longpoll=longpoll, authToken=ann.token)
    assert (await tab.join(topic))["user"]["id"] == ann_id
    for somebody in (watch, ann, bob, tab):
        await somebody.sees(topic, {ann_id: [ann_name] * 2, bob_id: [bob_name]})
    await tab.order("leave", topic=topic)
    await watch.sees(topic, {ann_id: [ann_name], bob_id: [bob_name]})
    await bob.order("leave", topic=topic)
    await watch.sees(topic, {ann_id: [ann_name]})


@pytest.mark.parametrize("how", ["authToken", "params"])
async def test_a_token_says_who_one_is(node: Stage, rest: Rest, topic: str, longpoll: bool, how: str) -> None:
    token = await rest.guest("ann")
    options = {"authToken": token} if how == "authToken" else {"params": {"token": token}}
    ann = await node.connected(longpoll=longpoll, **options)
    assert (await ann.join(topic))["user"]["name"].startswith("ann-")
    assert (await ann.say(topic, "it is me"))["seq"] == 1


@pytest.mark.parametrize("how", ["authToken", "params"])
async def test_a_bad_token_is_refused_and_a_good_one_not(node: Stage, longpoll: bool, how: str) -> None:
    options = {"authToken": "bad"} if how == "authToken" else {"params": {"token": "bad"}}
    ann = await node.make(longpoll=longpoll, reconnectAfter=60_000, **options)
    await ann.order("connect")
    error, close = await ann.next("error"), await ann.next("close")
    if longpoll:
        assert (error["error"], close["code"], close["reason"]) == ("403", 1008, "forbidden")
    assert ann.all("open") == []


async def test_who_leaves_hears_nothing_more_and_may_come_back(node: Stage, topic: str, longpoll: bool) -> None:
    ann, bob = await arrived(node, topic, "ann", longpoll), await arrived(node, topic, "bob", longpoll)
    await bob.say(topic, "one")
    await ann.hears(topic, "new_message")
    assert (await ann.order("leave", topic=topic))["status"] == "ok"
    await bob.say(topic, "two")
    await bob.caught_up(topic, 2)
    welcome = await ann.join(topic)
    assert [message["text"] for message in welcome["messages"]] == ["one", "two"]
    await bob.say(topic, "three")
    assert (await ann.hears(topic, "new_message"))["text"] == "three"
    assert [message["payload"]["text"] for message in ann.all("message", event="new_message")] == ["one", "three"]


async def test_heartbeats_are_answered(node: Stage) -> None:
    ann = await node.connected(heartbeatIntervalMs=50)
    for _ in range(5):
        await ann.next("pong")
    assert ann.all("close") == []


async def test_a_ping_comes_back(node: Stage, longpoll: bool) -> None:
    ann = await node.connected(longpoll=longpoll)
    assert await ann.order("ping") < 5_000


async def test_a_quiet_long_poll_lasts(node: Stage, topic: str) -> None:
    """Longer than a poll waits, which is ten seconds."""
    ann = await arrived(node, topic, "ann", longpoll=True)
    bob = await arrived(node, topic, "bob", longpoll=False)
    await ann.order("idle", seconds=11)
    await bob.say(topic, "anybody there?")
    assert (await ann.hears(topic, "new_message"))["text"] == "anybody there?"
    assert len(ann.all("open")) == 1
    assert ann.all("close") == []


async def test_who_disconnects_may_connect_again(node: Stage, topic: str, longpoll: bool) -> None:
    ann = await arrived(node, topic, "ann", longpoll)
    bob = await node.connected(longpoll=longpoll)
    await bob.join(topic, resume=True)
    await ann.say(topic, "one")
    await bob.caught_up(topic, 1)
    await bob.order("disconnect")
    await ann.say(topic, "two")
    await bob.connect()
    assert [text for _, _, text in await bob.caught_up(topic, 2)] == ["one", "two"]
