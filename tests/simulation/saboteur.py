"""Crashes any task of the server at any of its awaits: what it waits for raises instead of coming back.

An actor is told from its supervisor, in whose task it lives, by the coroutine that is inside: only what a child runs
is crashed, never the kernel that has to answer for it.
"""

from collections.abc import Callable
from contextvars import ContextVar
from types import CoroutineType
from typing import Any

import trio
from trio.abc import Instrument
from trio.lowlevel import Task

PROCESS: "ContextVar[object]" = ContextVar("process")
"""Whose task it is; tasks inherit it."""

TOO_MANY_STEPS = 300_000
NEVER_FAIL = ("_nested_child_finished", "acquire")
"""Trio's, in which nothing can raise but a cancel: a nursery's end; a lock that is had and not yet held."""


class Sabotage(Exception):
    """What a crashed actor dies of."""


class Demolished(BaseException):
    """Ends what does not end by itself."""


class Saboteur(Instrument):
    """`struck` is told of each crash: whose task it was, and its name. `steps`: how many steps all tasks have made;
    `recorded` keeps their names."""

    def __init__(self, record_steps: bool = False) -> None:
        self.steps = 0
        self.recorded: list[str] | None = [] if record_steps else None
        self.struck: Callable[[object, str], None] = lambda process, name: None
        self._tasks: dict[tuple[object, str], Task] = {}
        self._armed: dict[Task, int] = {}
        self._all: dict[Task, None] = {}

    def crash(self, process: object, name: str, after: int) -> bool:
        """Crash the task of this name when it wakes up for the `after`-th time; 0: where it waits now. Whether there
        is such a task."""
        task = self._tasks.get((process, name))
        if task is None or task in self._armed:
            return False
        if after or not self._crash_where_it_waits(task):
            self._armed[task] = max(1, after)
        return True

    def disarm(self) -> None:
        self._armed.clear()

    def _crash_where_it_waits(self, task: Task) -> bool:
        if task._abort_func is None or not _in_child(task):
            return False
        self.struck(task.context.get(PROCESS), task.name)
        task._attempt_abort(_raise_sabotage)
        return True

    def demolish(self) -> None:
        for task in list(self._all):
            if task._abort_func is not None and task.context.get(PROCESS) is not None:
                task._attempt_abort(_raise_demolished)

    # -- what Trio tells

    def task_spawned(self, task: Task) -> None:
        process = task.context.get(PROCESS)
        if process is not None:
            self._all[task] = None
            self._tasks[process, task.name] = task

    def task_exited(self, task: Task) -> None:
        if task not in self._all:
            return
        del self._all[task]
        self._armed.pop(task, None)
        key = task.context.get(PROCESS), task.name
        if self._tasks.get(key) is task:
            del self._tasks[key]

    def before_task_step(self, task: Task) -> None:
        self.steps += 1
        if self.recorded is not None:
            self.recorded.append(task.name)
        if self._armed and task in self._armed:
            self._armed[task] -= 1
            if self._armed[task] <= 0 and _in_child(task):
                del self._armed[task]
                self.struck(task.context.get(PROCESS), task.name)
                task._next_send_fn, task._next_send = task.coro.throw, Sabotage("drill")
        if self.steps > TOO_MANY_STEPS:
            task._next_send_fn, task._next_send = task.coro.throw, Demolished()


def _raise_sabotage() -> None:
    raise Sabotage("drill")


def _raise_demolished() -> None:
    raise Demolished


def _in_child(task: Task) -> bool:
    """Whether the task is inside a child's own `run`, and waits there for what can fail."""
    inside = False
    coroutine: Any = task.coro
    while isinstance(coroutine, CoroutineType):
        name = coroutine.cr_code.co_name
        if name in NEVER_FAIL:
            return False
        inside = inside or (name == "run" and coroutine.cr_await is not None)
        coroutine = coroutine.cr_await
    return inside


def tasks_of_processes() -> list[str]:
    """Names of all tasks that belong to servers: those that were left behind, once all servers have ended."""
    found, look = [], [trio.lowlevel.current_root_task()]
    while look:
        task = look.pop()
        if task is None:
            continue
        if task.context.get(PROCESS) is not None:
            found.append(task.name)
        for nursery in task.child_nurseries:
            look.extend(nursery.child_tasks)
    return sorted(found)
