"""The same seed is the same world, to the last byte and step: in this process, in another, and whatever ran before."""

import os
import subprocess
import sys

from tests.simulation.schedule import scheduled
from tests.simulation.world import Report, run

SEEDS = range(40)

DIGESTS = """
from tests.simulation.schedule import scheduled
from tests.simulation.world import run
for seed in range({first}, {end}):
    print(run(scheduled(seed), record_steps=True).digest)
"""


def digests_elsewhere(hash_seed: str) -> list[str]:
    command = [sys.executable, "-c", DIGESTS.format(first=SEEDS.start, end=SEEDS.stop)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.split()


def recorded(seed: int) -> Report:
    return run(scheduled(seed), record_steps=True)


def test_the_same_seed_is_the_same_world_in_every_process_whatever_python_hashes_with() -> None:
    here = [recorded(seed).digest for seed in SEEDS]
    assert len(set(here)) == len(SEEDS)
    assert digests_elsewhere("1") == digests_elsewhere("2718") == here


def test_what_ran_before_leaves_no_trace() -> None:
    first = recorded(3)
    recorded(4)
    again = recorded(3)
    assert first.trace == again.trace
    assert first.digest == again.digest
    assert first.steps > 100
