"""The one port, as a child of the supervision tree, with a staff of its own.

    gateway           one for one
    ├── visitors      dynamic: whoever is Hypercorn's, has TLS, or takes several reads to say what they want
    ├── sweeper       one timer for all that is open
    ├── poller        reads and writes all plain WebSockets, and tells when a newcomer speaks
    └── acceptors     one a listening socket

A visitor that crashes is alone in it, and so is a connection. Who of the staff crashes is started again and finds
everything as it was; only when one crashes too often is the gateway given up, with its sockets, and started anew: its
port stays bound.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, Final

import attrs
import trio
from hypercorn.typing import ASGIFramework
from trio.abc import Stream

from chatter.actors.child import ChildEnded, ChildSpec, Node, NotRunning, Observer, Restart, SupervisorEvent
from chatter.actors.exits import Exit
from chatter.actors.worker import Worker, contained
from chatter.core.model import new_id
from chatter.gateway.door import Door, Line, Rules
from chatter.gateway.house import House
from chatter.gateway.http import Http
from chatter.gateway.limits import Limits
from chatter.gateway.listening import Acceptor, Room
from chatter.gateway.longpoll import LongPoll
from chatter.gateway.network import Network, System
from chatter.gateway.newcomers import Newcomers
from chatter.gateway.origins import Origins
from chatter.gateway.poller import Poller
from chatter.gateway.sweeper import Sweeper
from chatter.gateway.transport import INTERNAL_ERROR, SERVICE_RESTART, Mortal, Transport
from chatter.supervisor import DynamicSupervisor, Supervisor

ACCEPTORS: Final = "acceptors"
GOODBYES_A_TURN: Final = 256
PAUSE: Final = 0.05
LOOK_AGAIN: Final = 0.05
SOONEST: Final = 0.5
LATEST: Final = 5.0
GOLDEN: Final = 0.618034
SECONDS_TO_END: Final = 1.0


@attrs.frozen
class GatewayStatistics:
    """`websockets`, `longpolls` (sessions), `http` and `handshakes` are open now; `accepted` and `refused` (WebSocket
    handshakes completed, requests turned down) count since the gateway started. `ring`: whether broadcasts go out by
    io_uring."""

    websockets: int
    longpolls: int
    http: int
    handshakes: int
    accepted: int
    refused: int
    ring: bool


class Gateway:
    """`actors.child.Child`. Give it a `shutdown` of `limits.drain` + 3 seconds.

    `host`: None for no port at all, when all streams come by `serve`. `observer` is told of its
    staff, and of visitors and connections that crashed.
    """

    def __init__(
        self,
        house: House,
        app: ASGIFramework,
        *,
        host: str | None = "127.0.0.1",
        port: int = 4000,
        tls: ssl.SSLContext | None = None,
        origins: Sequence[str] = (),
        limits: Limits | None = None,
        new_id: Callable[[], str] = new_id,
        observer: Observer | None = None,
        network: Network | None = None,
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._limits = limits or Limits()
        self._network = network or System()
        self._rules = Rules(house, Origins(origins), self._limits, tls, new_id, self._network.stream)
        self._observer = observer
        self._listeners: list[socket.socket] = []
        self._begin()

    def bind(self) -> None:
        """Take the port. `OSError` when that can't be done; twice: nothing happens. `run` does it if nobody has."""
        if self._host is not None and not self._listeners:
            self._listeners = self._network.bind(self._host, self._port)
            self._port = self.address[1]

    @property
    def address(self) -> tuple[str, int]:
        """The real host and port, once bound."""
        host, port = self._listeners[0].getsockname()[:2]
        return host, port

    def _begin(self) -> None:
        limits = self._limits
        self._asked_to_drain = trio.Event()
        self._asked_to_stop = trio.Event()
        self._drained = trio.Event()
        self._sweeper = Sweeper(limits.silence, self._crashed)
        self._poller: Poller | None = None
        self._newcomers: Newcomers | None = None
        self._longpoll = LongPoll(self._rules, self._sweeper, self._app, lambda: self._open_now > limits.connections)
        self._http = Http(self._longpoll, limits.http_write)
        self._visitors = DynamicSupervisor("visitors", shutdown=SECONDS_TO_END, observer=self._saw)
        self._visits = count(1)
        self._room = Room(limits.handshakes)
        self._door = Door(self._rules, self._http, self._sweeper, None, self._room, lambda: self._open_now)
        self._staff = Supervisor("gateway", [], observer=self._observer)

    @property
    def _open_now(self) -> int:
        plain = len(self._poller) if self._poller is not None else 0
        return len(self._visitors) + plain + len(self._longpoll)

    async def run(self, started: Callable[[], Any]) -> None:
        """Serve until `stop`, and drain then. `OSError` when the port can't be had."""
        self.bind()
        if (epoll := self._network.epoll()) is not None:
            self._watch(Poller(epoll, self._network.readable, self._crashed, self._network.ring()))
        self._staff = self._hire()
        try:
            async with trio.open_nursery() as nursery:
                running = trio.Event()
                nursery.start_soon(self._staff.run, running.set)
                await running.wait()
                started()
                await self._asked_to_drain.wait()
                await self._drain()
                await self._asked_to_stop.wait()
                self._staff.stop()
        finally:
            self._hang_up()
            self._release()
            self._begin()

    def _watch(self, poller: Poller) -> None:
        self._door.poller = self._poller = poller
        if self._rules.tls is None:
            shared = (self._sweeper, self._room, self._limits)
            self._newcomers = Newcomers(self._door, poller, *shared, self._visit, self._crashed)

    def _hire(self) -> Supervisor:
        staff = [
            ChildSpec("visitors", lambda: self._visitors, shutdown=SECONDS_TO_END + 1),
            ChildSpec("sweeper", lambda: Worker(self._sweeper.run)),
        ]
        if (poller := self._poller) is not None:
            staff.append(ChildSpec("poller", lambda: Worker(poller.run)))
        staff.append(ChildSpec(ACCEPTORS, lambda: Worker(self._accept)))
        return Supervisor("gateway", staff, observer=self._observer)

    async def _accept(self) -> None:
        async with trio.open_nursery() as nursery:
            for listener in self._listeners:
                nursery.start_soon(Acceptor(listener, self._room, self._admit, self._network.readable).run)
            await trio.sleep_forever()

    def _admit(self, accepted: socket.socket) -> None:
        if self._newcomers is not None:
            self._newcomers.admit(accepted, f"newcomer {next(self._visits)}")
        else:
            self._visit(self._door.line(accepted), accepted)

    def _visit(self, line: Line, accepted: socket.socket) -> None:
        spec = ChildSpec(f"visitor {next(self._visits)}", lambda: _Visit(self._door, line), Restart.TEMPORARY)
        try:
            self._visitors.start(spec)
        except NotRunning:  # being cancelled
            accepted.close()

    async def serve(self, stream: Stream) -> None:
        """Serve a stream that came by another way than the port, until it ends; then it is closed."""
        await self._door.attend(Line(None, lambda: stream))

    def stop(self) -> None:
        """Drain, then return from `run`: within `limits.drain` + 2 seconds, whatever the clients do."""
        self._asked_to_drain.set()
        self._asked_to_stop.set()

    async def drain(self) -> None:
        """Accept nothing more; close all WebSockets with 1012, each when what it sent is answered; let HTTP requests
        end, for `limits.drain` seconds. `run` goes on until `stop`."""
        self._asked_to_drain.set()
        await self._drained.wait()

    async def _drain(self) -> None:
        await self._staff.stop_child(ACCEPTORS)
        for listener in self._listeners:
            listener.close()
        self._door.shut = self._sweeper.draining = True
        self._rules.house.close()
        with trio.move_on_after(self._limits.drain):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._retire)
                await self._say_goodbye()
            while self._sweeper.connections or len(self._http):  # noqa: ASYNC110 — once a process: not worth telling
                await trio.sleep(LOOK_AGAIN)
        self._hang_up()
        await self._http.abort()
        self._drained.set()

    def _hang_up(self) -> None:
        """On whoever is left."""
        for connection in list(self._sweeper.connections):
            connection.hang_up()
        if self._newcomers is not None:
            self._newcomers.hang_up()

    async def _retire(self) -> None:
        """Who is between two polls comes back on the connection that it has, for there is no other: until all have
        what was said to them, idle connections stay."""
        while len(self._longpoll):  # noqa: ASYNC110 — once a process: not worth telling
            await trio.sleep(LOOK_AGAIN)
        await self._http.retire()

    async def _say_goodbye(self) -> None:
        """To some at a time; the others talk on until it is their turn."""
        everybody = list(self._sweeper.connections)
        turns = [everybody[at : at + GOODBYES_A_TURN] for at in range(0, len(everybody), GOODBYES_A_TURN)]
        pause = min(PAUSE, self._limits.spread / max(1, len(turns)))
        advice = _come_back()
        async with trio.open_nursery() as nursery:
            for turn in turns:
                nursery.start_soon(self._part_with, turn, advice)
                if turn is not turns[-1]:
                    await trio.sleep(pause)

    async def _part_with(self, connections: list[Transport], advice: Iterator[str]) -> None:
        for connection in connections:
            connection.stop_listening()
        with trio.move_on_after(self._limits.grace):
            await self._rules.house.settle([connection.id for connection in connections])
        for connection in connections:
            connection.close(SERVICE_RESTART, f"service restart: {next(advice)}")

    def _release(self) -> None:
        """Give up the port, if only until it is bound again, and what waited for it."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        if self._poller is not None:
            self._poller.close()

    def _crashed(self, connection: Mortal, crash: Exit) -> None:
        """A bug in one connection, met by one of the staff: the others go on."""
        if self._observer is not None:
            self._observer(ChildEnded("connections", connection.id, crash, None))
        if contained(connection.close, INTERNAL_ERROR) is not None:
            contained(connection.hang_up)

    def tree(self) -> Node:
        """The staff, as it is now."""
        return self._staff.tree()

    def _saw(self, event: SupervisorEvent) -> None:
        if self._observer is not None and isinstance(event, ChildEnded) and event.exit.error is not None:
            self._observer(event)

    def statistics(self) -> GatewayStatistics:
        return GatewayStatistics(
            websockets=len(self._sweeper.connections) - len(self._longpoll),
            longpolls=len(self._longpoll),
            http=len(self._http),
            handshakes=self._room.taken,
            accepted=self._door.accepted,
            refused=self._door.refused,
            ring=self._poller is not None and self._poller.ring is not None,
        )


def _come_back() -> Iterator[str]:
    """When, for each who is sent away: 1012 by itself asks for a random delay (IANA's list of close codes), and to most
    clients this is only a remark in the log. Steps of the golden ratio spread any number of them evenly."""
    for nth in count(1):
        yield f"come back in {SOONEST + nth * GOLDEN % 1 * (LATEST - SOONEST):.1f} s"


class _Visit:
    """Somebody at the door, as a child of the visitors' supervisor."""

    def __init__(self, door: Door, line: Line) -> None:
        self._door = door
        self._line = line
        self._scope = trio.CancelScope()

    async def run(self, started: Callable[[], Any]) -> None:
        started()
        with self._scope:
            await self._door.attend(self._line)

    def stop(self) -> None:
        self._scope.cancel()
