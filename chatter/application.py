"""The application: it builds everything, hands each part what it needs, and is the only place that names adapters.

    chatter              one for one
    ├── store            SQLite or PostgreSQL; everything below asks it
    ├── bus              in this process, or Redis; tells other nodes, and knows which names are taken
    ├── presence         who is where
    ├── rooms            rest for one
    │   ├── runners      dynamic: an actor for each room in use
    │   └── directory    starts them, ends the idle
    ├── sessions         dynamic: an actor for each socket
    ├── disconnections   ends those of whom a moderator sends away, on whichever node
    └── gateway          the one port

Children start in this order and stop in the reverse. So draining needs no part of its own: the gateway closes the
door, waits until sessions and rooms have answered what was accepted, and closes the sockets (1012); sessions give back
what they held, rooms end, the store closes.
"""

import ssl
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import trio
from hypercorn.typing import ASGIFramework

from chatter import logs, rest
from chatter.actors.abroad import Nodes
from chatter.actors.child import FOREVER, ChildSpec, Node, Strategy, actor
from chatter.actors.client import Means
from chatter.actors.connection import Connection
from chatter.actors.disconnections import Disconnections, DisconnectionsMessage, Done, disconnect
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Mailbox, Ref
from chatter.actors.presence import Hush, Presence, PresenceMessage
from chatter.actors.rooms import Directory, DirectoryMessage, Rooms, RoomTable
from chatter.actors.sessions import Sessions
from chatter.bus.local import LocalBus
from chatter.bus.port import Bus, BusEvent
from chatter.core.model import User
from chatter.core.rate import RateLimit
from chatter.gateway import Gateway, Limits, Network, System, server_context
from chatter.metrics import Metrics
from chatter.settings import LOCAL, SQLITE, BadSetting, Settings, sqlite_path
from chatter.stores.migrations import Schema
from chatter.stores.port import StoreObserver
from chatter.stores.rows import Copied
from chatter.stores.sqlite import SqliteStore
from chatter.stores.sqlite.giving import giving
from chatter.stores.sqlite.schema import SqliteSchema
from chatter.supervisor import DynamicSupervisor, Supervisor
from chatter.telemetry import Telemetry
from chatter.tokens import Tokens

STATIC = Path(__file__).parent / "static"
PRESENCE_CAPACITY = 100_000
MESSAGE_BURST = 10
DRAIN = 8.0
PARTING = 0.5  # what hangs after the drain, which has waited for answers, hangs on the disk: SIGTERM ends all in 10 s
WRITING = 1.0
ACTION_RATE = 5  # other commands: so many times the rate and burst of messages


def open_store(settings: Settings, observer: StoreObserver) -> Any:
    """The adapter that the database's address names. PostgreSQL's is imported when it is wanted: see its `bridge`."""
    if settings.on_sqlite:
        return SqliteStore(settings.database_path)
    from chatter.stores.postgres import Address, PostgresStore

    return PostgresStore(Address(settings.database), size=settings.pool_size, observer=observer)


def open_bus(settings: Settings, observer: Callable[[BusEvent], None]) -> Bus:
    """The adapter that the bus's address names. Redis's is imported when it is wanted: it takes a while."""
    if settings.bus == LOCAL:
        return LocalBus()
    from chatter.bus.redis import RedisBus

    return RedisBus(settings.bus, observer)


def schema(database: str) -> Schema:
    """The shape of the database at this address."""
    if database.startswith(SQLITE):
        return SqliteSchema(sqlite_path(database))
    from chatter.stores.postgres import Address
    from chatter.stores.postgres.errand import PostgresSchema

    return PostgresSchema(Address(database))


async def complete(settings: Settings) -> Settings:
    """With the key that all nodes share, from PostgreSQL, when none was set. `StoreUnreachable`."""
    if settings.secret_key is not None or settings.on_sqlite:
        return settings
    from chatter.stores.postgres import Address
    from chatter.stores.postgres.errand import secret

    return attrs.evolve(settings, secret_key=await secret(Address(settings.database)))


async def copy(source: str, target: str) -> Copied:
    """All that a SQLite file holds, into an empty PostgreSQL database. `StoreUnreachable`."""
    from chatter.stores.postgres import Address
    from chatter.stores.postgres.errand import take_over

    with giving(sqlite_path(source)) as rows:
        return await take_over(Address(target), rows)


async def mint(settings: Settings, user: User) -> str:
    """A token of a server with these settings. `StoreUnreachable`."""
    return Tokens((await complete(settings)).secret()).mint(user)


@attrs.frozen(kw_only=True)
class Ground:
    """What the application stands on. `tests/simulation` puts another one under it."""

    store: Callable[[Settings, StoreObserver], Any] = open_store
    bus: Callable[[Settings, Callable[[BusEvent], None]], Bus] = open_bus
    pages: Callable[[rest.House], ASGIFramework] = rest.build
    network: Network = attrs.Factory(System)
    limits: Limits = attrs.Factory(Limits)


