"""How far numbers go in a database."""

from typing import Final

HUGE: Final = 2**62


def bounded(number: int) -> int:
    """The number, or the largest that a column can be compared with: there is nothing beyond it either."""
    return max(-HUGE, min(number, HUGE))
