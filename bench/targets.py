"""The servers that can be measured: chatter, the limits, the peers; how each is started, or why it can't be."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.dialects import PHOENIX, SOCKET_IO, Dialect

PEERS = Path(__file__).with_name("peers")
INSTALL_LIMIT = 180
CHATTER = "{python} -m chatter --port 0 --database sqlite:///{folder}/bench.db --message-rate 0"


class Absent(RuntimeError):
    """This target can't run on this machine; the reason is for the reader of the table."""


@dataclass(frozen=True)
class Launch:
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """`prepare` is called once with a folder that lasts for the run, and gives what starts the server in another."""

    name: str
    prepare: Callable[[Path], Callable[[Path], Launch]]
    dialect: Dialect = PHOENIX


def chatter(template: str = CHATTER) -> Target:
    """`{python}` and `{folder}` in the command are replaced; the folder is new for each start."""

    def launch(folder: Path) -> Launch:
        words = shlex.split(template)
        return Launch(tuple(word.format(python=sys.executable, folder=folder) for word in words))

    return Target("chatter", lambda _: launch)


def _limit(*arguments: str) -> Callable[[Path], Callable[[Path], Launch]]:
    def prepare(cache: Path) -> Callable[[Path], Launch]:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            raise Absent("no C compiler")
        program = cache / "limit"
        if not program.exists():
            _run(compiler, "-O2", "-o", str(program), str(PEERS / "limit.c"))
        return lambda _: Launch((str(program), *arguments))

    return prepare


def _python(module: str, *needs: str) -> Callable[[Path], Callable[[Path], Launch]]:
    def prepare(_: Path) -> Callable[[Path], Launch]:
        missing = [name for name in needs if not importlib.util.find_spec(name)]
        if missing:
            raise Absent(f"{', '.join(missing)} not installed (pip install 'chatter[bench]')")
        return lambda _: Launch((sys.executable, "-m", f"bench.peers.{module}"))

    return prepare


def _node(_: Path) -> Callable[[Path], Launch]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise Absent("no node and npm on the PATH")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chatter-bench"
    if not (home / "node_modules" / "socket.io").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}')
        _run(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), "socket.io@4")
    return lambda _: Launch(
        (node, str(PEERS / "socketio_node.mjs")), {"SOCKET_IO": str(home), "NODE_ENV": "production"}
    )


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False)
    if done.returncode:
        raise Absent(f"{Path(command[0]).name} failed: {done.stderr.strip()[-300:]}")


LIMIT = Target("limit", _limit())
JOINED = Target("limit-joined", _limit("joined"))
BARE = Target("bare-python", _python("bare"))
PEER_TARGETS = (
    LIMIT,
    JOINED,
    BARE,
    Target("picows", _python("picows_broadcast", "picows", "uvloop")),
    Target("fastapi", _python("fastapi_broadcast", "fastapi", "uvicorn", "uvloop")),
    Target("socketio-python", _python("socketio_python", "socketio", "uvicorn", "uvloop"), SOCKET_IO),
    Target("socketio-node", _node, SOCKET_IO),
)
