"""Rounds: each starts every target of a scenario afresh, one after the other, so that noise which lasts hits all."""

import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bench.fleet import Stalled
from bench.noise import Watch
from bench.results import Results
from bench.scenarios.scenario import Samples, Scenario
from bench.targets import Absent, Start, Target

TURN_LIMIT = 240
"""Seconds for one target in one round, whatever happens."""


@dataclass(frozen=True)
class Ready:
    """A target that can run here."""

    target: Target
    start: Start


class Runner:
    def __init__(self, targets: Sequence[Target], folder: Path, rounds: int) -> None:
        self._rounds = rounds
        self._ready: dict[str, Ready] = {}
        self._absent: dict[str, str] = {}
        for target in targets:
            try:
                self._ready[target.name] = Ready(target, target.prepare(folder))
            except Absent as why:
                self._absent[target.name] = f"skipped: {why}"

    def measure(self, scenario: Scenario) -> Results:
        """All rounds of one scenario; a target that fails is left out of the rounds that follow, and said so."""
        absent = {name: why for name, why in self._absent.items() if name in scenario.targets}
        results, watch = Results(scenario, failures=absent), Watch()
        for number in range(self._rounds):
            for name in scenario.targets:
                if name in self._ready and name not in results.failures:
                    say(f"{scenario.name}: {name}, round {number + 1} of {self._rounds}")
                    self._turn(results, number, self._ready[name])
        results.noise = watch.noise()
        say("")
        return results

    def _turn(self, results: Results, number: int, ready: Ready) -> None:
        try:
            results.add(ready.target.name, number, run_once(results.scenario, ready))
        except (Stalled, OSError) as why:
            results.failures[ready.target.name] = f"FAILED: {why}"


def run_once(scenario: Scenario, ready: Ready) -> Samples:
    with tempfile.TemporaryDirectory(prefix="chatter-bench-") as folder, at_most(TURN_LIMIT):
        with ready.start(Path(folder)) as server:
            try:
                return scenario.run(server, ready.target.dialect)
            except (Stalled, OSError) as why:
                raise Stalled(f"{why}\n{server.last_words()}".rstrip()) from why


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def ring(_: int, __: FrameType | None) -> None:
        raise Stalled(f"not done after {seconds} s")

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def say(what: str) -> None:
    """Progress, on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{what:<78}\r", end="", file=sys.stderr, flush=True)
