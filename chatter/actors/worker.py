"""What lives under a supervisor without being an actor: a task by itself, and one of many things that a task minds."""

from collections.abc import Awaitable, Callable
from typing import Any

import trio

from chatter.actors.exits import Exit, ExitKind


class Worker:
    """An async function as a child (Elixir's `Task`): `live` runs until it returns, or until it is stopped, which
    cancels it at once. Each incarnation is a new `Worker`."""

    def __init__(self, live: Callable[[], Awaitable[None]]) -> None:
        self._live = live
        self._scope = trio.CancelScope()

    async def run(self, started: Callable[[], Any]) -> None:
        started()
        with self._scope:
            await self._live()

    def stop(self) -> None:
        self._scope.cancel()


def contained(act: Callable[..., Any], *arguments: Any) -> Exit | None:
    """Call `act` for one of many that share a task: a crash is that one's end, and returned instead of raised."""
    try:
        act(*arguments)
    except Exception as crash:  # noqa: BLE001 — the kernel: whoever minds them says what becomes of that one
        return Exit(ExitKind.CRASHED, crash)
    return None
