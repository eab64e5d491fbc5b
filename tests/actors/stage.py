"""The whole chat below its port, on a stage: the real tree, and clients on memory streams."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

from chatter.actors.abroad import Nodes
from chatter.actors.child import ChildEnded, ChildSpec, ChildStarted, Strategy, actor
from chatter.actors.client import Means
from chatter.actors.disconnections import Disconnections, DisconnectionsMessage, Done
from chatter.actors.mailbox import Mailbox, Ref
from chatter.actors.presence import Presence, PresenceMessage
from chatter.actors.room_messages import RoomMessage
from chatter.actors.rooms import Directory, DirectoryMessage, Rooms, RoomTable
from chatter.actors.session import SessionMessage
from chatter.actors.sessions import Sessions
from chatter.bus.local import Exchange, LocalBus
from chatter.core.model import User
from chatter.core.rate import RateLimit
from chatter.gateway import Limits, StreamConnection, Sweeper
from chatter.stores.port import Store
from chatter.supervisor import DynamicSupervisor, Supervisor
from chatter.tokens import Tokens
from chatter.wire.phoenix import WEBSOCKET_V1, WEBSOCKET_V2
from tests.gateway.client import unexpected
from tests.phoenix_client import PhoenixClient

LOBBY = "chat:lobby"
CAPACITY = 100_000


class WatchedConnection(StreamConnection):
    """The gateway's own, which counts its writes."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.writes: list[bytes] = []
        self.before_write: Callable[[], None] | None = None

    def write(self, data: bytes) -> None:
        if self.before_write is not None:
            self.before_write()
        self.writes.append(data)
        super().write(data)


class Person(PhoenixClient):
    """A client, and the server's side of its socket, which only these tests may look at."""

    connection: WatchedConnection
    session: Ref[SessionMessage]
    user: dict[str, Any]
    token: str

    async def enter(self, topic: str = LOBBY, **payload: Any) -> Any:
        """Join and take in the presence state; the join's response."""
        response = await self.join(topic, **payload)
        await self.expect("presence_state", topic)
        return response

    async def identify(self, name: str, topic: str = LOBBY) -> dict[str, Any]:
        response = await self.ok(topic, "identify", {"name": name})
        self.user, self.token = response["user"], response["token"]
        return self.user

    async def says(self, text: str, topic: str = LOBBY, **more: Any) -> Any:
        """Post, and wait for the acknowledgement."""
        field = "text" if topic.startswith("chat:") else "content"
        return await self.ok(topic, "new_message", {field: text, **more})

    def seqs(self, event: str = "new_message") -> list[int]:
        return [payload["seq"] for payload in self.heard(event)]


