"""The product as it ships, in a process of its own, on a database of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


class Server:
    """Started by `start`, ended politely by `stop` or not at all politely by `kill`; starts again on its port."""

    def __init__(self, folder: Path, program: Sequence[str] = ("-m", "chatter")) -> None:
        self._folder = folder
        self._program = program
        self._process: subprocess.Popen[str] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> None:
        database = self._folder / "chatter.db"
        command = [sys.executable, *self._program, "--port", str(self._port), "--message-rate", "0"]
        self._process = subprocess.Popen(
            [*command, "--database", f"sqlite:///{database}"],
            cwd=self._folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        self._port = self._announced_port()

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _announced_port(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "Listening on http://" in line:
                return int(line.rstrip().rsplit(":", 1)[1])
        code = self._process.wait()
        self._process.stdout.close()
        self._process = None
        raise AssertionError(f"The server ended with {code} before it listened.")

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(15)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
