"""A long-poll session by itself, whatever comes in whatever order: all that is written is taken, once, in order."""

from collections import deque
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from chatter.actors.connection import Frame, Input
from chatter.actors.mailbox import Mailbox
from chatter.errors import BadFrame
from chatter.gateway.limits import Limits
from chatter.gateway.longpoll_connection import LongPollConnection
from chatter.gateway.sweeper import Sweeper
from chatter.wire.phoenix import LONGPOLL_V2

LIMITS = Limits(backlog=100, absence=15, goodbye=5, silence=60)


class Model:
    """What must be true of a connection that is written to and polled."""

    def __init__(self) -> None:
        self.sweeper = Sweeper(LIMITS.silence, lambda _, exit: pytest.fail(str(exit)))
        self.forgotten: list[str] = []
        self.mailbox: Mailbox[Input] = Mailbox("session", 4)
        self.polls: list[trio.Event] = []
        self.current: trio.Event | None = None
        self.waiting: list[bytes] = []
        self.written = 0
        self.taken: list[bytes] = []
        self.connection = LongPollConnection("one", LONGPOLL_V2, self.sweeper, LIMITS, self.forgotten.append)
        self.connection.open(self.mailbox.ref)

    def write(self, size: int) -> None:
        """Something of this size, unlike all before."""
        self.written += 1
        data = b"%d" % self.written + b"." * size
        was_open, behind = not self.connection.closed, sum(map(len, self.waiting[1:]))
        self.connection.write(data)
        if was_open and behind > LIMITS.backlog:
            assert self.connection.closed
            self.waiting.clear()
        elif was_open:
            assert not self.connection.closed
            self.waiting.append(data)

    def poll(self) -> None:
        self.current = self.connection.next_poll()
        assert all(poll.is_set() for poll in self.polls)
        self.polls.append(self.current)

    def take(self, which: int) -> None:
        if not self.polls:
            return
        poll = self.polls.pop(which % len(self.polls))
        brought = self.connection.take(poll)
        if poll is not self.current:
            assert brought == b""
            return
        assert brought == b"".join(self.waiting)
        self.taken += self.waiting
        self.waiting.clear()
        self.current = None

    def miss(self, which: int) -> None:
        if self.polls:
            poll = self.polls.pop(which % len(self.polls))
            self.connection.missed(poll)
            if poll is self.current:
                self.current = None

    def close(self) -> None:
        self.connection.close(1001)

    def sleep(self, seconds: float, clock: MockClock) -> None:
        clock.jump(seconds)
        self.sweeper.now = trio.current_time()
        self.sweeper.sweep()

    def check(self) -> None:
        connection = self.connection
        if self.current is not None and (self.waiting or connection.closed):
            assert self.current.is_set(), "it has something to bring, and nobody woke it"
        assert (self.forgotten == ["one"]) == (connection not in self.sweeper.connections)
        if self.forgotten:
            assert connection.closed
            assert not self.sweeper._due
        elif connection.closed and self.current is None:
            assert connection in self.sweeper._due, "it waits for a last poll, and nobody minds the time"
        numbers = [int(data.partition(b".")[0]) for data in self.taken]
        assert numbers == sorted(set(numbers))


steps = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 80)),
    st.tuples(st.just("poll")),
    st.tuples(st.just("take"), st.integers(0, 3)),
    st.tuples(st.just("miss"), st.integers(0, 3)),
    st.tuples(st.just("sleep"), st.sampled_from([0.5, 4, 10, 20])),
)


@given(st.lists(steps, max_size=30), st.integers(0, 40))
@settings(deadline=None, max_examples=300)
def test_whatever_is_written_is_taken_once_and_in_order(script: list[tuple[Any, ...]], closing_at: int) -> None:
    clock = MockClock()

    async def play() -> None:
        model = Model()
        for number, (step, *how) in enumerate(script):
            if number == closing_at:
                model.close()
                model.check()
            getattr(model, step)(*how, *([clock] if step == "sleep" else []))
            model.check()
        model.sleep(1000, clock)
        model.sleep(1000, clock)
        assert model.connection.closed
        assert model.forgotten == ["one"] or model.current is not None

    trio.run(play, clock=clock)


frames = st.lists(st.one_of(st.builds(Frame, st.binary(max_size=3)), st.just(BadFrame(1009, "too long"))), max_size=4)


@given(st.lists(frames, max_size=5), st.integers(0, 12))
@settings(deadline=None, max_examples=200)
def test_whatever_is_posted_is_handled_once_and_in_order(posts: list[list[Frame | BadFrame]], patience: int) -> None:
    """Until the first that is bad, or until the session is closed after handling so many."""

    async def play() -> None:
        model = Model()
        connection, handled = model.connection, list[Frame]()
        results: dict[int, bool] = {}

        async def post(number: int) -> None:
            async with connection.turn:
                results[number] = await connection.publish(posts[number])

        async def serve() -> None:
            while not connection.closed:
                try:
                    while (frame := connection.peek()) is not None:
                        if len(handled) == patience:
                            connection.close(1001)
                            continue
                        handled.append(frame)
                        connection.advance()
                except BadFrame:
                    connection.close(1009)
                else:
                    await model.mailbox.get()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            for number in range(len(posts)):
                nursery.start_soon(post, number)
                await trio.testing.wait_all_tasks_blocked(0.001)
            await trio.testing.wait_all_tasks_blocked(0.001)
            assert len(results) == len(posts), "somebody waits for ever"
            nursery.cancel_scope.cancel()
        expected: deque[Frame] = deque()
        alive = True
        for number, batch in enumerate(posts):
            for frame in batch:
                alive = alive and not isinstance(frame, BadFrame) and len(expected) < patience
                if alive and isinstance(frame, Frame):
                    expected.append(frame)
            assert results[number] == alive
        assert handled == list(expected)

    trio.run(play, clock=MockClock(autojump_threshold=0))
