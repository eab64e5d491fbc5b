"""The deadlines of all asks of one Trio run, minded by one task.

A cancel scope for each ask would cost half as much again as the ask itself (`bench/kernel.py`), although hardly any
deadline is ever reached. So an ask leaves its deadline here and takes it back when it is answered; a system task
sleeps until the earliest, and then refuses the requests that are overdue.
"""

import math
from typing import TYPE_CHECKING, Any

import trio
from trio.lowlevel import RunVar

from chatter.actors.exits import AskTimeout
from chatter.actors.parking import parking

if TYPE_CHECKING:
    from chatter.actors.request import Request

_of_this_run: "RunVar[Deadlines | None]" = RunVar("chatter.actors.deadlines")


class Ask:
    """An ask under way, or one that may be used for the next: `request` is to be answered by the actor `asked`, and
    the asker waits in `place`, until `when`."""

    __slots__ = ("asked", "line", "place", "request", "when")

    def __init__(self) -> None:
        self.line: dict[Ask, None] = {}
        self.request: Request[Any] | None = None
        self.asked = ""
        self.when = math.inf
        self.place = parking(self._cancelled)

    def refuse(self, seconds: float) -> None:
        if (request := self.request) is not None:
            request.fail(AskTimeout(f"{self.asked} did not answer {type(request).__name__} within {seconds} s"))

    def _cancelled(self, _raise_cancel: Any) -> trio.lowlevel.Abort:
        if self.request is not None:
            self.request.forget_asker()
        return trio.lowlevel.Abort.SUCCEEDED


class Deadlines:
    """Who waits for an answer until when.

    One line for each length of time that is asked for; in a line the earliest is first, since time does not go back.
    """

    def __init__(self) -> None:
        self._lines: dict[float, dict[Ask, None]] = {}
        self._spare: list[Ask] = []
        self._next = math.inf
        self._alarm = trio.CancelScope()
        self._now = trio.lowlevel.current_clock().current_time  # as `trio.current_time`, which looks for the run first

    @staticmethod
    def of_this_run() -> "Deadlines":
        return _of_this_run.get(None) or _begun()

    def add(self, request: "Request[Any]", asked: str, seconds: float) -> Ask:
        """Fail `request`, which waits for the actor called `asked`, after so many `seconds` unless it is removed."""
        when = self._now() + seconds
        ask = self._spare.pop() if self._spare else Ask()
        ask.request, ask.asked, ask.when = request, asked, when
        line = self._lines.get(seconds)
        if line is None:
            line = self._lines[seconds] = {}
        line[ask] = None
        ask.line = line
        if when < self._next:
            self._next = self._alarm.deadline = when
        return ask

    def remove(self, ask: Ask) -> None:
        """Take back what `add` left. The alarm stays; when it rings for nothing, it is set anew."""
        ask.line.pop(ask, None)
        ask.request = None
        self._spare.append(ask)

    async def _mind(self) -> None:
        while True:
            self._next = min((_first(line) for line in self._lines.values()), default=math.inf)
            with trio.CancelScope(deadline=self._next) as self._alarm:
                await trio.sleep_forever()
            self._refuse_overdue()

    def _refuse_overdue(self) -> None:
        now = trio.current_time()
        for seconds, line in list(self._lines.items()):
            while _first(line) <= now:
                ask = next(iter(line))
                del line[ask]
                ask.refuse(seconds)
            if not line:
                del self._lines[seconds]


def _begun() -> Deadlines:
    deadlines = Deadlines()
    _of_this_run.set(deadlines)
    trio.lowlevel.spawn_system_task(deadlines._mind)
    return deadlines


def _first(line: dict[Ask, None]) -> float:
    return next(iter(line)).when if line else math.inf
