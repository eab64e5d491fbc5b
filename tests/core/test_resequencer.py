"""The resequencer: whatever comes in whatever order, it gives out in one, and says how long the rest has waited."""

import math

from hypothesis import given
from hypothesis import strategies as st

from chatter.core import resequencer
from chatter.core.events import Event
from chatter.core.resequencer import Resequencer
from tests.core.test_log import posted

MANY = 12
seqs = st.integers(1, MANY)
pieces = st.lists(st.lists(seqs, max_size=4), max_size=20)


def events(*seqs: int) -> list[Event]:
    return [posted(seq) for seq in seqs]


def told(events: list[Event]) -> list[int]:
    return [event.seq for event in events]


@given(pieces)
def test_whatever_comes_is_given_out_once_and_in_order_as_soon_as_nothing_before_it_is_missing(
    pieces: list[list[int]],
) -> None:
    early, out, came = Resequencer(), list[int](), set[int]()
    for piece in pieces:
        out += told(early.in_order(len(out), events(*piece), now=0.0))
        came.update(piece)
        expected = next(count for count in range(MANY + 1) if count + 1 not in came)
        assert out == list(range(1, expected + 1))
        assert len(early) == len(came) - expected


@given(st.permutations(range(1, MANY + 1)))
def test_nothing_waits_when_all_has_come(order: list[int]) -> None:
    early, last = Resequencer(), 0
    for seq in order:
        last += len(early.in_order(last, events(seq), now=0.0))
    assert (last, len(early), early.since) == (MANY, 0, math.inf)


@given(pieces, seqs)
def test_what_was_found_elsewhere_meanwhile_is_forgotten(pieces: list[list[int]], found: int) -> None:
    early = Resequencer()
    for piece in pieces:
        early.in_order(0, events(*(seq for seq in piece if seq > 1)), now=0.0)
    out = told(early.in_order(found, [], now=0.0))
    assert out == list(range(found + 1, found + 1 + len(out)))
    assert len(early) == len({seq for piece in pieces for seq in piece if seq > found} - set(out) - {1})


@given(pieces)
def test_it_says_since_when_the_one_that_has_waited_longest_waits(pieces: list[list[int]]) -> None:
    early, last, came = Resequencer(), 0, dict[int, float]()
    for now, piece in enumerate(pieces):
        last += len(early.in_order(last, events(*piece), now=float(now)))
        for seq in piece:
            came.setdefault(seq, float(now))
        assert early.since == min((at for seq, at in came.items() if seq > last), default=math.inf)


def test_when_too_many_wait_they_have_waited_long_enough() -> None:
    early = Resequencer()
    early.in_order(0, events(*range(2, resequencer.WAITING + 2)), now=1.0)
    assert early.since == 1.0
    early.in_order(0, events(resequencer.WAITING + 2), now=1.0)
    assert early.since == -math.inf
    early.clear()
    assert (len(early), early.since) == (0, math.inf)
