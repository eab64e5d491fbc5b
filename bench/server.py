"""The process under test: started here, measured from outside, always ended.

CPU is the process's own clock as the kernel keeps it (all its threads, ended ones too, in nanoseconds), read with
`clock_gettime` on the clock that `clock_getcpuclockid(3)` names. Memory is PSS and RSS from `/proc/PID/smaps_rollup`.
"""

import ctypes
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from bench.fleet import Address, Stalled

START_LIMIT = 30.0
PR_SET_PDEATHSIG = 1
LISTENING = re.compile(rb"Listening on http://([^\s:]+):(\d+)")


@dataclass(frozen=True)
class Memory:
    """KiB."""

    pss: int
    rss: int

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.pss + other.pss, self.rss + other.rss)


@dataclass(frozen=True)
class Spent:
    """CPU in nanoseconds: of the processes under test, and of those that work for them."""

    cpu: int
    postgres: int = 0
    redis: int = 0

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.cpu - before.cpu, self.postgres - before.postgres, self.redis - before.redis)


class UnderTest(Protocol):
    """One server, or several that are one to their clients."""

    @property
    def addresses(self) -> Sequence[Address]: ...

    def spent(self) -> Spent: ...

    def memory(self) -> Memory: ...

    def last_words(self) -> str: ...


class Server:
    """A running server; a context manager, so that nothing outlives its scenario."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.pid = self._process.pid
        try:
            self.addresses = (self._await_address(),)
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """At once: what a drain costs is not measured here, and the database is a temporary one."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def spent(self) -> Spent:
        return Spent(cpu_ns(self.pid))

    def memory(self) -> Memory:
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        kib = dict(re.findall(r"^(\w+):\s+(\d+) kB", rollup, re.M))
        return Memory(int(kib["Pss"]), int(kib["Rss"]))

    def last_words(self) -> str:
        return self._log.read_text(errors="replace")[-1500:].strip()

    def _await_address(self) -> Address:
        assert self._process.stdout
        heard, end = b"", time.monotonic() + START_LIMIT
        while not (found := LISTENING.search(heard)):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not data:
                raise Stalled(f"it did not start within {START_LIMIT:.0f} s: {self.last_words() or 'no word'}")
            heard += data
        return found[1].decode(), int(found[2])


def cpu_ns(pid: int) -> int:
    return time.clock_gettime_ns(~pid << 3 | 2)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
