"""The store's life: it starts, stops, is cancelled, loses its server and finds it; nothing acknowledged is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.lowlevel
import trustme

from chatter.core.commands import Post
from chatter.core.model import User
from chatter.errors import Unavailable
from chatter.stores.port import DatabaseFound, DatabaseLost, StoreUnreachable
from chatter.stores.postgres import Address, PostgresStore
from tests.postgres_server import PASSWORD, PostgresServer
from tests.stores.running import eventually, running

ANN = User("u-ann", "Ann")


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.url(postgres.new_database())


@pytest.fixture(scope="module")
def fragile() -> Iterator[PostgresServer]:
    """A server for those who stop it."""
    with PostgresServer() as server:
        yield server


def a_post() -> list[Post]:
    return [Post(user=ANN, text="hello")]


async def ids(url: str) -> set[str]:
    """What the database holds, numbered without a gap."""
    async with running(PostgresStore(Address(url))) as store:
        events = await store.events_after("lobby", 0, 100_000)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        return {event.message_id for event in events}


class Posters:
    """Tasks that post, what they were told, and how many were told no."""

    def __init__(self, store: PostgresStore) -> None:
        self.store = store
        self.acknowledged: list[str] = []
        self.refused = 0

    async def post_until_refused(self) -> None:
        while not self.refused:
            [command] = a_post()
            try:
                await self.store.append("lobby", [command])
                self.acknowledged.append(command.id)
            except Unavailable:
                self.refused += 1


async def test_a_store_that_does_not_run_is_unavailable(url: str) -> None:
    store = PostgresStore(Address(url))
    with pytest.raises(Unavailable):
        await store.append("lobby", a_post())
    with pytest.raises(Unavailable):
        await store.rooms()


async def test_the_same_store_runs_again_after_it_was_stopped(url: str) -> None:
    store = PostgresStore(Address(url))
    for number in range(3):
        async with running(store):
            await store.append("lobby", a_post())
            assert len(await store.events_after("lobby", 0, 10)) == number + 1
        with pytest.raises(Unavailable):
            await store.append("lobby", a_post())


async def test_a_stopped_store_leaves_no_connection(url: str, postgres: PostgresServer) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    async with running(PostgresStore(Address(url))) as store:
        await store.append("lobby", a_post())
        assert store.statistics()[0].open > 0
    asked = f"select count(*) from pg_stat_activity where datname = '{name}'"
    await eventually(lambda: postgres.sql(asked) == "0")


async def test_stop_finishes_what_was_queued(url: str) -> None:
    store = PostgresStore(Address(url))
    told: list[str] = []

    async def post() -> None:
        [command] = a_post()
        await store.append("lobby", [command])
        told.append(command.id)

    async with trio.open_nursery() as nursery, running(store):
        for _ in range(50):
            nursery.start_soon(post)
        await eventually(lambda: store.statistics()[1].waiting > 0)
        store.stop()
    assert len(told) == 50
    assert await ids(url) == set(told)


async def test_cancelled_at_any_time_it_keeps_what_it_acknowledged_and_nothing_hangs(url: str) -> None:
    acknowledged: set[str] = set()
    for number in range(20):
        posters = Posters(PostgresStore(Address(url)))
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery, trio.open_nursery() as supervisor:
                started = trio.Event()
                supervisor.start_soon(posters.store.run, started.set)
                await started.wait()
                for _ in range(5):
                    nursery.start_soon(posters.post_until_refused)
                await trio.sleep(number / 500)
                supervisor.cancel_scope.cancel()
        acknowledged |= set(posters.acknowledged)
    assert len(acknowledged) > 20
    assert acknowledged <= await ids(url)


async def test_cancelled_while_it_starts_it_ends(url: str) -> None:
    for number in range(30):
        store = PostgresStore(Address(url))
        with trio.fail_after(20):
            async with trio.open_nursery() as supervisor:
                supervisor.start_soon(store.run, lambda: None)
                await trio.sleep(number / 1_000)
                supervisor.cancel_scope.cancel()
        with pytest.raises(Unavailable):
            await store.rooms()


async def test_stopped_before_it_has_started_it_ends(url: str) -> None:
    store = PostgresStore(Address(url))
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.run, pytest.fail)
            for _ in range(3):
                await trio.lowlevel.checkpoint()
            store.stop()


# -- the server goes and comes


async def test_a_server_that_is_away_is_unavailable_and_the_store_lives_on(fragile: PostgresServer) -> None:
    told: list[object] = []
    url = fragile.url(fragile.new_database())
    async with running(PostgresStore(Address(url), patience=0.2, observer=told.append)) as store:
        await store.append("lobby", a_post())
        await store.check()
        fragile.kill()
        try:
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await store.append("lobby", a_post())
                with pytest.raises(Unavailable):
                    await store.rooms()
            with trio.fail_after(6), pytest.raises(Unavailable):
                await store.check()
        finally:
            await trio.to_thread.run_sync(fragile.start)
        await eventually(lambda: store.statistics()[0].reachable)
        await store.append("lobby", a_post())
        await store.check()
        assert [type(event) for event in told] == [DatabaseLost, DatabaseFound]
        assert len(await store.events_after("lobby", 0, 10)) == 2


async def test_who_is_patient_does_not_notice_that_the_server_was_started_again(fragile: PostgresServer) -> None:
    url = fragile.url(fragile.new_database())
    async with running(PostgresStore(Address(url), patience=30)) as store:
        await store.append("lobby", a_post())
        fragile.stop("immediate")
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(store.append, "lobby", a_post())
                nursery.start_soon(store.rooms)
            await trio.to_thread.run_sync(fragile.start)
        assert (await store.tail("lobby", events=0, messages=0)).last_seq == 6


async def test_a_store_that_stops_while_the_server_is_away_answers_everybody(fragile: PostgresServer) -> None:
    url = fragile.url(fragile.new_database())
    posters = Posters(PostgresStore(Address(url), patience=60))
    try:
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery, running(posters.store):
                fragile.stop()
                for _ in range(5):
                    nursery.start_soon(posters.post_until_refused)
                await eventually(lambda: posters.store.statistics()[1].waiting == 5)
        assert posters.refused == 5
    finally:
        await trio.to_thread.run_sync(fragile.start)


async def test_a_store_that_stops_while_the_server_is_frozen_answers_everybody(fragile: PostgresServer) -> None:
    url = fragile.url(fragile.new_database())
    posters = Posters(PostgresStore(Address(url), patience=60))
    refused = []

    async def read() -> None:
        with pytest.raises(Unavailable):
            await posters.store.rooms()
        refused.append("read")

    with trio.fail_after(9):
        async with trio.open_nursery() as nursery, running(posters.store):
            await posters.store.append("lobby", a_post())
            fragile.freeze()
            try:
                for _ in range(8):
                    nursery.start_soon(posters.post_until_refused)
                    nursery.start_soon(read)
                await eventually(lambda: posters.store.statistics()[0].busy > 0)
                posters.store.stop()
                await eventually(lambda: len(refused) == posters.refused == 8, 8)
            finally:
                fragile.thaw()


async def test_a_crash_of_the_writer_is_raised_by_run_and_told_to_those_who_wait(url: str) -> None:
    posters = Posters(PostgresStore(Address(url)))

    async def crash(*_: object, **__: object) -> None:
        await trio.sleep(0.1)
        raise ZeroDivisionError("a bug of ours")

    async with trio.open_nursery() as nursery:
        with pytest.RaisesGroup(pytest.RaisesExc(ZeroDivisionError), flatten_subgroups=True):
            async with running(posters.store) as store:
                store._running.writer._attempt = crash  # type: ignore[method-assign, assignment]
                for _ in range(5):
                    nursery.start_soon(posters.post_until_refused)
                await trio.sleep_forever()
    assert posters.refused == 5
    async with running(posters.store) as store:
        await store.append("lobby", a_post())


async def test_a_commit_is_on_the_disk_whatever_the_database_has_by_default(postgres: PostgresServer) -> None:
    name = postgres.new_database()
    asked = "show synchronous_commit"
    for configured, used in (("off", "on"), ("remote_apply", "remote_apply"), ("local", "local")):
        postgres.sql(f"alter database {name} set synchronous_commit = {configured}")
        async with running(PostgresStore(Address(postgres.url(name)))) as store:
            assert await store._running.pool.run(lambda c: c.fetchval(asked), within=5) == used


async def test_a_database_that_only_reads_fails_the_check(url: str, postgres: PostgresServer) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    async with running(PostgresStore(Address(url))) as store:
        await store.check()
    postgres.sql(f"alter database {name} set default_transaction_read_only = on")
    store = PostgresStore(Address(url))
    await refuses_to_start(store, "read-only")


# -- what can't be reached


async def refuses_to_start(store: PostgresStore, why: str) -> None:
    with pytest.raises(StoreUnreachable, match=why) as refusal:
        await store.run(pytest.fail)
    assert "\n" not in str(refusal.value)
    assert PASSWORD not in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://ann:secret@127.0.0.1:1/chat", "127.0.0.1:1, database chat: Connection refused"),
        ("postgresql://ann:secret@nowhere.invalid/chat", "nowhere.invalid"),
        ("postgresql:///chat?host=/nowhere&user=ann&password=secret", "/nowhere, database chat: No such file"),
        ("postgresql://ann:secret@127.0.0.1:1/chat?sslmode=sometimes", "sslmode"),
    ],
)
async def test_a_server_that_is_not_there_is_unreachable(url: str, why: str) -> None:
    await refuses_to_start(PostgresStore(Address(url)), why)


async def test_a_wrong_password_and_a_missing_database_are_unreachable(postgres: PostgresServer) -> None:
    wrong = PostgresStore(Address(postgres.tcp_url(password="secret")))
    await refuses_to_start(wrong, 'password authentication failed for user "chatter"')
    await refuses_to_start(PostgresStore(Address(postgres.tcp_url("nowhere"))), '"nowhere" does not exist')


async def test_a_password_full_of_punctuation_is_a_password(postgres: PostgresServer) -> None:
    async with running(PostgresStore(Address(postgres.tcp_url(postgres.new_database())))) as store:
        await store.append("lobby", a_post())
        assert PASSWORD not in repr(store)
        assert "hunter2" not in repr(store)


async def test_a_server_that_does_not_answer_is_unreachable() -> None:
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    async with listener:
        with trio.fail_after(10):
            await refuses_to_start(PostgresStore(Address(f"postgresql://ann:secret@127.0.0.1:{port}/x")), "no answer")


async def test_tls_is_spoken_and_certificates_are_checked(tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    with PostgresServer(tls=(tmp_path / "cert.pem", tmp_path / "key.pem")) as server:
        trusted = server.tcp_url(sslmode="verify-full", sslrootcert=str(tmp_path / "ca.pem"))
        async with running(PostgresStore(Address(trusted))) as store:
            await store.append("lobby", a_post())
            with trio.move_on_after(0.2):
                await store._running.pool.run(lambda c: c.execute("select pg_sleep(60)"), within=60)
            encrypted = await store._running.pool.run(
                lambda c: c.fetchval(
                    "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) "
                    "where application_name = 'chatter'"
                ),
                within=10,
            )
            assert encrypted is True
        wrong = server.tcp_url(sslmode="verify-full", sslrootcert=str(tmp_path / "other.pem"))
        await refuses_to_start(PostgresStore(Address(wrong)), "certificate verify failed")


async def test_a_pool_that_is_busy_is_no_sign_of_a_lost_database(url: str) -> None:
    async with running(PostgresStore(Address(url), size=2, patience=0.2)) as store:
        pool = store._running.pool

        async def keep_busy() -> None:
            await pool.run(lambda connection: connection.execute("select pg_sleep(1)"), within=5)

        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(keep_busy)
            await eventually(lambda: pool.statistics().busy == 2)
            with pytest.raises(Unavailable):
                await store.rooms()
            for _ in range(3):
                await store.check()
            assert pool.statistics().busy == 2


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_lost_database_fails_the_check_soon_and_passes_it_when_it_is_back(how: str) -> None:
    with PostgresServer() as server:
        async with running(PostgresStore(Address(server.tcp_url()))) as store:
            await store.check()
            server.kill() if how == "killed" else server.freeze()
            for _ in range(3):
                with trio.fail_after(3), pytest.raises(Unavailable):
                    await store.check()
            server.start() if how == "killed" else server.thaw()
            with trio.fail_after(10):
                while not await passes(store):  # noqa: ASYNC110 — another process
                    await trio.sleep(0.05)


async def passes(store: PostgresStore) -> bool:
    try:
        await store.check()
    except Unavailable:
        return False
    return True
