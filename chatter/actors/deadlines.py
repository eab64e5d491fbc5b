"""The deadlines of all asks of one Trio run, minded by one task.

A cancel scope for each ask would cost half as much again as the ask itself (`bench/kernel.py`), although hardly any
deadline is ever reached. So an ask leaves its deadline here and takes it back when it is answered; a system task
sleeps until the earliest, and then refuses the requests that are overdue.
"""

import math
from typing import TYPE_CHECKING, Any

import trio
from trio.lowlevel import RunVar, Task

from chatter.actors.exits import AskTimeout

if TYPE_CHECKING:
    from chatter.actors.request import Request

_of_this_run: "RunVar[Deadlines]" = RunVar("chatter.actors.deadlines")

_Pending = tuple[float, "Request[Any]", str]


class Deadlines:
    """Who waits for an answer until when. A task waits for one answer at a time, so it is the key.

    One line for each length of time that is asked for; in a line the earliest is first, since time does not go back.
    """

    def __init__(self) -> None:
        self._lines: dict[float, dict[Task, _Pending]] = {}
        self._next = math.inf
        self._alarm = trio.CancelScope()

    @staticmethod
    def of_this_run() -> "Deadlines":
        try:
            return _of_this_run.get()
        except LookupError:
            deadlines = Deadlines()
            _of_this_run.set(deadlines)
            trio.lowlevel.spawn_system_task(deadlines._mind)
            return deadlines

    def add(self, asker: Task, request: "Request[Any]", asked: str, seconds: float) -> None:
        """Fail `request`, which waits for the actor called `asked`, after so many `seconds` unless it is removed."""
        when = trio.current_time() + seconds
        line = self._lines.get(seconds)
        if line is None:
            line = self._lines[seconds] = {}
        line[asker] = (when, request, asked)
        if when < self._next:
            self._next = self._alarm.deadline = when

    def remove(self, asker: Task, seconds: float) -> None:
        """Take back what `add` left. The alarm stays; when it rings for nothing, it is set anew."""
        line = self._lines.get(seconds)
        if line is not None:
            line.pop(asker, None)

    async def _mind(self) -> None:
        while True:
            self._next = min((_first(line) for line in self._lines.values()), default=math.inf)
            with trio.CancelScope(deadline=self._next) as self._alarm:
                await trio.sleep_forever()
            self._refuse_overdue()

    def _refuse_overdue(self) -> None:
        now = trio.current_time()
        for seconds, line in list(self._lines.items()):
            while line and _first(line) <= now:
                _, request, asked = line.pop(next(iter(line)))
                request.fail(AskTimeout(f"{asked} did not answer {type(request).__name__} within {seconds} s"))
            if not line:
                del self._lines[seconds]


def _first(line: dict[Task, _Pending]) -> float:
    return next(iter(line.values()))[0] if line else math.inf
