"""A place where a task waits until somebody reschedules it: made once, used as often as it parks there.

`trio.lowlevel.wait_task_rescheduled` makes two coroutines and a message to Trio's loop for each wait, though the
message holds nothing but the abort function. An actor waits once a message, and idle ones do nothing else; so each
keeps its message, and parking makes one generator: an ask costs a tenth less, an idle actor weighs 230 bytes less
(`bench/kernel.py`). The message is had from Trio's public function and handed back as it came.
"""

from collections.abc import Callable, Generator
from types import coroutine
from typing import Any, Final, NewType

import trio
from outcome import Value
from trio.lowlevel import Abort, reschedule

Parking = NewType("Parking", object)
"""What `wait_task_rescheduled` tells Trio's loop."""


def parking(abort: Callable[[Any], Abort]) -> Parking:
    """A place for one task at a time; `abort` as for `wait_task_rescheduled`."""
    wait = trio.lowlevel.wait_task_rescheduled(abort)  # noqa: ASYNC105 — asked by hand
    try:
        return Parking(wait.send(None))
    finally:
        wait.close()


WOKEN: Final = Value(None)
"""What a task is woken with that needs to hear nothing. One for all: it is never unwrapped."""


def wake(task: trio.lowlevel.Task) -> None:
    """Reschedule a task that waits in a parking, once."""
    reschedule(task, WOKEN)


@coroutine
def park(place: Parking) -> Generator[Any, Any, None]:
    """Wait there until `wake`. Cancelled: as its `abort` says."""
    woken = yield place
    if woken is not WOKEN:
        woken.unwrap()
