"""A real nginx with the configuration that ships, `deploy/nginx.conf`, on a port of its own before a test's nodes.

Addresses and folders in it are replaced, and nothing else. Without an nginx its tests are skipped, in CI they fail.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

CONFIGURATION: Final = Path(__file__).parents[1] / "deploy" / "nginx.conf"
PATIENCE: Final = 10.0
SBIN: Final = "/usr/sbin"  # where Debian keeps it, and not on everybody's PATH

Address = tuple[str, int]


def executable() -> str:
    found = shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], SBIN]))
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("No nginx, and in CI there has to be one.")
        pytest.skip("no nginx on this machine")
    return found


class NginxServer:
    """As a context manager: running, before the nodes `one` and `two`. `tls`: certificate and key of what it serves."""

    def __init__(self, one: Address, two: Address, tls: Sequence[Path] = ()) -> None:
        self._program = executable()
        self._folder = Path(tempfile.mkdtemp(prefix="chatter-nginx-"))
        self._folder.chmod(0o711)  # root's workers are somebody else
        self._port = _free_port()
        self._tls = tls
        (self._folder / "nginx.conf").write_text(self._configured({"one": one, "two": two}))

    def __enter__(self) -> "NginxServer":
        command = [self._program, "-p", str(self._folder), "-c", "nginx.conf", "-g", "daemon off;"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._await()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/socket/websocket"

    def _configured(self, nodes: dict[str, Address]) -> str:
        replaced = {"/tmp/": f"{self._folder}/", "listen 8080": f"listen {self._listen()}"}
        replaced |= {f"server {name}:4000": f"server {host}:{port}" for name, (host, port) in nodes.items()}
        text = CONFIGURATION.read_text()
        for shipped, here in replaced.items():
            assert shipped in text
            text = text.replace(shipped, here)
        return text

    def _listen(self) -> str:
        address = f"127.0.0.1:{self._port}"
        if not self._tls:
            return address
        certificate, key = self._tls
        return f"{address} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}"

    def _await(self) -> None:
        end = time.monotonic() + PATIENCE
        while not self._listens():
            assert self._process.poll() is None, self._log
            assert time.monotonic() < end, self._log
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    @property
    def _log(self) -> str:
        return f"It did not start: {(self._folder / 'log').read_text()}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
