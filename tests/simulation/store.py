"""A store with a writer of its own, as the real ones have: a write goes on though whoever asked for it has crashed,
several are committed together, and between asking, commit and answer there is time in which anything may die.

What was committed is the `Disk`'s, which outlives processes. Faults come by order: see `Weather`.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

import attrs
import trio

from chatter.core.commands import Command
from chatter.core.model import LOBBY, RoomInfo, User, now
from chatter.errors import ChatterError, Unavailable
from chatter.stores.port import Outcome
from tests.memory_store import MemoryStore, _Room

T = TypeVar("T")


class Disk:
    """What is committed: rooms with their events. `seen` is told of each commit."""

    def __init__(self, rooms: Sequence[str]) -> None:
        self.rooms = {name: _Room(RoomInfo(name, "", now())) for name in (LOBBY, *rooms)}
        self.disconnected: list[str] = []
        self.seen: Callable[[], None] = lambda: None


@attrs.define(kw_only=True)
class Weather:
    """How the store does now. `pace`: seconds that a step takes, at most. `failing`: nothing works. `before`,
    `after`: so many of the next commits fail before, or are done and then lost on the way back. `struck` is told of
    each failure."""

    pace: float = 0.002
    failing: bool = False
    before: int = 0
    after: int = 0
    struck: Callable[[], None] = lambda: None


@attrs.define(eq=False)
class _Write:
    job: Callable[[], Any]
    answered: trio.Event = attrs.Factory(trio.Event)
    result: Any = None
    error: Exception | None = None


class SimulatedStore(MemoryStore):
    """One process's way to the disk. `dead`: the process is; nothing is committed any more."""

    def __init__(self, disk: Disk, weather: Weather, chance: Random) -> None:
        super().__init__()
        self.dead = False
        self.disk = disk
        self._rooms = disk.rooms
        self._disconnected = disk.disconnected
        self._weather = weather
        self._chance = chance
        self._writes: list[_Write] = []
        self._running = False
        self._wake = trio.Event()
        self.at = self._delay

    async def _delay(self, _point: str) -> None:
        """A read: it takes its time, and may fail."""
        self.calls.clear()
        await self._take_time()
        if self._out_of_reach:
            self._weather.struck()
            raise Unavailable("The database can't be reached.")

    @property
    def _out_of_reach(self) -> bool:
        return self._weather.failing or self.dead or not self._running

    async def _take_time(self) -> None:
        await trio.sleep(round(self._chance.uniform(0, self._weather.pace), 3))

    # -- the writer

    async def run(self, started: Callable[[], object]) -> None:
        self._running, self._stopping = True, False
        try:
            await self._take_time()
            started()
            while self._writes or not self._stopping:
                await self._wake.wait()
                self._wake = trio.Event()
                await self._commit_all()
        finally:
            self._running = False
            for write in self._writes:
                _answer(write, Unavailable("The database was closed before it answered; try again."))
            self._writes.clear()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def _commit_all(self) -> None:
        while group := list(self._writes):
            await self._take_time()
            failure = self._commit(group)
            await self._take_time()
            del self._writes[: len(group)]
            for write in group:
                _answer(write, write.error or failure)

    def _commit(self, group: list[_Write]) -> Exception | None:
        weather = self._weather
        if self.dead or weather.failing or weather.before:
            weather.before = max(0, weather.before - 1)
            weather.struck()
            return Unavailable("The database can't be written.")
        for write in group:
            try:
                write.result = write.job()
            except ChatterError as refusal:
                write.error = refusal
        self.disk.seen()
        if weather.after:
            weather.after -= 1
            weather.struck()
            return Unavailable("The database did not say whether it was written.")
        return None

    async def _write(self, job: Callable[[], T]) -> T:
        if not self._running or self._stopping:
            raise Unavailable("The database is closed; try again.")
        write = _Write(job)
        self._writes.append(write)
        self._wake.set()
        await write.answered.wait()
        if write.error is not None:
            raise write.error
        result: T = write.result
        return result

    async def append(self, room: str, commands: Sequence[Command]) -> list[Outcome]:
        return await self._write(lambda: [self._room(room).run(command) for command in commands])

    async def mark_read(self, room: str, user: User, seq: int) -> int:
        return await self._write(lambda: self._room(room).mark(user, seq))


def _answer(write: _Write, error: Exception | None) -> None:
    write.error = error
    write.answered.set()
