"""What REST needs of the application."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs

from chatter.actors.rooms import Rooms
from chatter.bus.claims import Claims
from chatter.core.rate import RateLimit
from chatter.stores.port import Store
from chatter.tokens import Tokens


@attrs.frozen(kw_only=True)
class House:
    """The rooms, and who keeps the door.

    `messages` and `actions` are the same limits that sockets spend from. `disconnect` ends a user's connections on all
    nodes. `nodes` names the nodes that are up,
    `static` is the folder of the built page, `metrics` is Prometheus' text. `clock` and `started_at` count seconds.
    """

    rooms: Rooms
    tokens: Tokens
    messages: RateLimit
    actions: RateLimit
    claims: Claims
    disconnect: Callable[[str], Awaitable[None]]
    node: str
    nodes: Callable[[], list[str]]
    static: Path
    metrics: Callable[[], bytes]
    clock: Callable[[], float] = time.monotonic
    started_at: float = attrs.field(default=attrs.Factory(lambda self: self.clock(), takes_self=True))

    @property
    def store(self) -> Store:
        return self.rooms.store

    @property
    def uptime_s(self) -> float:
        return round(self.clock() - self.started_at, 3)
