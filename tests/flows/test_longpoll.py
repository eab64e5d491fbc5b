"""Long-poll against the real server, request by request, without any client's help."""

import base64
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from .client import PATIENCE, V1, V2, Refusal
from .conftest import Arrive, Rest, unique
from .polling import Gone, Poller
from .server import Server

Begin = Callable[..., Awaitable[Poller]]

pytestmark = pytest.mark.also_on_two_nodes


@pytest.fixture
async def begin(server: Server) -> AsyncIterator[Begin]:
    """Somebody who begins a session."""
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2)  # less than the server's patience
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE, trust_env=False, limits=limits) as client:

        async def begun(vsn: str = V2, **query: str) -> Poller:
            poller = Poller(client, vsn, **query)
            await poller.begin()
            return poller

        yield begun


async def test_a_whole_conversation(begin: Begin, arrive: Arrive, room: str, vsn: str) -> None:
    topic, bob = f"chat:{room}", await arrive("bob")
    ann = await begin(vsn)
    welcome = await ann.push(topic, "phx_join")
    assert (welcome["room"], welcome["user"], welcome["messages"]) == (room, None, [])
    user = (await ann.push(topic, "identify", name=unique("ann")))["user"]
    assert (await ann.push(topic, "new_message", text="schön – 🎉"))["seq"] == 1
    heard = await bob.next("new_message")
    assert (heard["text"], heard["user"]["id"]) == ("schön – 🎉", user["id"])
    await bob.say("hello ann")
    assert await ann.texts(topic, 2) == ["schön – 🎉", "hello ann"]
    broadcast = ann.events(topic, "new_message")[0]
    assert broadcast["ref"] is None
    assert await ann.push("phoenix", "heartbeat") == {}
    with pytest.raises(Refusal, match="unmatched topic"):
        await ann.push("chat:elsewhere", "new_message", text="?")
    assert await ann.push(topic, "phx_leave") == {}
    assert len(ann.events(topic, "phx_close")) == 1


async def test_a_batch_is_done_in_order(begin: Begin, arrive: Arrive, room: str, vsn: str) -> None:
    topic, bob = f"chat:{room}", await arrive("bob")
    ann = await begin(vsn)
    await ann.push(topic, "phx_join")
    await ann.push(topic, "identify", name=unique("ann"))
    texts = [f"{number} 🎉" for number in range(100)]
    join_ref = ann._join_ref(topic)
    pushes = [ann.encoded(topic, "new_message", {"text": text}, join_ref) for text in texts]
    assert await ann.post("\n".join(message for _, message in pushes)) == 200
    replies = [await ann.answer(ref) for ref, _ in pushes]
    assert [reply["seq"] for reply in replies] == list(range(1, 101))
    assert await ann.texts(topic, 100) == texts
    assert [payload["text"] for _, payload in await bob.caught_up(100)] == texts


async def test_a_join_and_more_may_come_in_one_batch(begin: Begin, room: str) -> None:
    topic, ann = f"chat:{room}", await begin()
    ref, join = ann.encoded(topic, "phx_join", {})
    also = [ann.encoded(topic, "identify", {"name": unique("ann")}, ref)]
    also += [ann.encoded(topic, "new_message", {"text": str(number)}, ref) for number in range(3)]
    assert await ann.post("\n".join([join, *(message for _, message in also)])) == 200
    assert await ann.texts(topic, 3) == ["0", "1", "2"]
    assert (await ann.answer(ref))["room"] == room


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '["1","1","chat:lobby",\n"phx_join",{}]'),
        ("text/plain;charset=UTF-8", '["1","1","chat:lobby","phx_join",{}]'),
    ],
)
async def test_a_single_message_needs_no_batch(begin: Begin, content_type: str, body: str) -> None:
    ann = await begin()
    assert await ann.post(body, {"Content-Type": content_type}) == 200
    assert (await ann.answer("1"))["room"] == "lobby"


async def test_a_binary_push_is_refused_and_nothing_else_happens(begin: Begin, room: str) -> None:
    topic, ann = f"chat:{room}", await begin()
    await ann.push(topic, "phx_join")
    await ann.push(topic, "identify", name=unique("ann"))
    fields = [field.encode() for field in (ann._join_ref(topic) or "", "77", topic, "new_message")]
    push = b"\x00" + bytes(map(len, fields)) + b"".join(fields) + b"\xff\x00"
    assert await ann.post(base64.b64encode(push).decode()) == 200
    with pytest.raises(Refusal) as refused:
        await ann.answer("77")
    assert refused.value.reason == "invalid"
    assert await ann.push("phoenix", "heartbeat") == {}


