"""The same seed is the same world, to the last byte and step: in this process, in another, and whatever ran before."""

import os
import subprocess
import sys

import pytest

from tests.simulation.schedule import Plan, scheduled, several
from tests.simulation.world import Report, run

SEEDS: dict[Plan, range] = {scheduled: range(40), several: range(10)}

DIGESTS = """
from tests.simulation.schedule import {plan}
from tests.simulation.world import run
for seed in range({seeds.start}, {seeds.stop}):
    print(run({plan}(seed), record_steps=True).digest)
"""


def digests_elsewhere(hash_seed: str, plan: Plan) -> list[str]:
    command = [sys.executable, "-c", DIGESTS.format(plan=plan.__name__, seeds=SEEDS[plan])]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.split()


def recorded(seed: int, plan: Plan = scheduled) -> Report:
    return run(plan(seed), record_steps=True)


@pytest.mark.parametrize("plan", SEEDS)
def test_the_same_seed_is_the_same_world_in_every_process_whatever_python_hashes_with(plan: Plan) -> None:
    here = [recorded(seed, plan).digest for seed in SEEDS[plan]]
    assert len(set(here)) == len(SEEDS[plan])
    assert digests_elsewhere("1", plan) == digests_elsewhere("2718", plan) == here


def test_what_ran_before_leaves_no_trace() -> None:
    first = recorded(3)
    recorded(4)
    again = recorded(3)
    assert first.trace == again.trace
    assert first.digest == again.digest
    assert first.steps > 100
