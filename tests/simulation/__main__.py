"""`python -m tests.simulation --seeds 10000`: run many schedules, or one again."""

import argparse
import os
import sys
import time

from tests.simulation.schedule import Plan, scheduled, several
from tests.simulation.search import explained, found, one

PLANS: dict[str, Plan] = {"one": scheduled, "several": several}


def main() -> int:
    asked = _parser().parse_args()
    if asked.seed is not None:
        return _show(asked.seed, asked.only, PLANS[asked.nodes], trace=asked.trace)
    return _search(asked.start, asked.seeds, asked.workers, PLANS[asked.nodes])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--nodes", choices=PLANS, default="one", help="how many nodes the server has")
    parser.add_argument("--seeds", type=int, default=500, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="start", help="the first of them")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--only", type=_numbers, help="with these of its steps only, as 3,7,12; or none")
    parser.add_argument("--trace", action="store_true", help="tell everything that was seen")
    return parser


def _numbers(text: str) -> list[int]:
    return [] if text == "none" else [int(number) for number in text.split(",")]


def _show(seed: int, only: list[int] | None, plan: Plan, *, trace: bool) -> int:
    report = one(seed, only, plan)
    if trace:
        for what in report.trace:
            print(*what)
    if report.violation is not None and only is None:
        print(explained(seed, plan=plan))
    else:
        print(plan(seed) if only is None else plan(seed).only(only))
        print(f"seed {seed}: {report.violation or 'nothing wrong'}")
    return int(report.violation is not None)


def _search(first: int, count: int, workers: int, plan: Plan) -> int:
    began, failed = time.monotonic(), []
    for seed, violation in found(first, count, workers, plan):
        if violation is not None:
            failed.append(seed)
            print(f"seed {seed}: {violation.splitlines()[-1][:200]}", flush=True)
    seconds = time.monotonic() - began
    print(f"{count} seeds from {first} in {seconds:.0f} s: {len(failed)} failed")
    if failed:
        print(explained(failed[0], plan=plan))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
