"""How far numbers and times go in a database."""

from typing import Final

HUGE: Final = 2**62

END_OF_TIME: Final = ("9999", "")
"""A time and a user id that come behind all others."""

KEPT_DISCONNECTIONS: Final = 10_000
"""Older ones are forgotten: a node that is so far behind has had no database for long."""


def bounded(number: int) -> int:
    """The number, or the largest that a column can be compared with: there is nothing beyond it either."""
    return max(-HUGE, min(number, HUGE))
