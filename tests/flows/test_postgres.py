"""On PostgreSQL: the real server and the real database, each of which may be killed while people talk."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
import trio

import chatter.stores.migrations
from tests.postgres_server import PASSWORD, PostgresServer

from .client import Refusal
from .conftest import Connect, calling
from .disk import PostgresTruth
from .regulars import partying
from .server import COMMAND, PATIENCE, Server, environment

MIGRATIONS = Path(chatter.stores.migrations.__file__).parent
KILLS = 3
MOST_A_LIFE = 100


@pytest.fixture(scope="module")
def database_server() -> Iterator[PostgresServer]:
    """One that may be killed."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def truth(database_server: PostgresServer) -> PostgresTruth:
    return PostgresTruth(database_server, database_server.new_database())


def serving(folder: Path, truth: PostgresTruth, **variables: str) -> Server:
    """Its address comes as operators give it: in the environment, with a password."""
    folder.mkdir(exist_ok=True)
    url = truth.server.tcp_url(truth.database)
    return Server(folder, "--message-rate", "0", DATABASE_URL=url, **variables)


async def test_people_talk_search_and_come_back_to_it(tmp_path: Path, dial: Connect, truth: PostgresTruth) -> None:
    async with serving(tmp_path, truth) as server:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        posted = await ann.say("A crème brûlée, please", client_id="c1")
        assert await ann.say("A crème brûlée, please", client_id="c1") == posted
        await ann.push("react", id=posted["id"], emoji="👋", on=True)
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
        await server.again()
        async with calling(server) as rest:
            assert (await rest.get("/api/health"))["status"] == "ok"
            [hit] = (await rest.get("/api/search", q="creme bru"))["results"]
        assert hit["id"] == posted["id"]
        again = await (await dial(server.socket_url, query=f"vsn=2.0.0&token={ann.token}")).join("chat:lobby")
        assert again.welcome["user"] == ann.user
        [message] = again.welcome["messages"]
        assert message["reactions"] == [{"emoji": "👋", "users": [ann.user["id"]]}]
        assert (await again.say("and a coffee"))["seq"] == 3


async def test_nodes_that_share_a_database_share_its_key_and_its_numbers(
    tmp_path: Path, dial: Connect, truth: PostgresTruth
) -> None:
    async with serving(tmp_path / "one", truth) as one, serving(tmp_path / "two", truth) as two:
        ann = await (await dial(one.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        seqs = [(await ann.say("here"))["seq"]]
        elsewhere = await (await dial(two.socket_url, query=f"vsn=2.0.0&token={ann.token}")).join("chat:lobby")
        assert elsewhere.welcome["user"] == ann.user
        for _ in range(5):
            seqs += [(await elsewhere.say("there"))["seq"], (await ann.say("here"))["seq"]]
        assert seqs == list(range(1, 12))
    assert truth.is_sound()


async def test_nothing_is_lost_doubled_or_moved_when_the_server_is_killed(tmp_path: Path, truth: PostgresTruth) -> None:
    chance = Random(1)
    async with serving(tmp_path, truth) as server, partying(server, writers=4, readers=3, truth=truth) as party:
        for _ in range(KILLS):
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_LIFE))
            server.kill()
            await server.again()
    assert party.done > KILLS


async def test_nothing_is_lost_doubled_or_moved_when_the_database_is_killed(
    tmp_path: Path, truth: PostgresTruth
) -> None:
    """The server stays; its people may be told to try again, and no more."""
    chance, database = Random(2), truth.server
    async with serving(tmp_path, truth) as server, partying(server, writers=4, readers=3, truth=truth) as party:
        for number in range(KILLS):
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_LIFE))
            await trio.to_thread.run_sync(database.stop if number % 2 else database.kill)
            await trio.sleep(chance.random())
            await trio.to_thread.run_sync(database.start)
        visits = [regular.visits for regular in party.regulars]
    assert visits == [1] * 7, "nobody lost their socket"
    assert "the database is lost" in server.errors
    assert "the database is found again" in server.errors
    assert PASSWORD not in server.errors
    assert "hunter2" not in server.errors


async def test_nothing_is_lost_doubled_or_moved_when_both_are_killed(tmp_path: Path, truth: PostgresTruth) -> None:
    chance, database = Random(3), truth.server
    async with serving(tmp_path, truth) as server, partying(server, writers=4, readers=3, truth=truth) as party:
        for _ in range(KILLS):
            with trio.fail_after(60):
                await party.happened(chance.randint(1, MOST_A_LIFE))
            server.kill()
            await trio.to_thread.run_sync(database.kill)
            await trio.to_thread.run_sync(database.start)
            await server.again()


