"""Starting it: what can be set, what is refused, and what is kept."""

import os
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

import attrs
import httpx
import pytest

from chatter import __version__

from .conftest import Connect, calling
from .server import COMMAND, PATIENCE, Server, environment

GOOD_SECRET: Final = "a secret of thirty characters."


async def test_it_says_where_it_listens_and_keeps_database_and_key_in_the_current_folder(tmp_path: Path) -> None:
    async with Server(tmp_path) as server:
        assert server.address[0] == "127.0.0.1"
        assert server.address[1] > 0
        async with calling(server) as rest:
            assert (await rest.get("/api/health"))["status"] == "ok"
            assert (await rest.client.get("/")).headers["content-type"].startswith("text/html")
        assert (tmp_path / "chatter.db").is_file()
        assert stat.S_IMODE((tmp_path / "chatter.secret").stat().st_mode) == 0o600
    assert server.errors == ""


async def test_an_environment_variable_is_heeded(tmp_path: Path, dial: Connect) -> None:
    server = Server(
        tmp_path,
        HOST="localhost",
        PORT="0",
        DATABASE_URL=f"sqlite:///{tmp_path}/other.db",
        CHATTER_BUS="local:",
        SECRET_KEY_BASE=GOOD_SECRET,
        CHATTER_MESSAGE_RATE="0.001",
        CHATTER_ORIGINS="https://friend.example, //other.example",
        CHATTER_NODE="node-of-mine",
    )
    async with server:
        assert {"other.db"} == {name for name in os.listdir(tmp_path) if name.endswith((".db", ".secret"))}
        async with calling(server) as rest:
            assert (await rest.get("/api/health"))["node"] == "node-of-mine"
            token = await rest.guest("ann")
            for number in range(11):
                await rest.post("/api/channels/lobby/messages", 201 if number < 10 else 429, token=token, text="hello")
        for origin in (b"https://friend.example", b"http://other.example:81"):
            await (await dial(server.socket_url, headers=[(b"Origin", origin)])).heartbeat()


async def test_an_option_wins_over_its_variable(tmp_path: Path, dial: Connect) -> None:
    bad = {
        "HOST": "nowhere.invalid",
        "PORT": "70000",
        "DATABASE_URL": "carrier-pigeon://",
        "CHATTER_BUS": "carrier-pigeon:",
        "SECRET_KEY_BASE": "short",
        "CHATTER_MESSAGE_RATE": "-1",
        "CHATTER_ORIGINS": "https://enemy.example",
        "CHATTER_NODE": "two words",
    }
    good = {
        "--host": "127.0.0.1",
        "--port": "0",
        "--database": "sqlite:///own.db",
        "--bus": "local:",
        "--secret-key": GOOD_SECRET,
        "--message-rate": "0",
        "--origins": "https://friend.example",
        "--node": "n1",
    }
    async with Server(tmp_path, *(part for pair in good.items() for part in pair), **bad) as server:
        assert (tmp_path / "own.db").is_file()
        async with calling(server) as rest:
            assert (await rest.get("/api/health"))["node"] == "n1"
            token = await rest.guest("ann")
            for _ in range(11):
                await rest.post("/api/channels/lobby/messages", token=token, text="hello")
        await (await dial(server.socket_url, headers=[(b"Origin", b"https://friend.example")])).heartbeat()


async def test_a_second_start_on_the_same_port_at_once_goes_on_where_the_first_stopped(
    tmp_path: Path, dial: Connect
) -> None:
    server = Server(tmp_path)
    server.start()
    ann = await (await dial(server.socket_url)).join("chat:lobby")
    await ann.identify("ann")
    posted = await ann.say("before")
    address = server.address
    server.signal(signal.SIGTERM)
    assert await server.ended() == 0
    async with server:
        assert server.address == address
        again = await (await dial(server.socket_url, query=f"vsn=2.0.0&token={ann.token}")).join("chat:lobby")
        assert again.welcome["user"] == ann.user
        assert [message["id"] for message in again.welcome["messages"]] == [posted["id"]]
        assert (await again.say("after"))["seq"] == 2


