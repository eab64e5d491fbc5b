"""Runs seeds until one fails, and then says what matters: how to run it again, and the few steps that are to blame."""

from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from tests.simulation.schedule import Plan, minimized, scheduled, several
from tests.simulation.world import Report, run

COMMANDS: dict[Plan, str] = {
    scheduled: "python -m tests.simulation",
    several: "python -m tests.simulation --nodes several",
}
LAST_SEEN = 40
WIDTH = 300
A_BITE = 25


def one(seed: int, only: Collection[int] | None = None, plan: Plan = scheduled) -> Report:
    """Run a seed of a kind of world; `only` with these of its steps."""
    schedule = plan(seed)
    return run(schedule if only is None else schedule.only(only))


def found(first: int, count: int, workers: int = 1, plan: Plan = scheduled) -> Iterator[tuple[int, str | None]]:
    """Each of the seeds, and what was violated; in order."""
    seeds = range(first, first + count)
    if workers == 1:
        yield from map(partial(_violation, plan), seeds)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(_violation, plan), seeds, chunksize=A_BITE)


def _violation(plan: Plan, seed: int) -> tuple[int, str | None]:
    return seed, one(seed, plan=plan).violation


def culprits(seed: int, among: Collection[int] | None = None, plan: Plan = scheduled) -> frozenset[int]:
    """The steps, counted from 0, without any of which this seed does not fail."""
    given = sorted(range(len(plan(seed).steps)) if among is None else among)
    kept = minimized(len(given), lambda few: one(seed, [given[nth] for nth in few], plan).violation is not None)
    return frozenset(given[nth] for nth in kept)


def explained(seed: int, only: Collection[int] | None = None, plan: Plan = scheduled) -> str:
    """Why a seed fails, for a person: its fewest steps, the last of what was seen, and the command that repeats it."""
    few = culprits(seed, only, plan)
    report = one(seed, few, plan)
    numbers = ",".join(map(str, sorted(few))) or "none"
    seen = [" ".join(map(str, what))[:WIDTH] for what in report.trace[-LAST_SEEN:]]
    return "\n".join([
        f"seed {seed}: {report.violation}",
        "",
        f"The fewest steps that do it ({len(few)} of {len(plan(seed).steps)}):",
        str(report.schedule),
        "",
        "What was seen last:",
        *seen,
        "",
        f"Run it again: {COMMANDS[plan]} --seed {seed} --only {numbers}",
    ])  # fmt: skip
