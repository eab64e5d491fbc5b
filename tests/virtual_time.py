"""Tests that live in virtual time without asking for a clock themselves."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock


def in_virtual_time(main: Any, *, instruments: Any = (), clock: None = None) -> Any:
    """`trio.run` on a clock that jumps when everybody waits."""
    return trio.run(main, clock=MockClock(autojump_threshold=0), instruments=instruments)


def make_virtual(item: pytest.Item) -> None:
    """Before the test is run. (pytest-trio looks for clocks among a test's arguments only.)"""
    item.add_marker(pytest.mark.trio(run=in_virtual_time), append=False)
