"""One seed is all the chance there is: what else would differ from run to run is replaced while a world runs."""

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

import trio
import uuid_utils
from trio._core import _run as trio_run

EPOCH = 1_750_000_000.0


def stream(seed: int, purpose: str) -> Random:
    """An endless stream of chance for one purpose: using more of it for one thing changes nothing for the others."""
    return Random(f"{seed} {purpose}")


class Calendar:
    """The time of day and the ids that come of it, from Trio's virtual clock."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._ids = 0

    def time(self) -> float:
        try:
            now = trio.current_time()
        except RuntimeError:  # before the run, or after it
            return EPOCH
        if self._began is None:
            self._began = now
        return EPOCH + now - self._began

    def time_ns(self) -> int:
        return int(self.time() * 1e6) * 1000

    def uuid7(self) -> str:
        """Rising, and readable in a trace."""
        self._ids += 1
        stamp = f"{int(self.time() * 1000):012x}"
        return f"{stamp[:8]}-{stamp[8:]}-7000-8000-{self._ids:012x}"


@contextmanager
def decided_by(seed: int) -> Iterator[None]:
    """Trio's scheduler, the time of day, new ids and what is random elsewhere follow from `seed` alone."""
    calendar, patience, origins = Calendar(), stream(seed, "patience"), stream(seed, "origins")
    with (
        patch.object(trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING", True),
        patch.object(trio_run, "_r", stream(seed, "scheduler")),
        patch.object(random, "uniform", patience.uniform),
        patch.object(secrets, "token_bytes", origins.randbytes),
        patch.object(uuid_utils, "uuid7", calendar.uuid7),
        patch.object(time, "time", calendar.time),
        patch.object(time, "time_ns", calendar.time_ns),
    ):
        yield
