"""How fast one user may go: exactly the burst, then exactly the rate, and an honest time to come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatter.core import rate as rate_module
from chatter.core.rate import RateLimit
from chatter.errors import RateLimited

rates = st.sampled_from([0.1, 0.3, 1.0, 2.0, 3.0, 7.0, 10.0, 100.0]) | st.floats(0.01, 1_000)
bursts = st.integers(1, 100)
starts = st.sampled_from([0.0, 0.1]) | st.floats(0, 1e7)


class Clock:
    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def refused(limit: RateLimit, user: str = "ann") -> int | None:
    """`retry_after_ms`, None when it was let through."""
    try:
        limit.spend(user)
    except RateLimited as refusal:
        return refusal.retry_after_ms
    return None


def at_once(limit: RateLimit, most: int = 1_000) -> int:
    count = 0
    while count < most and refused(limit) is None:
        count += 1
    return count


@given(rates, bursts, starts)
def test_exactly_the_burst_is_let_through_at_once(rate: float, burst: int, start: float) -> None:
    assert at_once(RateLimit(rate, burst, Clock(start))) == burst


@given(rates, bursts, starts)
def test_the_burst_comes_back_after_a_long_pause_and_no_more_than_that(rate: float, burst: int, start: float) -> None:
    clock = Clock(start)
    limit = RateLimit(rate, burst, clock)
    assert at_once(limit) == burst
    clock.now += (burst + 1) / rate
    assert at_once(limit) == burst


@given(rates, bursts, starts)
def test_retry_after_ms_is_long_enough_and_not_much_longer(rate: float, burst: int, start: float) -> None:
    clock = Clock(start)
    limit = RateLimit(rate, burst, clock)
    at_once(limit)
    wait = refused(limit)
    assert wait is not None
    before = clock.now
    clock.now = before + (wait - 2) / 1000
    assert wait <= 2 or refused(limit) is not None
    clock.now = before + wait / 1000
    assert refused(limit) is None


@given(st.sampled_from([1, 2, 4, 8, 16]), bursts)
def test_after_the_burst_the_rate_is_sustained(rate: int, burst: int) -> None:
    clock = Clock()
    limit = RateLimit(rate, burst, clock)
    start, let_through = clock.now, 0
    for tick in range(640):
        clock.now = start + tick / 64
        let_through += refused(limit) is None
    assert let_through == burst + 10 * rate - 1


def test_a_refusal_costs_nothing() -> None:
    clock = Clock()
    limit = RateLimit(1, 1, clock)
    assert [refused(limit) for _ in range(50)].count(None) == 1
    clock.now += 1.001
    assert refused(limit) is None


def test_users_do_not_share_their_limits() -> None:
    limit = RateLimit(1, 1, Clock())
    assert refused(limit, "ann") is None
    assert refused(limit, "ann") is not None
    assert refused(limit, "bob") is None


def test_a_rate_of_zero_limits_nothing() -> None:
    assert at_once(RateLimit(0, 10, Clock()), most=100_000) == 100_000


def test_users_who_rest_are_forgotten_and_those_who_do_not_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_module, "_PRUNE_AT", 10)
    clock = Clock()
    limit = RateLimit(1, 1, clock)
    for number in range(10):
        limit.spend(f"early {number}")
    clock.now += 0.9
    limit.spend("late")
    assert len(limit) == 11
    clock.now += 0.2
    for number in range(30):
        limit.spend(f"new {number}")
    assert len(limit) == 31
    assert refused(limit, "late") is not None


def test_a_crowd_that_never_rests_is_not_looked_through_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_module, "_PRUNE_AT", 10)
    limit = RateLimit(1, 1, Clock())
    looks = 0
    prune = limit._prune

    def counted(now: float) -> None:
        nonlocal looks
        looks += 1
        prune(now)

    monkeypatch.setattr(limit, "_prune", counted)
    for number in range(10_000):
        limit.spend(str(number))
    assert 1 <= looks <= 12
