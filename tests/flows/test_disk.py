"""The disk is full, fails to write, or is somebody else's for a while: posts are `unavailable`, all else goes on, and
when it is over nothing is lost or damaged."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import pytest
import trio

from .client import PATIENCE, Handshake, connect
from .conftest import calling
from .regulars import Party, partying
from .server import COMMAND, Server, environment

IN_TIME: Final = 10.0
"""Seconds until a writer is told no: two for another process that holds the file, and some for a busy machine."""

HOLDS_IT: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("begin exclusive")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another process has the database to itself."""
    command = [sys.executable, "-c", HOLDS_IT, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.kill()


@contextmanager
def writes_fail(server: Server) -> Iterator[None]:
    """Whatever the server writes into a file behind its first kilobyte is an error (EFBIG)."""
    _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Somebody else fills the disk (ENOSPC), and tidies up later."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    yield
    filler.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mounting = [*as_root, "mount", "-t", "tmpfs", "-o", f"size=8m,uid={os.getuid()}", "tmpfs", str(disk)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk; that writing fails is tested without")
    yield disk
    subprocess.run([*as_root, "umount", "--lazy", str(disk)], check=True)


async def _health(server: Server) -> int:
    async with calling(server) as rest:
        return (await rest.client.get("/api/health")).status_code


async def _is_unwell(server: Server) -> None:
    assert await _health(server) == 503


async def _goes_through(server: Server, party: Party, trouble: AbstractContextManager[None]) -> None:
    """Everybody is heard before and after, and nobody's post in between; all can read meanwhile."""
    await party.happened(200)
    await _can_be_searched(server)
    assert await _health(server) == 200
    with trouble:
        with trio.fail_after(IN_TIME):
            while not all(writer.unavailable for writer in party.writers):  # noqa: ASYNC110
                await trio.sleep(0.01)
        done = party.done
        async with trio.open_nursery() as nursery:
            for reading in (_can_be_read, _can_be_searched, _is_unwell):
                nursery.start_soon(reading, server)
        assert party.done == done
    with trio.fail_after(PATIENCE):
        await party.happened(200)
    assert await _health(server) == 200
    assert [regular.closed_with for regular in party.regulars] == [[]] * len(party.regulars)


async def _can_be_read(server: Server) -> None:
    async with calling(server) as rest, trio.open_nursery() as nursery:
        assert (await rest.get("/api/channels/lobby/messages", limit=5))["messages"]
        client = await connect(nursery, server.socket_url, Handshake())
        place = await client.join("chat:lobby", limit=5)
        assert len(place.welcome["messages"]) == 5
        assert (await place.push("history", before=place.welcome["messages"][0]["seq"], limit=5))["messages"]
        await client.leave()


async def _can_be_searched(server: Server) -> None:
    async with calling(server) as rest:
        assert (await rest.get("/api/search", q="writer"))["results"]


async def test_a_disk_that_fails_to_write_is_unavailable_until_it_writes_again(tmp_path: Path) -> None:
    async with Server(tmp_path, "--message-rate", "0") as server, partying(server, writers=3, readers=3) as party:
        await _goes_through(server, party, writes_fail(server))


async def test_a_full_disk_is_unavailable_until_there_is_room(tmp_path: Path, small_disk: Path) -> None:
    options = ("--message-rate", "0", "--database", "sqlite:///disk/chatter.db")
    async with Server(tmp_path, *options) as server, partying(server, writers=3, readers=3) as party:
        await _goes_through(server, party, full(small_disk))


async def test_a_database_that_another_process_holds_is_unavailable_until_it_lets_go(tmp_path: Path) -> None:
    async with Server(tmp_path, "--message-rate", "0") as server, partying(server, writers=3, readers=3) as party:
        await _goes_through(server, party, held(server.database))


def _start(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--port", "0"]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


async def test_it_does_not_start_on_a_database_that_another_process_holds(tmp_path: Path) -> None:
    server = Server(tmp_path)
    async with server:
        pass
    with held(server.database):
        ended = await trio.to_thread.run_sync(_start, tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith("chatter: ")
    assert "locked" in line
    async with server:
        assert await _health(server) == 200
