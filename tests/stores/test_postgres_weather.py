"""Everything at once: two nodes write to the same rooms while callers are cancelled, connections cut, rows held, and
the server killed. Whatever was acknowledged is there, once, in one order that both nodes see."""

from collections.abc import Iterator, Sequence
from random import Random

import attrs
import pytest
import trio

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.model import User
from chatter.errors import NotFound, Unavailable
from chatter.stores.port import Known, Outcome, Stored
from chatter.stores.postgres import Address, PostgresStore
from tests.postgres_server import PostgresServer
from tests.stores.running import running

ROOMS = ("lobby", "kitchen", "attic")
SECONDS = 6.0


@pytest.fixture(scope="module")
def fragile() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@attrs.define
class Person:
    """Posts until it is answered, under the same `client_id`; edits, reacts, deletes once in a while."""

    user: User
    stores: list[PostgresStore]
    chance: Random
    promised: dict[tuple[str, str], tuple[str, int]] = attrs.Factory(dict)  # (room, client_id) -> id, seq
    refused: int = 0
    cancelled: int = 0

    async def live(self) -> None:
        number = 0
        while True:
            number += 1
            room = self.chance.choice(ROOMS)
            while not await self.try_to_say(room, f"{self.user.id}-{number}"):  # noqa: ASYNC110
                await trio.sleep(self.chance.random() / 50)

    async def try_to_say(self, room: str, client_id: str) -> bool:
        """A new command each time, as a client's retry makes one; at either node."""
        post = Post(user=self.user, text="hello", client_id=client_id)
        commands: list[Command] = [post]
        if self.chance.random() < 0.3:
            commands.append(React(user=self.user, message_id=post.id, emoji="x", on=True))
            commands.append(Edit(user=self.user, message_id=post.id, text="hello again"))
        if self.chance.random() < 0.1:
            commands.append(Delete(user=self.user, message_id=post.id))
        patience = self.chance.choice([0.001, 0.005, 0.02, 10, 10, 10])
        with trio.move_on_after(patience):
            try:
                outcomes = await self.chance.choice(self.stores).append(room, commands)
            except Unavailable:
                self.refused += 1
                return False
            self.take(room, client_id, post, outcomes)
            return True
        self.cancelled += 1
        return False

    def take(self, room: str, client_id: str, post: Post, outcomes: Sequence[Outcome]) -> None:
        first = outcomes[0]
        if isinstance(first, Stored):
            assert first.event.message_id == post.id
            assert {type(outcome) for outcome in outcomes} == {Stored}
            self.promised[room, client_id] = (post.id, first.event.seq)
        else:
            assert isinstance(first, Known)
            assert first.message is not None
            assert all(isinstance(outcome, NotFound) for outcome in outcomes[1:])
            self.promised[room, client_id] = (first.message.id, first.seq)


async def weather(server: PostgresServer, database: str, chance: Random) -> None:
    """Bad."""
    while True:
        await trio.sleep(chance.random() / 2)
        match chance.randrange(4):
            case 0:
                kill = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chatter'"
                await trio.to_thread.run_sync(server.sql, kill)
            case 1:
                held = (
                    f"begin; select 1 from rooms where name = '{chance.choice(ROOMS)}' for update; select pg_sleep(0.3)"
                )
                await trio.to_thread.run_sync(server.sql, held, database)
            case 2:
                server.freeze()
                try:
                    await trio.sleep(chance.random() / 4)
                finally:
                    server.thaw()
            case _:
                await trio.to_thread.run_sync(chance.choice([server.kill, server.stop]))
                await trio.to_thread.run_sync(server.start)


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_was_acknowledged_is_there_once(fragile: PostgresServer, seed: int) -> None:
    chance = Random(seed)
    database = fragile.new_database()
    address = Address(fragile.url(database))
    async with running(PostgresStore(address)) as here, running(PostgresStore(address)) as there:
        for room in ROOMS[1:]:
            await here.create_room(room, "")
        people = [Person(User(f"u{n}", f"User{n}"), [here, there], Random(f"{seed} {n}")) for n in range(12)]
        with trio.move_on_after(SECONDS):
            async with trio.open_nursery() as nursery:
                for person in people:
                    nursery.start_soon(person.live)
                nursery.start_soon(weather, fragile, database, chance)
        if not fragile.running:
            await trio.to_thread.run_sync(fragile.start)
        with trio.fail_after(60):
            for store in (here, there):
                while not await answers(store):  # noqa: ASYNC110
                    await trio.sleep(0.1)
            await check(here, there, people)


async def answers(store: PostgresStore) -> bool:
    try:
        await store.append("lobby", [Post(user=User("u-end", "End"), text="the end")])
        await store.check()
    except Unavailable:
        return False
    return True


async def check(here: PostgresStore, there: PostgresStore, people: list[Person]) -> None:
    for room in ROOMS:
        events = await here.events_after(room, 0, 1_000_000)
        assert events == await there.events_after(room, 0, 1_000_000)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        messages = {m.id: m for m in (await here.page(room, limit=1_000_000)).messages}
        clients = [(m.user.id, m.client_id) for m in messages.values() if m.client_id is not None]
        assert len(clients) == len(set(clients))
        for person in people:
            for (there_room, _), (id, seq) in person.promised.items():
                assert there_room != room or messages[id].seq == seq
    assert sum(len(person.promised) for person in people) > 100
    assert all(person.promised for person in people)
    assert sum(person.cancelled for person in people) > 10
