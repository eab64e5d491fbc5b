"""Hundreds of worlds in which things break, and nothing that was promised does."""

from tests.simulation.search import explained, one


def test_whatever_breaks_nothing_is_lost_doubled_or_out_of_order(seeds: range) -> None:
    for seed in seeds:
        if one(seed).violation is not None:
            raise AssertionError(explained(seed))
