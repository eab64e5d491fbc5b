"""The product as it ships: `python -m chatter` in a process of its own, in a folder of its own."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol

import trio

PATIENCE: Final = 30.0
VARIABLES: Final = (
    "HOST",
    "PORT",
    "DATABASE_URL",
    "CHATTER_BUS",
    "SECRET_KEY_BASE",
    "CHATTER_MESSAGE_RATE",
    "CHATTER_ORIGINS",
    "CHATTER_NODE",
    "CHATTER_CERTFILE",
    "CHATTER_KEYFILE",
    "CHATTER_POOL_SIZE",
)
COMMAND: Final = (sys.executable, "-m", "chatter")


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, with no settings of chatter but `variables`."""
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return inherited | variables


class Reachable(Protocol):
    """A server, or several of which any will do."""

    @property
    def url(self) -> str: ...

    @property
    def socket_url(self) -> str: ...


class Server:
    """As a context manager: started, and at the end stopped politely, when it has to exit with 0. In either case,
    and however often it was started, it may have written no traceback. `async with` lets clients act meanwhile."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.folder = folder
        self.url = ""
        self._options = options
        self._variables = variables
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None:
            self.kill()
        elif self.running:
            assert self.stop() == 0
        self._check(kind)

    async def __aenter__(self) -> "Server":
        await self.again()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        elif self.running:
            self.signal(signal.SIGTERM)
            assert await self.ended() == 0
        self._check(kind)

    def _check(self, kind: type[BaseException] | None) -> None:
        if kind is None:
            assert "Traceback" not in self.errors, self.errors

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/socket/websocket"

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.partition("//")[2].rpartition(":")
        return host, int(port)

    @property
    def database(self) -> Path:
        """Where it is: in the current folder, unless an option says otherwise."""
        if "--database" not in self._options:
            return self.folder / "chatter.db"
        url = self._options[self._options.index("--database") + 1]
        return self.folder / url.removeprefix("sqlite:///")

    @property
    def errors(self) -> str:
        """What it wrote on stderr."""
        return (self.folder / "stderr").read_text()

    @property
    def memory(self) -> int:
        """Bytes of memory in use."""
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def start(self) -> None:
        """Start it, again on the same port if it was started before, and wait until it listens."""
        options = self._options
        if self.url:
            options = (*options, "--port", str(self.address[1]))
        elif "--port" not in options and "PORT" not in self._variables:
            options = (*options, "--port", "0")
        with (self.folder / "stderr").open("a") as errors:
            self._process = subprocess.Popen(
                [*COMMAND, *options],
                cwd=self.folder,
                env=environment(**self._variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.url = self._announced()

    def _announced(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline() if ready else "nothing"
        if not line.startswith("Listening on http"):
            self.kill()
            raise AssertionError(f"It said {line!r} and did not listen: {self.errors}")
        return line.removeprefix("Listening on ").strip()

    def token(self, name: str, *flags: str) -> str:
        """What the operator's command prints."""
        command = [*COMMAND, "token", name, *flags]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment(**self._variables),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.strip()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    def kill(self) -> None:
        """Not politely at all."""
        if self._process is not None:
            self._process.kill()
            self._reap()

    def stop(self) -> int:
        """Politely; the exit code."""
        self.signal(signal.SIGTERM)
        return self._reap()

    async def again(self) -> None:
        """`start` it, meanwhile others can act."""
        await trio.to_thread.run_sync(self.start)

    async def ended(self) -> int:
        """Wait until it has exited, meanwhile others can act; the exit code."""
        return await trio.to_thread.run_sync(self._reap)

    def _reap(self) -> int:
        process, self._process = self._process, None
        assert process is not None
        assert process.stdout is not None
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        with process.stdout:
            rest = process.stdout.read()
        assert rest == "", rest
        return code
