"""The fuzz targets in the ordinary suite: their seeds, and what becomes of them when they are torn and mixed."""

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import door, frames, head, messages, polls, sessions

PURE = pytest.mark.parametrize("target", [head, frames, messages], ids=["head", "frames", "messages"])


def inputs(target: ModuleType) -> st.SearchStrategy[bytes]:
    """Pieces of seeds, bytes between them."""
    seeds = st.sampled_from(target.SEEDS)
    pieces = st.builds(lambda seed, a, b: seed[min(a, b) : max(a, b)], seeds, st.integers(0, 200), st.integers(0, 200))
    return st.lists(seeds | pieces | st.binary(max_size=8), max_size=6).map(b"".join)


@PURE
def test_the_seeds(target: ModuleType) -> None:
    target.check(b"")
    for seed in target.SEEDS:
        target.check(seed)


@PURE
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_torn_and_mixed(target: ModuleType, data: st.DataObject) -> None:
    target.check(data.draw(inputs(target)))


@pytest.mark.parametrize("target", [door, sessions, polls], ids=["door", "sessions", "polls"])
def test_whole(target: ModuleType) -> None:
    with target.theatre() as theatre:
        for seed in target.SEEDS:
            theatre.check(seed)

        @given(inputs(target))
        @settings(max_examples=300, deadline=None)
        def torn_and_mixed(script: bytes) -> None:
            theatre.check(script)

        torn_and_mixed()