async def test_while_the_database_is_away_health_says_so_and_people_are_told_to_try_again(
    tmp_path: Path, dial: Connect, truth: PostgresTruth
) -> None:
    async with serving(tmp_path, truth) as server, calling(server) as rest:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        await ann.say("before")
        await trio.to_thread.run_sync(truth.server.stop)
        try:
            with pytest.raises(Refusal) as refusal:
                await ann.say("meanwhile")
            assert refusal.value.reason == "unavailable"
            await rest.get("/api/health", 503)
            await ann.client.heartbeat()
        finally:
            await trio.to_thread.run_sync(truth.server.start)
        with trio.fail_after(PATIENCE):
            while (await rest.client.get("/api/health")).status_code != httpx.codes.OK:  # noqa: ASYNC110
                await trio.sleep(0.1)
        assert (await ann.say("after"))["seq"] == 2


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_it_drains_in_time_while_the_database_is_away(
    tmp_path: Path, dial: Connect, truth: PostgresTruth, how: str
) -> None:
    async with serving(tmp_path, truth) as server:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        await ann.say("before")
        await trio.to_thread.run_sync(truth.server.stop if how == "stopped" else truth.server.freeze)
        try:
            for _ in range(5):
                await ann.send("new_message", text="meanwhile")
            server.signal(signal.SIGTERM)
            with trio.fail_after(10):
                assert await server.ended() == 0
            assert await ann.client.closing() == 1012
        finally:
            await trio.to_thread.run_sync(truth.server.start if how == "stopped" else truth.server.thaw)
    assert truth.is_sound()
    assert 1 <= truth.stored().last_seq <= 6, "what was never acknowledged may be there, or not"


# -- beside serving


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_schema_is_brought_up_and_down(tmp_path: Path, truth: PostgresTruth) -> None:
    for kind, url in (("postgres", truth.server.url(truth.database)), ("sqlite", "sqlite:///chat.db")):
        steps = sorted(path.stem.replace("_", " ", 1) for path in (MIGRATIONS / kind).glob("*.sql"))
        assert steps[:2] == ["0001 rooms", "0002 search"]
        up = run(tmp_path, "migrate", "--database", url)
        assert (up.returncode, up.stdout.splitlines(), up.stderr) == (0, [f"up {step}" for step in steps], "")
        assert run(tmp_path, "migrate", "up", DATABASE_URL=url).stdout == "nothing to do\n"
        assert run(tmp_path, "migrate", "down", DATABASE_URL=url).stdout == f"down {steps[-1]}\n"
        lines = run(tmp_path, "migrate", "status", DATABASE_URL=url).stdout.splitlines()
        assert [line.endswith("waits") for line in lines] == [False] * (len(steps) - 1) + [True]


async def test_a_file_is_copied_and_served_on_with_its_tokens(
    tmp_path: Path, dial: Connect, truth: PostgresTruth
) -> None:
    async with Server(tmp_path) as server:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        posted = await ann.say("from the file", client_id="c1")
    url = truth.server.tcp_url(truth.database)
    copied = await trio.to_thread.run_sync(lambda: run(tmp_path, "copy", "--from", "sqlite:///chatter.db", "--to", url))
    assert (copied.returncode, copied.stderr) == (0, "")
    assert "copied 1 rooms, 1 messages" in copied.stdout
    (tmp_path / "elsewhere").mkdir()
    async with serving(tmp_path / "elsewhere", truth) as server:
        again = await (await dial(server.socket_url, query=f"vsn=2.0.0&token={ann.token}")).join("chat:lobby")
        assert [message["id"] for message in again.welcome["messages"]] == [posted["id"]]
        assert (await again.say("from the file", client_id="c1"))["seq"] == 1
        assert (await again.say("news"))["seq"] == 2
    twice = run(tmp_path, "copy", "--from", "sqlite:///chatter.db", "--to", url)
    assert twice.returncode == 2
    assert "empty" in twice.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--database", "postgresql://ann:s3cret@127.0.0.1:1/x"], "Connection refused"),
        (["--database", "postgresql://ann:s3cret@127.0.0.1:1/x", "--secret-key", "k" * 16, "--port", "0"], "refused"),
        (["--database", "postgresql://ann:s3@cret@127.0.0.1:1/x"], "--database"),
        (["migrate", "--database", "postgresql://ann:s3cret@127.0.0.1:1/x"], "Connection refused"),
        (["migrate", "sideways"], "sideways"),
        (["copy", "--from", "sqlite:///none.db", "--to", "postgresql://ann:s3cret@127.0.0.1:1/x"], "none.db"),
        (["copy", "--from", "postgresql://ann:s3cret@127.0.0.1:1/x", "--to", "sqlite:///none.db"], "--from"),
        (["copy", "--from", "sqlite:///none.db"], "--to"),
    ],
)
def test_what_can_not_be_done_is_one_line_without_a_password(tmp_path: Path, arguments: list[str], word: str) -> None:
    end = run(tmp_path, *arguments)
    assert (end.returncode, end.stdout) == (2, "")
    [line] = end.stderr.splitlines()
    assert line.startswith("chatter: ")
    assert word in line
    assert "s3" not in line
    assert "cret@" not in line
