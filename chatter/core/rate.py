"""How fast one user may go: a leaky bucket per user, as one number each (GCRA, ITU-T I.371).

`rate` per second is what a user may sustain, `burst` what they may do at once after a pause. Nothing runs in the
background: the number is the time at which the bucket will be empty.
"""

from collections.abc import Callable

from chatter.errors import RateLimited

_PRUNE_AT = 10_000
_ROUNDING = 1e-6  # seconds: what adding up intervals may be off by must not cost a message


class RateLimit:
    """Spend before acting; `RateLimited` when it is too much. A `rate` of 0 limits nothing."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._slack = (burst - 1) * self._interval + _ROUNDING
        self._clock = clock
        self._empty_at: dict[str, float] = {}
        self._prune_at = _PRUNE_AT

    def __len__(self) -> int:
        """How many users are remembered."""
        return len(self._empty_at)

    def spend(self, user_id: str) -> None:
        if not self._interval:
            return
        now = self._clock()
        empty_at = max(self._empty_at.get(user_id, now), now)
        if empty_at - now > self._slack:
            wait = int((empty_at - now - self._slack) * 1000) + 1
            raise RateLimited("That was too fast. Wait a moment.", retry_after_ms=wait)
        self._empty_at[user_id] = empty_at + self._interval
        if len(self._empty_at) > self._prune_at:
            self._prune(now)

    def _prune(self, now: float) -> None:
        """Forget who rests. A crowd that does not rest is looked through again when it has doubled."""
        self._empty_at = {user: at for user, at in self._empty_at.items() if at > now}
        self._prune_at = max(_PRUNE_AT, 2 * len(self._empty_at))
