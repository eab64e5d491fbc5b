"""A gateway with a house of echoes: real actors, real supervisors, nothing of the chat."""

import math
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from quart import request
from quart_trio import QuartTrio
from trio.testing import lockstep_stream_pair, memory_stream_pair

from chatter.actors.actor import Actor
from chatter.actors.child import Child, Restart, actor
from chatter.actors.connection import Connection, Input
from chatter.actors.mailbox import Mailbox, Ref
from chatter.actors.settling import Settle, settle
from chatter.core.model import User
from chatter.errors import BadFrame, Unauthorized, Unavailable
from chatter.gateway import Gateway
from chatter.supervisor import DynamicSupervisor
from tests.gateway.client import Client

ANN = User("1", "Ann")
ANNS_TOKEN = "ann's token"


class Session(Actor[Input | Settle]):
    """Says back what it hears, with the sender's name before it; "crash" crashes it."""

    def __init__(self, mailbox: Mailbox[Any], connection: Connection, user: User | None) -> None:
        super().__init__(mailbox)
        self._connection = connection
        self._name = user.name if user else "visitor"

    async def serve(self) -> None:
        self._read()
        while not self._connection.closed:
            message = await self.mailbox.get()
            self._read()
            if isinstance(message, Settle):
                message.reply()

    def _read(self) -> None:
        connection = self._connection
        try:
            while (frame := connection.peek()) is not None:
                connection.advance()
                if frame.data == b"crash":
                    raise RuntimeError("asked for it")
                connection.write(connection.codec.frame(self._name.encode() + b": " + frame.data))
        except BadFrame as error:
            connection.close(error.close_code, str(error))


class EchoHouse:
    """Knows Ann's token. `full`: takes nobody in. `busy`: seconds it takes to settle. `stuck`: the id of a
    connection that never does. `session`: what is started on each socket."""

    def __init__(self, session: Callable[[Mailbox[Any], Connection, User | None], Actor[Any]] = Session) -> None:
        self.sessions = DynamicSupervisor("sessions", gave_up=lambda spec, _: self.connections[spec.name].close(1011))
        self.connections: dict[str, Connection] = {}
        self.refs: dict[str, Ref[Input]] = {}
        self.full = False
        self.closed = False
        self.settled: list[str] = []
        self.busy = 0.0
        self.stuck = ""
        self._session = session

    @property
    def connection(self) -> Connection:
        """The newest."""
        return list(self.connections.values())[-1]

    def authenticate(self, token: str) -> User:
        if token != ANNS_TOKEN:
            raise Unauthorized("This token is not good.")
        return ANN

    def welcome(self, connection: Connection, user: User | None) -> Ref[Any]:
        if self.full:
            raise Unavailable("The house is full.")
        mailbox: Mailbox[Any] = Mailbox(connection.id, 16)
        spec = actor(mailbox, lambda: self._session(mailbox, connection, user), restart=Restart.TRANSIENT)
        self.sessions.start(spec)
        self.connections[connection.id] = connection
        self.refs[connection.id] = mailbox.ref
        return mailbox.ref

    def close(self) -> None:
        self.closed = True

    async def settle(self, connections: Sequence[str]) -> None:
        self.settled += connections
        await trio.sleep(math.inf if self.stuck in connections else self.busy)
        await settle(self.refs[id] for id in connections)


def make_app() -> QuartTrio:
    app = QuartTrio("tests")

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world", "scheme": request.scheme}

    @app.post("/size")
    async def size() -> dict[str, int]:
        return {"size": len(await request.get_data())}

    @app.get("/slow/<float:seconds>")
    async def slow(seconds: float) -> dict[str, float]:
        await trio.sleep(seconds)
        return {"slept": seconds}

    @app.get("/large/<int:size>")
    async def large(size: int) -> bytes:
        return bytes(size)

    return app


@asynccontextmanager
async def running(child: Child) -> AsyncIterator[None]:
    """`child` runs while the block does, and is stopped then."""
    async with trio.open_nursery() as nursery:
        started = trio.Event()
        nursery.start_soon(child.run, started.set)
        await started.wait()
        yield
        child.stop()


class Stage:
    """A gateway that runs, its house, and clients for it."""

    def __init__(self, gateway: Gateway, house: EchoHouse, nursery: trio.Nursery) -> None:
        self.gateway = gateway
        self.house = house
        self._nursery = nursery
        self._clients: list[Client] = []

    async def dial(self) -> Client:
        """A TCP connection to its port."""
        host, port = self.gateway.address
        return self.remembered(Client(await trio.open_tcp_stream(host, port)))

    def dial_memory(self) -> Client:
        """A connection in memory, beside the port."""
        ours, theirs = memory_stream_pair()
        self._nursery.start_soon(self.gateway.serve, theirs)
        return self.remembered(Client(ours))

    def dial_lockstep(self) -> Client:
        """A connection in memory that holds nothing: who sends waits until the other has read it."""
        ours, theirs = lockstep_stream_pair()
        self._nursery.start_soon(self.gateway.serve, theirs)
        return self.remembered(Client(ours))

    async def dial_pair(self) -> Client:
        """A connection over sockets that the poller doesn't know."""
        ours, theirs = (trio.SocketStream(trio.socket.from_stdlib_socket(end)) for end in socket.socketpair())
        self._nursery.start_soon(self.gateway.serve, theirs)
        return self.remembered(Client(ours))

    def remembered(self, client: Client) -> Client:
        self._clients.append(client)
        return client

    async def hang_up(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def connected(self, **how: str) -> Client:
        """A WebSocket over TCP."""
        client = await self.dial()
        await client.upgrade(**how)
        return client

    async def connected_stream(self) -> Client:
        """A WebSocket that is not the poller's."""
        client = await self.dial_pair()
        await client.upgrade()
        return client

    @property
    def url(self) -> str:
        host, port = self.gateway.address
        return f"ws://{host}:{port}/socket/websocket?vsn=2.0.0"


@asynccontextmanager
async def staged(app: Any = None, house: EchoHouse | None = None, **settings: Any) -> AsyncIterator[Stage]:
    """A gateway on any free port, unless `host` is None."""
    house = house or EchoHouse()
    gateway = Gateway(house, app or make_app(), port=0, **settings)
    async with running(house.sessions), trio.open_nursery() as nursery, running(gateway):
        stage = Stage(gateway, house, nursery)
        try:
            yield stage
        finally:
            with trio.CancelScope(shield=True):
                await stage.hang_up()


async def eventually(true: Callable[[], bool]) -> None:
    """Wait until `true()`; five seconds at most."""
    with trio.fail_after(5):
        while not true():  # noqa: ASYNC110 — what it waits for has no event
            await trio.sleep(0.005)
