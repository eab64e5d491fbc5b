"""The bus: what this node tells the others, and hears of them.

It is allowed to be bad at it, since nothing that must not be lost depends on it: rooms order what they hear by `seq`
and fetch what they miss from the store, presence is told again and again. What every adapter promises
(`tests/contracts/test_bus.py`):

* `publish` never waits and never raises. What it tells may be lost, may come twice, and in another order. What there
  is to tell is encoded only if somebody might hear it.
* Who publishes does not hear it, but others who subscribed on the same channel do.
* A subscription's `missed` is called whenever it may have missed something: as soon as it hears anything at all
  (when it is not `alone`), and when it hears again after a break.
* While the others can't be reached this node is alone, and `connected` says so.
"""

from collections.abc import Callable
from typing import Any, Protocol

import attrs

from chatter.bus.claims import Claims


@attrs.frozen
class BusConnected:
    """Telemetry: the others can be reached, again or for the first time."""

    where: str


@attrs.frozen
class BusLost:
    """Telemetry: the others can't be reached; it goes on trying."""

    where: str
    why: str


BusEvent = BusConnected | BusLost


class Subscription(Protocol):
    def end(self) -> None:
        """Hear no more. Twice: nothing happens."""
        ...


class Bus(Protocol):
    """A child of the supervision tree that may be spoken to at any time, whether it runs or not."""

    @property
    def claims(self) -> Claims: ...

    @property
    def connected(self) -> bool: ...

    @property
    def alone(self) -> bool:
        """Whether no other node exists at all, whether it can be reached or not."""
        ...

    async def run(self, started: Callable[[], Any]) -> None: ...

    def stop(self) -> None: ...

    def publish(self, channel: str, encode: Callable[[], bytes]) -> None: ...

    def subscribe(self, channel: str, heard: Callable[[bytes], None], missed: Callable[[], None]) -> Subscription:
        """Have `heard` and `missed` called, in a task of the bus; they must not raise."""
        ...
