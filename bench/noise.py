"""How much of the machine somebody else had: the reason to trust a run, or to repeat it."""

import os
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
STEAL = 7
IDLE = (3, 4)
GUEST = (8, 9)


@dataclass(frozen=True)
class Noise:
    """Shares of the machine's time: taken by its host, and used by processes that are not ours."""

    stolen: float
    others: float

    def __str__(self) -> str:
        return f"machine: {self.stolen:.0%} stolen by its host, {self.others:.0%} used by others"


class Watch:
    """Counts from its making; ours are this process and its children that have ended."""

    def __init__(self) -> None:
        self._ticks, self._ours = _ticks(), _ours()

    def noise(self) -> Noise:
        passed = [now - then for now, then in zip(_ticks(), self._ticks, strict=True)]
        passed = [ticks for column, ticks in enumerate(passed) if column not in GUEST]
        total = max(1, sum(passed))
        busy = total - passed[STEAL] - sum(passed[column] for column in IDLE)
        return Noise(passed[STEAL] / total, max(0.0, busy - (_ours() - self._ours) * TICK) / total)


def _ticks() -> list[int]:
    return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]


def _ours() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
