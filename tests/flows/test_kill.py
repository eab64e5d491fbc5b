"""`kill -9` under load: what was acknowledged is there, once, in order, and who comes back misses nothing."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import attrs
import trio

from .client import Client, Closed, Handshake, Place, connect
from .conftest import calling
from .server import Server

LIVES: Final = 5
SENDERS: Final = 4
AT_ONCE: Final = 8
ACKNOWLEDGED_A_LIFE: Final = 150

Event = tuple[str, Any]


@attrs.define
class Sender:
    """Sends numbered messages, several at once; what is not acknowledged when the server dies, it sends again."""

    token: str
    acknowledged: dict[str, Any] = attrs.Factory(dict)
    open: dict[str, None] = attrs.Factory(dict)  # as an ordered set
    numbers: Iterator[int] = attrs.Factory(lambda: count(1))

    async def send(self, url: str, acknowledged: trio.MemorySendChannel[None]) -> None:
        """Until the server dies."""
        async with trio.open_nursery() as nursery:
            client = await connect(nursery, url, Handshake(query=f"vsn=2.0.0&token={self.token}"))
            place = await client.join("chat:lobby", limit=0)
            again = list(self.open) + list(self.acknowledged)[-1:]
            refs = [(client_id, await self._say(place, client_id)) for client_id in again]
            try:
                for client_id, ref in refs:
                    self._acknowledge(client_id, await client.answer(ref))
                while True:
                    await self._pipeline(place)
                    acknowledged.send_nowait(None)
            except Closed:
                return

    async def _pipeline(self, place: Place) -> None:
        while len(self.open) < AT_ONCE:
            self.open[f"{self.token[-8:]}-{next(self.numbers)}"] = None
        refs = [(client_id, await self._say(place, client_id)) for client_id in list(self.open)]
        for client_id, ref in refs:
            self._acknowledge(client_id, await place.client.answer(ref))

    async def _say(self, place: Place, client_id: str) -> str:
        return await place.send("new_message", text=f"I am {client_id}", client_id=client_id)

    def _acknowledge(self, client_id: str, reply: Any) -> None:
        assert self.acknowledged.setdefault(client_id, reply) == reply
        self.open.pop(client_id, None)


@attrs.define
class Reader:
    """Reads along, and when it comes back asks for what it missed."""

    events: list[Event] = attrs.Factory(list)

    @property
    def seq(self) -> int:
        return self.events[-1][1]["seq"] if self.events else 0

    async def read(self, url: str) -> None:
        """Until the server dies."""
        async with trio.open_nursery() as nursery:
            client = await connect(nursery, url, Handshake())
            place = await client.join("chat:lobby", after=self.seq)
            self._resume(place)
            await client.closing_sometime()
            self.events += place.events()

    async def catch_up(self, client: Client) -> None:
        self._resume(await client.join("chat:lobby", after=self.seq))

    def _resume(self, place: Place) -> None:
        assert place.welcome["resumed"] is True
        self.events += [(event, payload) for event, payload in place.welcome["events"]]


async def _live_and_die(server: Server, senders: list[Sender], readers: list[Reader]) -> None:
    """One life of the server, ended in the middle of everything."""
    tell, told = trio.open_memory_channel[None](10_000)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for reader in readers:
                nursery.start_soon(reader.read, server.socket_url)
            for sender in senders:
                nursery.start_soon(sender.send, server.socket_url, tell)
            for _ in range(ACKNOWLEDGED_A_LIFE // AT_ONCE):
                await told.receive()
            server.kill()


async def test_nothing_acknowledged_is_lost_doubled_or_moved_when_the_server_is_killed(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    constant, late, fresh = Reader(), Reader(), Reader()
    async with Server(tmp_path, "--message-rate", "0") as server:
        async with calling(server) as rest:
            senders = [Sender(await rest.guest("sender")) for _ in range(SENDERS)]
        for life in range(LIVES):
            await _live_and_die(server, senders, [constant] if life % 2 else [constant, late])
            server.start()
        client = await connect(nursery, server.socket_url, Handshake())
        for reader in (constant, late, fresh):
            await reader.catch_up(client)
        stored = await _everything(server)
        await client.leave()

    assert len(stored) >= LIVES * ACKNOWLEDGED_A_LIFE * 0.9
    assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))
    client_ids = [message["client_id"] for message in stored]
    assert len(set(client_ids)) == len(client_ids)
    by_client_id = {message["client_id"]: message for message in stored}
    for sender in senders:
        assert sender.acknowledged
        for client_id, reply in sender.acknowledged.items():
            assert {key: by_client_id[client_id][key] for key in reply} == reply
    told = [("new_message", message) for message in stored]
    for reader in (constant, late, fresh):
        assert reader.events == told


async def _everything(server: Server) -> list[Any]:
    """All messages of the lobby, page by page."""
    messages: list[Any] = []
    async with calling(server) as rest:
        more = True
        while more:
            after = messages[-1]["seq"] if messages else 0
            page = await rest.get("/api/channels/lobby/messages", after=after, limit=500)
            messages += page["messages"]
            more = page["more"]
    return messages