async def test_a_token_says_who_one_is(begin: Begin, rest: Rest, room: str, vsn: str) -> None:
    ann = await begin(vsn, token=await rest.guest("ann"))
    welcome = await ann.push(f"chat:{room}", "phx_join")
    assert welcome["user"]["name"].startswith("ann-")
    assert (await ann.push(f"chat:{room}", "new_message", text="it is me"))["seq"] == 1


@pytest.mark.parametrize("query", [{"token": "bad"}, {"vsn": "3.0.0"}, {"vsn": "two"}])
async def test_a_bad_token_or_version_is_forbidden(begin: Begin, query: dict[str, str]) -> None:
    with pytest.raises(Gone) as gone:
        await begin(**query)
    assert gone.value.status == 403


NONSENSE = ["nonsense", "[", "[]", "{}", '["1","1","t","e"]', '[null,null,1,"e",{}]', '"text"', "null", "\ufffd"]


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_nonsense_ends_its_own_session_and_no_other(begin: Begin, arrive: Arrive, nonsense: str) -> None:
    bystander, watching = await begin(), await arrive("bob")
    await bystander.push(watching.topic, "phx_join")
    ann = await begin()
    _, join = ann.encoded(watching.topic, "phx_join", {})
    assert await ann.post("\n".join([join, nonsense, ann.encoded("phoenix", "heartbeat", {})[1]])) == 410
    assert await ann.ending() == 410
    await watching.say("nothing happened")
    assert await bystander.texts(watching.topic, 1) == ["nothing happened"]


async def test_sixty_people_poll_one_room(begin: Begin, arrive: Arrive, room: str) -> None:
    topic, speaker = f"chat:{room}", await arrive("speaker")
    crowd: list[Poller] = []

    async def come(vsn: str) -> None:
        poller = await begin(vsn)
        await poller.push(topic, "phx_join")
        crowd.append(poller)

    async with trio.open_nursery() as nursery:
        for number in range(60):
            nursery.start_soon(come, (V1, V2)[number % 2])
    for number in range(10):
        await speaker.say(str(number))
    async with trio.open_nursery() as nursery:
        for poller in crowd:
            nursery.start_soon(poller.texts, topic, 10)
    for poller in crowd:
        assert await poller.texts(topic, 10) == [str(number) for number in range(10)]


async def test_who_does_not_poll_costs_nobody_anything_and_is_gone_at_the_limit(
    server: Server, begin: Begin, arrive: Arrive, room: str
) -> None:
    topic, speaker = f"chat:{room}", await arrive("speaker")
    deaf = [await begin() for _ in range(50)]
    for poller in deaf:
        await poller.post(poller.encoded(topic, "phx_join", {})[1])
    before = server.memory
    for _ in range(20):
        refs = [await speaker.send("new_message", text="x" * 4000) for _ in range(50)]
        await speaker.client.answer(refs[-1])
    assert server.memory - before < 30_000_000
    for poller in deaf:
        with pytest.raises(Gone):
            await poller.poll()
    assert (await speaker.say("still fine"))["seq"] == 1001


async def test_a_drain_answers_those_who_wait_and_keeps_what_was_accepted(tmp_path: Path) -> None:
    server = Server(tmp_path, "--message-rate", "0")
    async with server, httpx.AsyncClient(base_url=server.url, timeout=PATIENCE, trust_env=False) as client:
        ann, silent = Poller(client), Poller(client)
        for poller in (ann, silent):
            await poller.begin()
        await ann.push("chat:lobby", "phx_join")
        await ann.push("chat:lobby", "identify", name="ann")
        outcomes: list[Any] = []

        async def wait(poller: Poller) -> None:
            outcomes.append(await poller.get())

        join_ref = ann._join_ref("chat:lobby")
        pushes = [ann.encoded("chat:lobby", "new_message", {"text": str(n)}, join_ref) for n in range(100)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, silent)
            await trio.sleep(0.2)
            assert outcomes == []
            assert await ann.post("\n".join(message for _, message in pushes)) == 200
            server.signal(signal.SIGTERM)
            with trio.fail_after(10):
                assert await server.ended() == 0
        assert [outcome["status"] for outcome in outcomes] == [410]
    async with server, httpx.AsyncClient(base_url=server.url, timeout=PATIENCE, trust_env=False) as client:
        stale, ann.client = ann.token, client
        answer = await ann.get()
        assert (answer["status"], answer["messages"]) == (410, [])
        assert answer["token"] not in ("", stale)
        ann.token = answer["token"]
        welcome = await ann.push("chat:lobby", "phx_join", limit=500)
        assert [message["text"] for message in welcome["messages"]] == [str(n) for n in range(100)]
