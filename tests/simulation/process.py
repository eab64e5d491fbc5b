"""One process of the server: the real application on a simulated network, store and Redis. It may die at any moment;
then nothing of it reaches anybody any more, and the next one has what was committed."""

from collections.abc import Callable
from random import Random
from typing import Any

import trio

from chatter.actors.child import ChildEnded, Node
from chatter.application import Application, Ground
from chatter.core.model import User
from chatter.gateway import Limits
from chatter.settings import Settings
from tests.simulation.network import Network
from tests.simulation.redis import Cable
from tests.simulation.saboteur import PROCESS
from tests.simulation.store import Disk, SimulatedStore, Weather

SECRET = "the key of a simulated server"


class Process:
    """`address`: of the bus, for this process alone. `listening`: clients find it. `exited`: it has ended, by itself or
    after it was told to; `failure` says how. `ended` is told of each child that ends."""

    def __init__(
        self,
        name: str,
        address: str,
        network: Network,
        cable: Cable,
        disk: Disk,
        weather: Weather,
        chance: Random,
        backlog: int,
        ended: Callable[[ChildEnded], None],
    ) -> None:
        self.name = name
        self.address = address
        self.network = network
        self.cable = cable
        self.store = SimulatedStore(disk, weather, chance)
        self.exited = trio.Event()
        self.failure: BaseException | None = None
        self.dead = False
        ground = Ground(
            store=lambda *_: self.store,
            pages=lambda _house: _no_pages,
            network=network,
            limits=Limits(backlog=backlog),
        )
        settings = Settings(host="chat", secret_key=SECRET, message_rate=0.0, node=name, bus=address)
        self.app = Application(settings, ground=ground)
        self.app.telemetry.subscribe(ChildEnded, ended)

    @property
    def listening(self) -> bool:
        return not self.dead and self.network.listening

    async def run(self) -> None:
        PROCESS.set(self)
        try:
            self.app.bind()
            await self.app.root.run(lambda: None)
        except Exception as failure:  # noqa: BLE001 — whether it may fail is for the world to say
            self.failure = failure
        finally:
            self.dead = True
            self.network.sever()
            self.cable.die()
            self.exited.set()

    def die(self) -> None:
        """Its actors go on for a moment, but nothing of what they do has any effect."""
        self.dead = self.store.dead = True
        self.network.sever()
        self.cable.die()
        self.app.stop()

    def drain(self) -> None:
        """SIGTERM."""
        self.app.stop()

    # -- for who looks closely

    @property
    def connections(self) -> list[Any]:
        return list(self.app.gateway._sweeper.connections)

    def connection_on(self, plain: object) -> Any:
        """The gateway's connection on this socket of the network."""
        for connection in self.connections:
            held = getattr(connection, "_socket", None) or connection._stream.plain
            if held is plain:
                return connection
        return None

    def members(self, room: str) -> list[Any]:
        """Whom the room takes for its members; none when it does not run."""
        running = self._room(room)
        return [] if running is None else list(running._audience)

    @property
    def names(self) -> list[tuple[str, str]]:
        """The names that are held here, and whose they are."""
        claims: Any = self.app.bus.claims
        return list(claims._names)

    @property
    def users(self) -> list[User]:
        """Who is here."""
        seats = [sitting.seat for sitting in self.app.sessions._sittings.values()]
        return [seat.user for seat in seats if seat.user is not None]

    def told(self, room: str) -> int | None:
        """Up to which seq the room has told its members; None when it does not run."""
        running = self._room(room)
        return None if running is None else running._audience.told_seq

    def _room(self, name: str) -> Any:
        place = self.app._runners._places.get(f"room:{name}")
        return None if place is None else place.child

    def actors(self) -> list[Node]:
        return [node for node in self.app.tree().walk() if node.mailbox is not None]


async def _no_pages(*_: Any) -> None:
    raise AssertionError("nobody asks for pages here")
