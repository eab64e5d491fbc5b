"""Samples of one scenario, by target and round; medians, and ratios between targets of the same round."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from bench.noise import Noise
from bench.scenarios.scenario import Samples, Scenario

BARE = "bare-python"


@dataclass
class Results:
    scenario: Scenario
    rounds: dict[str, dict[int, Samples]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    noise: Noise | None = None

    def add(self, target: str, number: int, samples: Samples) -> None:
        self.rounds.setdefault(target, {})[number] = samples

    def samples(self, target: str, figure: str) -> list[float]:
        return [value for samples in self.rounds.get(target, {}).values() for value in samples[figure]]

    def ratio(self, target: str, to: str, figure: str) -> float | None:
        """The median of the rounds' ratios: noise that lasts a round hits both and cancels out."""
        mine, theirs = self.rounds.get(target, {}), self.rounds.get(to, {})
        pairs = [(mine[number][figure], theirs[number][figure]) for number in mine if number in theirs]
        ratios = [median(a) / median(b) for a, b in pairs if median(b) > 0]
        return median(ratios) if ratios else None

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.scenario.name,
            "title": self.scenario.title,
            "limit": self.scenario.limit,
            "figures": {figure.name: self._figure(figure.name, figure.unit) for figure in self.scenario.figures},
            "failures": self.failures,
            "noise": asdict(self.noise) if self.noise else None,
        }

    def _figure(self, name: str, unit: str) -> dict[str, object]:
        return {"unit": unit, "targets": {target: self._row(target, name) for target in self.rounds}}

    def _row(self, target: str, figure: str) -> dict[str, object]:
        values: Sequence[float] = self.samples(target, figure)
        return {
            "median": median(values),
            "low": min(values),
            "high": max(values),
            "to_limit": self.ratio(target, self.scenario.limit, figure),
            "to_bare_python": self.ratio(target, BARE, figure),
            "rounds": [list(samples[figure]) for samples in self.rounds[target].values()],
        }
