"""Hundreds of worlds in which things break, and nothing that was promised does."""

from tests.simulation.schedule import Plan
from tests.simulation.search import explained, one


def test_whatever_breaks_nothing_is_lost_doubled_or_out_of_order(plan: Plan, seeds: range) -> None:
    for seed in seeds:
        if one(seed, plan=plan).violation is not None:
            raise AssertionError(explained(seed, plan=plan))
