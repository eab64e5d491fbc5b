"""Three ways to put load on a room: one text at a time, a fixed number in flight, a fixed rate."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.fleet import Fleet, Witness
from bench.server import Spent, UnderTest

SPIN = 0.002
"""Seconds before a text is due during which the generator does not sleep: `epoll` only knows milliseconds."""

IN_A_ROW = 50


@dataclass(frozen=True)
class Window:
    """What one window cost: CPU and wall clock in nanoseconds, texts, deliveries (texts times members)."""

    spent: Spent
    wall: int
    posts: int
    deliveries: int

    @property
    def cpu(self) -> int:
        """The servers' own."""
        return self.spent.cpu


def one_in_flight(server: UnderTest, fleet: Fleet, seconds: float) -> Window:
    """The next text is posted when the last one is acknowledged and has reached everybody."""
    (sender,) = fleet.senders
    with fleet.window():
        before, start = server.spent(), time.perf_counter_ns()
        end = start + int(seconds * 1e9)
        while time.perf_counter_ns() < end:
            sender.post()
            fleet.drain_until(fleet.delivered)
        return _window(server, fleet, before, start)


def in_flight(server: UnderTest, fleet: Fleet, each: int, seconds: float) -> Window:
    """Every sender posts again as soon as it has fewer than `each` texts unacknowledged."""
    with fleet.window():
        before, start = server.spent(), time.perf_counter_ns()
        end = start + int(seconds * 1e9)

        def time_is_up() -> bool:
            _top_up(fleet, each)
            return time.perf_counter_ns() >= end

        fleet.drain_until(time_is_up)
        fleet.drain_until(fleet.delivered)
        return _window(server, fleet, before, start)


def at_rate(fleet: Fleet, rate: float, seconds: float) -> list[int]:
    """Nanoseconds from the moment a text was due to be posted to each visitor's receipt of it.

    An open loop: a text is due by the clock whether or not the last one has arrived, and its wait counts from then,
    so a server that stalls can't make the generator look away (no coordinated omission).
    """
    (sender,) = fleet.senders
    with fleet.window() as witness:
        fleet.arrivals = []
        start = time.perf_counter_ns() + 10_000_000
        due = [start + int(number * 1e9 / rate) for number in range(int(rate * seconds))]
        for moment in due:
            while (left := moment - time.perf_counter_ns()) > 0:
                fleet.drain(max(0.0, left / 1e9 - SPIN))
            sender.post()
        fleet.drain_until(fleet.delivered)
        arrivals, fleet.arrivals = fleet.arrivals, None
        return _waits(due, arrivals, witness)


def said(fleet: Fleet, size: int) -> None:
    """Post until each member has been told so many bytes."""
    with fleet.window() as witness:
        while witness.whole < size:
            for sender in fleet.senders:
                sender.post(IN_A_ROW)
            fleet.drain_until(fleet.delivered)


def beside(windows: Sequence[Window]) -> dict[str, list[float]]:
    """CPU µs a text of those that work for the servers."""
    return {
        "postgres": [window.spent.postgres / 1e3 / window.posts for window in windows],
        "redis": [window.spent.redis / 1e3 / window.posts for window in windows],
    }


def _top_up(fleet: Fleet, each: int) -> None:
    for sender in fleet.senders:
        if free := each - sender.in_flight:
            sender.post(free)


def _window(server: UnderTest, fleet: Fleet, before: Spent, start: int) -> Window:
    posts = sum(sender.posted for sender in fleet.senders)
    members = fleet.visitors + len(fleet.senders)
    return Window(server.spent() - before, time.perf_counter_ns() - start, posts, posts * members)


def _waits(due: list[int], arrivals: list[tuple[int, int, int]], witness: Witness) -> list[int]:
    """A text has arrived at a visitor when the visitor has as many bytes as the witness had at the text's end."""
    got: dict[int, int] = {}
    texts: dict[int, int] = {}
    waits = []
    for moment, fd, size in arrivals:
        got[fd] = got.get(fd, 0) + size
        text = texts.get(fd, 0)
        while text < len(due) and got[fd] >= witness.ends[text]:
            waits.append(moment - due[text])
            text += 1
        texts[fd] = text
    return waits
