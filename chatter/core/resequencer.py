"""Events that come before their turn wait here for those that are missing.

https://www.enterpriseintegrationpatterns.com/patterns/messaging/Resequencer.html
"""

import math
from collections.abc import Sequence
from typing import Final

from chatter.core.events import Event

WAITING: Final = 1000


class Resequencer:
    """What waits too long, or is more than `WAITING`, is for the caller to find elsewhere: see `since`."""

    def __init__(self) -> None:
        self._early: dict[int, tuple[Event, float]] = {}  # by seq; who came first stands first

    def __len__(self) -> int:
        return len(self._early)

    @property
    def since(self) -> float:
        """When the one that has waited longest came; for ever ago when too many wait, infinity when none does."""
        if len(self._early) > WAITING:
            return -math.inf
        return next((came for _, came in self._early.values()), math.inf)

    def in_order(self, last_seq: int, events: Sequence[Event], now: float) -> list[Event]:
        """What follows `last_seq` without a gap, of these events and those that waited. What comes later waits; what
        is not after `last_seq` is forgotten."""
        if not self._early and [event.seq for event in events] == list(_following(last_seq, len(events))):
            return list(events)
        for event in events:
            self._early.setdefault(event.seq, (event, now))
        for seq in [seq for seq in self._early if seq <= last_seq]:
            del self._early[seq]
        return self._released(last_seq)

    def clear(self) -> None:
        self._early.clear()

    def _released(self, last_seq: int) -> list[Event]:
        released: list[Event] = []
        while (waited := self._early.pop(last_seq + 1 + len(released), None)) is not None:
            released.append(waited[0])
        return released


def _following(seq: int, count: int) -> range:
    return range(seq + 1, seq + 1 + count)