class Stage:
    """Built as the application builds it, without a port. `crew` runs the clients' sides. Stages that have the same
    store and `exchange` are nodes of one cluster."""

    def __init__(
        self, store: Any, crew: trio.Nursery, message_rate: float, node: str, exchange: Exchange | None
    ) -> None:
        self.store: Store = store
        self.crew = crew
        self.observed: list[Any] = []
        self.people = 0
        self._news = trio.Event()
        self.presence: Mailbox[PresenceMessage] = Mailbox("presence", CAPACITY)
        self.directory: Mailbox[DirectoryMessage] = Mailbox("directory", CAPACITY)
        self.table = RoomTable()
        self.runners = DynamicSupervisor("runners", observer=self._observe)
        self.rooms = Rooms(self.table, self.directory.ref, store)
        self.bus = LocalBus(exchange)
        self.tokens = Tokens("a key for the stage")
        self.means = Means(
            rooms=self.rooms,
            claims=self.bus.claims,
            tokens=self.tokens,
            messages=RateLimit(message_rate, 10, trio.current_time),
            actions=RateLimit(message_rate * 5, 50, trio.current_time),
        )
        self.sessions = Sessions(self.means, self._observe)
        self.disconnections: Mailbox[DisconnectionsMessage] = Mailbox("disconnections")
        self.disconnected = Done()
        self.sweeper = Sweeper(10**9, unexpected)
        self.nodes = Nodes(node)
        self.root = self._make_root()

    def _make_root(self) -> Supervisor:
        children = [
            ChildSpec("store", lambda: self.store),  # type: ignore[arg-type,return-value]
            ChildSpec("bus", lambda: self.bus),
            actor(self.presence, lambda: Presence(self.presence, self.table.tell_presence, self.nodes, self.bus)),
            ChildSpec("rooms", self._make_rooms, shutdown=60.0),
            ChildSpec("sessions", lambda: self.sessions.supervisor, shutdown=60.0),
            actor(self.disconnections, self._make_disconnections),
        ]
        return Supervisor("stage", children, observer=self._observe)

    def _make_disconnections(self) -> Disconnections:
        return Disconnections(self.disconnections, self.sessions.disconnect, self.disconnected, self.store, self.bus)

    def _make_rooms(self) -> Supervisor:
        directory = self.directory, self.table, self.runners, self.store, self.presence.ref, self.bus
        children = [
            ChildSpec("runners", lambda: self.runners, shutdown=60.0),
            actor(self.directory, lambda: Directory(*directory)),
        ]
        return Supervisor("rooms", children, strategy=Strategy.REST_FOR_ONE, observer=self._observe)

    # -- people

    async def connect(self, user: User | None = None, *, vsn: int = 2) -> Person:
        """A new socket; with a token's `user`, or a visitor's."""
        self.people += 1
        theirs, ours = trio.testing.memory_stream_pair()
        codec = WEBSOCKET_V2 if vsn == 2 else WEBSOCKET_V1
        id = f"{self.nodes.own} socket{self.people}"
        connection = WatchedConnection(ours, b"", id, codec, self.sweeper, Limits())
        person = Person(theirs, vsn)
        person.connection = connection
        person.session = self.sessions.welcome(connection, user)
        connection.open(person.session, b"")
        self.crew.start_soon(connection.run)
        self.crew.start_soon(person.run)
        return person

    async def visitor(self, topic: str = LOBBY, *, vsn: int = 2, **join: Any) -> Person:
        person = await self.connect(vsn=vsn)
        await person.enter(topic, **join)
        return person

    async def member(self, name: str, topic: str = LOBBY, *, vsn: int = 2, moderator: bool = False) -> Person:
        """Somebody with a token, who is in the room and has seen themselves arrive."""
        user = User(f"u-{name.lower()}", name, moderator=moderator)
        person = await self.connect(user, vsn=vsn)
        await person.enter(topic)
        await self.arrived(person, user.id, topic)
        person.user = user.as_payload()
        return person

    async def arrived(self, person: Person, user_id: str, topic: str = LOBBY) -> None:
        while user_id not in (await person.expect("presence_diff", topic))["joins"]:
            pass

    # -- the server's side

    def room(self, name: str = "lobby") -> Ref[RoomMessage]:
        ref = self.table.get(name)
        assert ref is not None
        return ref

    def _observe(self, event: Any) -> None:
        self.observed.append(event)
        news, self._news = self._news, trio.Event()
        news.set()

    def ends(self, child: str) -> list[ChildEnded]:
        return [e for e in self.observed if isinstance(e, ChildEnded) and e.child == child]

    def starts(self, child: str) -> int:
        return sum(isinstance(e, ChildStarted) and e.child == child for e in self.observed)

    def crashes(self, child: str) -> int:
        """How often a child has crashed so far."""
        return sum(e.exit.abnormal for e in self.ends(child))

    async def crash(self, ref: Ref[Any], times: int = 1) -> None:
        """Kill an actor, and wait until it runs again or has ended for good; so many times."""
        for _ in range(times):
            before = len(self.ends(ref.name))
            ref.kill("drill")
            await self.recovered(ref.name, before + 1)

    async def recovered(self, child: str, ends: int) -> None:
        """Wait until a child has ended so often, and runs again unless it was the last time."""
        with trio.fail_after(5):
            while len(self.ends(child)) < ends or not self._is_settled(child):
                await self._news.wait()

    def _is_settled(self, child: str) -> bool:
        last = next(e for e in reversed(self.observed) if getattr(e, "child", "") == child)
        return not isinstance(last, ChildEnded) or last.restarting_in is None

    async def quiet(self) -> None:
        """Everybody waits for somebody. Only with a store that has no threads."""
        await trio.testing.wait_all_tasks_blocked(0.0)


@asynccontextmanager
async def staged(
    store: Any, *, message_rate: float = 0, node: str = "here", exchange: Exchange | None = None
) -> AsyncIterator[Stage]:
    async with trio.open_nursery() as house, trio.open_nursery() as crew:
        stage = Stage(store, crew, message_rate, node, exchange)
        started = trio.Event()
        house.start_soon(stage.root.run, started.set)
        await started.wait()
        yield stage
        stage.root.stop()
        crew.cancel_scope.cancel()