async def test_tls_is_served_on_the_one_port(tmp_path: Path, dial: Connect, trusting: ssl.SSLContext) -> None:
    async with Server(tmp_path, "--certfile", "chain.pem", "--keyfile", "key.pem") as server:
        assert server.url.startswith("https://127.0.0.1:")
        async with httpx.AsyncClient(verify=trusting, trust_env=False, timeout=PATIENCE) as client:
            assert (await client.get(f"{server.url}/api/health")).json()["status"] == "ok"
        ann = await (await dial(server.socket_url, tls=trusting)).join("chat:lobby")
        bob = await (await dial(server.socket_url, tls=trusting)).join("chat:lobby")
        await ann.identify("ann")
        await ann.say("secret")
        assert (await bob.next("new_message"))["text"] == "secret"
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
        assert [await ann.client.closing(), await bob.client.closing()] == [1012, 1012]


# -- what does not start


@attrs.frozen
class Refused:
    """A start that must fail: one line on stderr with `word` in it, exit code 2, and nothing else."""

    options: str
    word: str


REFUSED: Final = {
    "the port is in use": Refused("--port {taken}", "{taken}"),
    "the host does not exist": Refused("--host nowhere.invalid --port 0", "nowhere.invalid"),
    "the database's folder is missing": Refused("--database sqlite:////nowhere/x.db", "/nowhere"),
    "the database's folder is missing, the key given": Refused(
        "--database sqlite:////nowhere/x.db --secret-key 0123456789abcdef --port 0", "/nowhere"
    ),
    "the database is no database": Refused("--database sqlite:///no.db --port 0", "not a database"),
    "the database is locked": Refused("--database sqlite:///locked.db --port 0", "locked"),
    "the database's address is of another kind": Refused("--database carrier-pigeon://x", "carrier-pigeon"),
    "the bus is of another kind": Refused("--bus carrier-pigeon:", "carrier-pigeon"),
    "the port is a word": Refused("--port http", "--port"),
    "the kept key is useless": Refused("--database sqlite:///useless.db --port 0", "useless.secret"),
    "an origin makes no sense": Refused("--origins // --port 0", "origin"),
    "the certificate is missing": Refused("--certfile nowhere.pem --keyfile nowhere.pem --port 0", "nowhere.pem"),
    "an option is unknown": Refused("--coffee", "--coffee"),
}
"""Options are split at spaces. What is only a matter of settings is tested with them; here is one of each kind."""


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.CompletedProcess[str]]]:
    """How each of these starts ended; all at once, since each takes a moment."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "folder").mkdir()
    (folder / "no.db").write_text("This is a letter to my grandmother. " * 100)
    (folder / "useless.secret").write_text("abc")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, closing(sqlite3.connect(folder / "locked.db")) as db:
        db.execute("create table held (it)")
        db.execute("begin exclusive")
        port = str(taken.getsockname()[1])

        def end(options: str) -> subprocess.CompletedProcess[str]:
            command = [*COMMAND, *options.replace("{taken}", port).split(" ")]
            return subprocess.run(
                command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
            )

        asked = {name: refused.options for name, refused in REFUSED.items()} | {o: o for o in ("--help", "--version")}
        with ThreadPoolExecutor(4) as pool:
            yield dict(zip(asked, pool.map(end, asked.values()), strict=True)) | {"port": end_port(port)}


def end_port(port: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 0, port, "")


@pytest.mark.parametrize("why", REFUSED)
def test_it_does_not_start_and_says_in_one_line_why(
    ends: dict[str, subprocess.CompletedProcess[str]], why: str
) -> None:
    end, word = ends[why], REFUSED[why].word.replace("{taken}", ends["port"].stdout)
    assert "Traceback" not in end.stderr, end.stderr
    assert end.returncode == 2
    assert end.stdout == ""
    [line] = end.stderr.splitlines()
    assert line.startswith("chatter: ")
    assert word in line


def test_help_names_every_option_and_variable(ends: dict[str, subprocess.CompletedProcess[str]]) -> None:
    end = ends["--help"]
    assert (end.returncode, end.stderr) == (0, "")
    for named in ("--host HOST", "--port PORT", "--database DATABASE_URL", "--bus CHATTER_BUS", "--origins", "--node"):
        assert named in end.stdout
    for named in ("--secret-key SECRET_KEY_BASE", "--message-rate CHATTER_MESSAGE_RATE", "--certfile", "--keyfile"):
        assert named in end.stdout


def test_version_is_said(ends: dict[str, subprocess.CompletedProcess[str]]) -> None:
    end = ends["--version"]
    assert (end.returncode, end.stdout, end.stderr) == (0, f"chatter {__version__}\n", "")
