"""The bus of a node that has no others, or only others in the same process."""

from collections.abc import Callable
from typing import Any

import trio

from chatter.bus.listeners import Listener, Listeners
from chatter.core.names import Names


class Exchange:
    """Connects the local buses that are given the same one."""

    def __init__(self) -> None:
        self.buses: dict[LocalBus, None] = {}
        self.names = Names()


class LocalClaims:
    """`chatter.bus.claims.Claims`, in this process."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._holders: dict[str, None] = {}

    async def claim(self, name: str, user_id: str, holder: str) -> bool:
        granted = self._names.claim(name, user_id, holder)
        self._names.freed.clear()
        if granted:
            self._holders[holder] = None
        return granted

    def release(self, holder: str) -> None:
        self._holders.pop(holder, None)
        self._names.release(holder)
        self._names.freed.clear()

    async def in_use(self, name: str) -> bool:
        return name in self._names

    def release_all(self) -> None:
        """The node has ended."""
        for holder in list(self._holders):
            self.release(holder)


class LocalBus:
    """`chatter.bus.port.Bus`, without a network: others hear at once, in the publisher's task."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self._exchange = exchange or Exchange()
        self._listeners = Listeners()
        self.claims = LocalClaims(self._exchange.names)
        self._stop = trio.Event()

    @property
    def connected(self) -> bool:
        return self in self._exchange.buses

    @property
    def alone(self) -> bool:
        return len(self._exchange.buses) < 2

    async def run(self, started: Callable[[], Any]) -> None:
        self._stop = trio.Event()
        self._exchange.buses[self] = None
        try:
            for bus in [] if self.alone else list(self._exchange.buses):
                for channel in list(bus._listeners):
                    bus._listeners.have_missed(channel)
            started()
            await self._stop.wait()
            self.claims.release_all()  # not in a crash: whoever holds a name still does
        finally:
            self._exchange.buses.pop(self, None)

    def stop(self) -> None:
        self._stop.set()

    def publish(self, channel: str, encode: Callable[[], bytes]) -> None:
        if self.connected and not self.alone:
            data = encode()
            for bus in list(self._exchange.buses):
                if bus is not self:
                    bus._listeners.hear(channel, data)

    def subscribe(self, channel: str, heard: Callable[[bytes], None], missed: Callable[[], None]) -> Listener:
        listener = self._listeners.add(channel, heard, missed)
        if self.connected and not self.alone:
            missed()
        return listener
