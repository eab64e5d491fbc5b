"""What paces a herd: of all who want into a room at one moment only so many wait in its mailbox, the others here.

So whoever talks in the room waits for a few dozen joins at the most, though ten thousand come back at once, and the
mailbox has room for what is said. Outlives a crash of the room.
"""

from collections.abc import Callable
from typing import Final

import trio

WIDTH: Final = 32


class Turnstile:
    """First come, first served. An idle one holds nothing, and may be forgotten."""

    __slots__ = ("__weakref__", "_free")

    def __init__(self) -> None:
        self._free = trio.Semaphore(WIDTH)

    async def enter(self) -> Callable[[], None]:
        """Wait for one's turn; a checkpoint only when there are others before. Call what this returns when the next
        may come, once or again."""
        try:
            self._free.acquire_nowait()
        except trio.WouldBlock:
            await self._free.acquire()
        return _Turn(self)

    def leave(self) -> None:
        self._free.release()


class _Turn:
    __slots__ = ("_turnstile",)

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile: Turnstile | None = turnstile

    def __call__(self) -> None:
        turnstile, self._turnstile = self._turnstile, None
        if turnstile is not None:
            turnstile.leave()
