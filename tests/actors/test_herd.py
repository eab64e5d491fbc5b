"""Ten thousand come back at one moment, each from another place in the log: a handful of queries serve them all, and
who talks meanwhile does not wait for them."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from chatter.actors.connection import INPUT, Fanout, Frame, one_by_one
from chatter.actors.mailbox import Ref
from chatter.core.commands import Edit, Post
from chatter.core.model import User
from chatter.wire.phoenix import V2, Codec
from tests.actors.stage import LOBBY, Stage
from tests.memory_store import MemoryStore

HERD: Final = 10_000
STORED: Final = 600
SAMPLE: Final = 200
POSTS: Final = 20
CROWD: Final = 1000
IN_BETWEEN: Final = 300
"""Joins that may come before a post: those that wait in the room, and those that come while it is stored."""

LINES: Final = Codec(V2, lambda message: message + b"\n")
ZOE: Final = User("u-zoe", "Zoe")


class Returning:
    """A socket that asks to join, and listens. Only some keep what they hear, for it is a gigabyte."""

    codec = LINES
    session: Ref[Any]

    def __init__(self, nth: int, joined: list[int]) -> None:
        self.id = f"returning{nth}"
        self.after = nth % STORED
        self.heard: list[bytes] = []
        self.closed = False
        self._keeps = nth % SAMPLE == 0
        self._nth = nth
        self._joined = joined
        self._frames = [Frame(json.dumps(["1", "1", LOBBY, "phx_join", {"after": self.after}]).encode())]

    def peek(self) -> Frame | None:
        return self._frames[-1] if self._frames else None

    def advance(self) -> None:
        self._frames.pop()

    def write(self, data: bytes) -> None:
        if data.startswith(b'["1","1","chat:lobby","phx_reply",{"status":"ok"'):
            self._joined.append(self._nth)
        if self._keeps:
            self.heard.append(data)

    @staticmethod
    def fanout(connections: Sequence[Any]) -> Fanout:
        return one_by_one(connections)

    def close(self, code: int, reason: str = "") -> None:
        self.closed = True

    def told(self) -> list[int]:
        """The seq of each event, resumed or live."""
        [welcome, _, *live] = [json.loads(line) for line in b"".join(self.heard).splitlines()]
        response = welcome[4]["response"]
        assert response["resumed"]
        events = [payload for _, payload in response["events"]] + [m[4] for m in live if m[3] == "new_message"]
        return [payload["seq"] for payload in events]


async def _history(store: MemoryStore) -> None:
    posts = [Post(user=ZOE, text=f"message {n}") for n in range(STORED - 100)]
    await store.append("lobby", posts)
    await store.append("lobby", [Edit(user=ZOE, message_id=post.id, text="edited") for post in posts[:100]])


def _gather(stage: Stage, numbers: range, joined: list[int]) -> list[Returning]:
    herd = [Returning(nth, joined) for nth in numbers]
    for each in herd:
        each.session = stage.sessions.welcome(each, None)
    return herd


async def test_ten_thousand_come_back_and_nobody_waits_for_them(stage: Stage, store: MemoryStore) -> None:
    await _history(store)
    ann = await stage.member("Ann")
    joined: list[int] = []
    store.calls.clear()
    herd = _gather(stage, range(HERD), joined)
    waited: list[int] = []
    for n in range(POSTS):
        before = len(joined)
        await ann.says(f"while they come {n}")
        waited.append(len(joined) - before)
    assert max(waited) < IN_BETWEEN, waited
    assert len(joined) < HERD, "they had all come before anybody could talk"
    await stage.quiet()
    assert sorted(joined) == list(range(HERD))
    for each in herd[::SAMPLE]:
        assert each.told() == list(range(each.after + 1, STORED + POSTS + 1))
    assert Counter(store.calls) == {"append": POSTS, "appended": POSTS}


async def test_the_first_to_come_after_a_restart_load_the_room_once(stage: Stage, store: MemoryStore) -> None:
    await _history(store)
    joined: list[int] = []
    store.calls.clear()
    herd = _gather(stage, range(CROWD), joined)
    await stage.quiet()
    assert sorted(joined) == list(range(CROWD))
    for each in herd[::SAMPLE]:
        assert each.told() == list(range(each.after + 1, STORED + 1))
    assert Counter(store.calls) == {"room": 1, "tail": 1}


async def test_a_herd_that_a_room_crashes_under_comes_in_all_the_same(stage: Stage, store: MemoryStore) -> None:
    await _history(store)
    ann = await stage.member("Ann")
    joined: list[int] = []
    herd = _gather(stage, range(CROWD), joined)
    for _ in range(3):
        await ann.says("while they come")
        assert len(joined) < CROWD
        await stage.crash(stage.room())
    await stage.quiet()
    assert sorted(joined) == list(range(CROWD))
    for each in herd[::SAMPLE]:
        assert each.told() == list(range(each.after + 1, STORED + 4))


async def test_who_leaves_while_waiting_holds_nobody_up(stage: Stage, store: MemoryStore) -> None:
    await _history(store)
    ann = await stage.member("Ann")
    joined: list[int] = []
    herd = _gather(stage, range(CROWD), joined)
    await ann.heartbeat()
    for each in herd[: CROWD // 2]:
        each.close(1001)
        each.session.cast(INPUT)
    await stage.quiet()
    assert set(joined) >= set(range(CROWD // 2, CROWD))
    assert len(stage.sessions) == CROWD // 2 + 1
    latest = await stage.visitor()
    await ann.says("hello")
    await stage.quiet()
    assert latest.seqs() == [STORED + 1]


async def test_a_room_that_is_given_up_refuses_a_herd_once_and_not_for_ever(stage: Stage, store: MemoryStore) -> None:
    ann = await stage.member("Ann")
    joined: list[int] = []
    _gather(stage, range(CROWD), joined)
    await ann.heartbeat()
    await stage.crash(stage.room(), times=4)
    await stage.quiet()
    assert len(joined) < CROWD
    before = len(joined)
    _gather(stage, range(CROWD, 2 * CROWD), joined)
    await stage.quiet()
    assert len(joined) == before + CROWD
