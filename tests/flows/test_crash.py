"""Actors are crashed on purpose while people talk: their sockets stay open, and nothing is lost or doubled.

The application runs in the test's own process, since that is where its actors can be reached; the sockets are real.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import trio

from chatter.actors import handlers
from chatter.actors.exits import Down
from chatter.actors.mailbox import Ref
from chatter.actors.room import Room
from chatter.application import Application
from chatter.settings import Settings
from chatter.stores.port import Outcome, Stored

from .client import PATIENCE, Client, Place, Refusal
from .conftest import Connect

MESSAGES: Final = 300
CRASHES: Final = 3


@attrs.frozen
class Stage:
    """A running application, and how to reach into it."""

    application: Application
    dial: Connect

    @property
    def url(self) -> str:
        return self.application.url.replace("http", "ws", 1) + "/socket/websocket"

    async def arrive(self, name: str) -> Place:
        place = await (await self.dial(self.url)).join("chat:lobby")
        await place.identify(name)
        return place

    def session(self, name: str) -> Ref[Any]:
        sittings = self.application.sessions._sittings.values()
        [ref] = [s.ref for s in sittings if s.seat.user is not None and s.seat.user.name == name]
        return ref

    async def room(self) -> Ref[Any]:
        return await self.application.rooms.open("lobby")

    @property
    def presence(self) -> Ref[Any]:
        return self.application._presence.ref

    @property
    def directory(self) -> Ref[Any]:
        return self.application._directory.ref


@pytest.fixture
async def stage(tmp_path: Path, nursery: trio.Nursery, dial: Connect) -> Stage:
    settings = Settings(port=0, database=f"sqlite:///{tmp_path}/chatter.db", message_rate=0.0)
    application = Application(settings)
    application.bind()

    async def live(task_status: trio.TaskStatus[None]) -> None:
        await application.run(task_status.started)

    with trio.fail_after(PATIENCE):
        await nursery.start(live)
    return Stage(application, dial)


async def crash(ref: Ref[Any]) -> None:
    """Kill the actor, and wait until it has fallen; again, when it was just being restarted."""
    fallen = trio.Event()
    downs: list[Down] = []

    def told(down: Down) -> None:
        downs.append(down)
        fallen.set()

    forget = ref.monitor(told)
    with trio.fail_after(PATIENCE):
        while not fallen.is_set():
            ref.kill("on purpose")
            with trio.move_on_after(0.05):
                await fallen.wait()
    forget()
    assert downs[0].exit.abnormal


async def _talk_through(speaker: Place, listener: Place, crashing: Callable[[], Awaitable[None]]) -> None:
    """The speaker types and talks without a pause, while something crashes three times: nobody notices anything."""
    refs = []
    for number in range(MESSAGES):
        if number % (MESSAGES // CRASHES) == MESSAGES // CRASHES // 2:
            await crashing()
        refs.append(await speaker.send("typing", typing=number % 2 == 0))
        refs.append(await speaker.send("new_message", text=str(number), client_id=f"c-{number}"))
    replies = [await speaker.client.answer(ref) for ref in refs]
    posted = [reply for reply in replies if "seq" in reply]
    for somebody in (speaker, listener):
        heard = await somebody.caught_up(MESSAGES)
        assert [payload["text"] for _, payload in heard] == [str(number) for number in range(MESSAGES)]
        assert [payload["seq"] for _, payload in heard] == [reply["seq"] for reply in posted]
        assert [payload["seq"] for _, payload in heard] == list(range(1, MESSAGES + 1))
        assert somebody.unread("phx_error") == somebody.unread("phx_close") == []
        await somebody.client.heartbeat()
    assert [said["typing"] for said in listener.unread("typing")] == [number % 2 == 0 for number in range(MESSAGES)]


async def test_a_session_that_crashes_three_times_is_not_noticed(stage: Stage) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    session = stage.session("ann")
    await _talk_through(ann, bob, lambda: crash(session))


async def test_a_listeners_session_that_crashes_three_times_is_not_noticed(stage: Stage) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    session = stage.session("bob")
    await _talk_through(ann, bob, lambda: crash(session))


async def test_a_room_that_crashes_three_times_is_not_noticed(stage: Stage) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    room = await stage.room()
    await _talk_through(ann, bob, lambda: crash(room))
    again = await ann.client.join(ann.topic, limit=500)
    assert [message["text"] for message in again.welcome["messages"]] == [str(number) for number in range(MESSAGES)]


async def test_a_room_that_crashes_between_storing_and_telling_tells_when_it_is_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    await _until_there(bob, ann, bob)
    take_in, crashes = Room._take_in, list[int]()

    async def crashing(room: Room, outcomes: list[Outcome]) -> None:
        news = [outcome.event.seq for outcome in outcomes if isinstance(outcome, Stored)]
        if len(crashes) < CRASHES and news:
            crashes.append(news[0])
            raise RuntimeError("poison")
        await take_in(room, outcomes)

    monkeypatch.setattr(Room, "_take_in", crashing)
    seqs = [(await ann.push("new_message", text=str(number)))["seq"] for number in range(20)]  # a batch each
    assert len(crashes) == CRASHES
    assert seqs == list(range(1, 21))
    for somebody in (ann, bob):
        heard = await somebody.caught_up(20)
        assert [(payload["seq"], payload["text"]) for _, payload in heard] == [(n + 1, str(n)) for n in range(20)]
        assert somebody.unread("phx_error") == []


async def test_a_directory_that_crashes_three_times_is_not_noticed(stage: Stage) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    await _talk_through(ann, bob, lambda: crash(stage.directory))
    assert (await stage.arrive("cleo")).welcome["last_seq"] == MESSAGES


async def test_presence_that_crashes_three_times_is_not_noticed(stage: Stage) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    await _until_there(bob, ann, bob)
    before = bob.unread("presence_diff")
    await _talk_through(ann, bob, lambda: crash(stage.presence))
    cleo = await stage.arrive("cleo")
    await _until_there(bob, cleo)
    assert bob.unread("presence_diff") == before
    with pytest.raises(Refusal, match="name_taken"):
        await cleo.push("identify", name="ann")
    await bob.push("phx_leave")
    diff = await cleo.next("presence_diff")
    while bob.user["id"] not in diff["leaves"]:
        diff = await cleo.next("presence_diff")


async def _until_there(witness: Place, *people: Place) -> None:
    missing = {person.user["id"] for person in people}
    while missing:
        missing -= (await witness.next("presence_diff"))["joins"].keys()


async def test_a_session_that_crashes_a_fourth_time_is_given_up_and_its_client_comes_back(stage: Stage) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    session = stage.session("ann")
    for _ in range(CRASHES):
        await crash(session)
        await ann.client.heartbeat()
    await crash(session)
    assert await ann.client.closing() == 1011
    await bob.say("what was that?")
    await bob.next("new_message")
    again = await stage.arrive("ann")
    assert [message["text"] for message in again.welcome["messages"]] == ["what was that?"]


@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], list[str]]:
    """Has sessions crash the first so many times they act on an event, before they do anything; a list of them."""

    def poison(event: str, times: int) -> list[str]:
        act, crashes = handlers.AT_ONCE[event], list[str]()

        def crashing(*arguments: Any) -> None:
            if len(crashes) < times:
                crashes.append(event)
                raise RuntimeError("poison")
            act(*arguments)

        monkeypatch.setitem(handlers.AT_ONCE, event, crashing)
        return crashes

    return poison


async def test_a_push_that_crashes_its_session_once_is_done_all_the_same(
    stage: Stage, poisonous: Callable[[str, int], list[str]]
) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    crashes = poisonous("new_message", 1)
    refs = [await ann.send("new_message", text=str(number)) for number in range(5)]
    outcomes = [await _outcome(ann.client, ref) for ref in refs]
    assert crashes == ["new_message"]
    assert outcomes == ["ok"] * 5
    assert [payload["text"] for _, payload in await bob.caught_up(5)] == list("01234")


async def _outcome(client: Client, ref: str) -> str:
    try:
        await client.answer(ref)
    except Refusal as refusal:
        return refusal.reason
    return "ok"


async def test_a_push_that_crashes_its_session_whenever_it_is_tried_is_refused(
    stage: Stage, poisonous: Callable[[str, int], list[str]]
) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    crashes = poisonous("status", 1000)
    ref = await ann.send("status", status="away")
    assert await _outcome(ann.client, ref) == "unavailable"
    assert crashes
    posted = await ann.say("still here")
    assert (await bob.next("new_message"))["seq"] == posted["seq"] == 1


async def test_a_room_that_crashes_a_fourth_time_sends_its_members_back_to_the_door(stage: Stage) -> None:
    ann, bob = await stage.arrive("ann"), await stage.arrive("bob")
    await ann.say("before")
    room = await stage.room()
    for _ in range(CRASHES):
        await crash(room)
    await ann.say("still")
    assert (await bob.caught_up(2))[-1][1]["text"] == "still"
    assert bob.unread("phx_error") == []
    await crash(room)
    for somebody in (ann, bob):
        assert (await somebody.client.next(somebody.topic, "phx_error")).join_ref == somebody.join_ref
        await somebody.rejoin()
        assert [message["text"] for message in somebody.welcome["messages"]] == ["before", "still"]
    assert (await ann.say("after"))["seq"] == 3
    assert (await bob.caught_up(3))[-1][1]["text"] == "after"