class Application:
    """Everything, built and not started. `settings.port` 0: `address` tells the real one once it runs."""

    def __init__(self, settings: Settings, telemetry: Telemetry | None = None, ground: Ground | None = None) -> None:
        self.settings = settings
        self._ground = ground or Ground()
        self.telemetry = telemetry or Telemetry()
        self.store = self._ground.store(settings, self.telemetry.emit)
        self.bus = self._ground.bus(settings, self.telemetry.emit)
        self._nodes = Nodes(settings.node)
        self._presence: Mailbox[PresenceMessage] = Mailbox("presence", PRESENCE_CAPACITY)
        self._directory: Mailbox[DirectoryMessage] = Mailbox("directory", PRESENCE_CAPACITY)
        self._table = RoomTable()
        self._runners = DynamicSupervisor("runners", shutdown=WRITING, observer=self.telemetry.emit)
        self.rooms = Rooms(self._table, self._directory.ref, self.store)
        self.tokens = Tokens(settings.secret())
        self._means = self._make_means()
        self.sessions = Sessions(self._means, self.telemetry.emit, shutdown=PARTING)
        self._disconnections: Mailbox[DisconnectionsMessage] = Mailbox("disconnections")
        self._disconnected = Done()
        self.gateway = self._make_gateway()
        self.root = self._make_root()

    def _make_means(self) -> Means:
        rate = self.settings.message_rate
        return Means(
            rooms=self.rooms,
            claims=self.bus.claims,
            tokens=self.tokens,
            messages=RateLimit(rate, MESSAGE_BURST, trio.current_time),
            actions=RateLimit(rate * ACTION_RATE, MESSAGE_BURST * ACTION_RATE, trio.current_time),
        )

    def _supervisor(self, name: str, children: list[ChildSpec], strategy: Strategy) -> Supervisor:
        return Supervisor(name, children, strategy=strategy, observer=self.telemetry.emit)

    def _make_root(self) -> Supervisor:
        children = [
            ChildSpec("store", lambda: self.store),
            ChildSpec("bus", lambda: self.bus),
            actor(self._presence, lambda: Presence(self._presence, self._table.tell_presence, self._nodes, self.bus)),
            ChildSpec("rooms", self._make_rooms, shutdown=FOREVER),
            ChildSpec("sessions", lambda: self.sessions.supervisor, shutdown=FOREVER),
            actor(self._disconnections, self._make_disconnections),
            ChildSpec("gateway", lambda: self.gateway, shutdown=DRAIN),
        ]
        return self._supervisor("chatter", children, Strategy.ONE_FOR_ONE)

    def _make_rooms(self) -> Supervisor:
        children = [
            ChildSpec("runners", lambda: self._runners, shutdown=FOREVER),
            actor(self._directory, self._make_directory, shutdown=PARTING),
        ]
        return self._supervisor("rooms", children, Strategy.REST_FOR_ONE)

    def _make_directory(self) -> Directory:
        return Directory(self._directory, self._table, self._runners, self.store, self._presence.ref, self.bus)

    def _make_disconnections(self) -> Disconnections:
        return Disconnections(self._disconnections, self.sessions.disconnect, self._disconnected, self.store, self.bus)

    def _make_gateway(self) -> Gateway:
        settings = self.settings
        tls = _server_context(settings.certfile, settings.keyfile) if settings.certfile else None
        try:
            return Gateway(
                _Door(self.tokens, self.sessions, self._presence.ref),
                self._ground.pages(self._make_house()),
                host=settings.host,
                port=settings.port,
                origins=settings.origins,
                tls=tls,
                observer=self.telemetry.emit,
                network=self._ground.network,
                limits=self._ground.limits,
            )
        except ValueError as error:
            raise BadSetting(f"--origins can't be used: {error}") from error

    def _make_house(self) -> rest.House:
        return rest.House(
            rooms=self.rooms,
            tokens=self.tokens,
            messages=self._means.messages,
            actions=self._means.actions,
            claims=self.bus.claims,
            disconnect=partial(disconnect, self._disconnections.ref),
            node=self.settings.node,
            nodes=lambda: list(self._nodes),
            static=STATIC,
            metrics=Metrics(self).text,
        )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port on which it listens."""
        return self.gateway.address

    @property
    def url(self) -> str:
        host, port = self.address
        scheme = "https" if self.settings.certfile else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def tree(self) -> Node:
        """The supervision tree, as it is now."""
        return self.root.tree()

    def bind(self) -> None:
        """Take the port; `OSError` when it can't be had."""
        self.gateway.bind()

    async def run(self, started: Callable[[], Any]) -> None:
        """Live until `stop`; `bind` comes first. Raises `StartFailed` when a part does not start, which is then all
        that is said of it, and `RestartsExceeded` when one crashes too often."""

        def begun() -> None:
            logs.listen(self.telemetry)
            started()

        await self.root.run(begun)

    def stop(self) -> None:
        """Drain: see the module."""
        self.root.stop()


def _server_context(certfile: str, keyfile: str | None) -> ssl.SSLContext:
    try:
        return server_context(certfile, keyfile)
    except OSError as error:  # `ssl.SSLError` is one, too; neither names the file
        why = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
        raise BadSetting(f"the TLS certificate {certfile} and its key can't be used: {why}") from error


@attrs.frozen
class _Door:
    """What the gateway asks of the application."""

    tokens: Tokens
    sessions: Sessions
    presence: Ref[PresenceMessage]

    def authenticate(self, token: str) -> User:
        return self.tokens.user(token)

    def welcome(self, connection: Connection, user: User | None) -> Ref[Any]:
        return self.sessions.welcome(connection, user)

    def close(self) -> None:
        try:
            self.presence.cast(Hush())
        except ActorError:  # it has ended, or is overwhelmed, and then so be it
            return

    async def settle(self, connections: Sequence[str]) -> None:
        await self.sessions.settle(connections)
