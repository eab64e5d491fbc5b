"""Once nothing breaks any more: everybody has what is stored and sees who is there, and the server holds nothing but
what its clients need."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import trio

from tests.simulation.cluster import Cluster
from tests.simulation.node import Node
from tests.simulation.page import Room
from tests.simulation.people import Client
from tests.simulation.process import Process

LARGEST_WRITE = 65536


@attrs.frozen
class Quiet:
    """`unsettled` says what is not yet as it has to become; the others, what must not be."""

    cluster: Cluster
    clients: Sequence[Client]
    violated: Callable[[str], None]

    # -- what has to become true

    def unsettled(self) -> str | None:
        for node in self.cluster.nodes:
            running = [process for process in node.processes if not process.exited.is_set()]
            if running != [node.process] or not node.listening:
                return f"{len(running)} processes of node {node.number} run"
        if self.cluster.bots:
            return f"{self.cluster.bots} bots have no answer"
        for client in self.clients:
            if not client.idle:
                return f"{client.name} has a line that does not work"
            for room in client.page.rooms.values():
                if (why := self._unsettled_in(client, room)) is not None:
                    return f"{client.name} in {room.name}: {why}"
        return self._strangers() or next(filter(None, map(self._superfluous, self.cluster.nodes)), None)

    def _unsettled_in(self, client: Client, room: Room) -> str | None:
        if room.phase == "gone":
            return None
        if room.phase != "open":
            return f"it is {room.phase}"
        if client.page.user is not None and room.posting.outbox:
            return f"{room.posting.outbox} is not acknowledged"
        stored = len(self.cluster.setting.disk.rooms[room.name].events)
        if room.history.seq != stored:
            return f"it is at {room.history.seq}, not {stored}"
        shown, there = _shown(room), self._present(room.name)
        if not room.presence.synced or shown != there:
            return f"it sees {shown}, but there are {there}"
        return None

    def _present(self, name: str) -> list[tuple[str, str, str]]:
        """Who has the room open, on whichever node; who they are and their status is as the room knows it."""
        everybody = [member for node in self.cluster.nodes for member in node.process.members(name)]
        members = {member.connection.id: member for member in everybody}
        found = []
        for client in self.clients:
            connection = client.connection
            if client.page.rooms[name].phase != "open" or connection is None:
                continue
            member = members.get(connection.id)
            if member is None:
                found.append((client.name, "who", "is not a member"))
            elif member.user is not None:  # maybe unknown to the client, when the answer came too late
                found.append((member.user.id, member.user.name, member.status))
            elif client.page.user is not None:
                found.append((client.page.user["id"], "is somebody", "whom the room does not know"))
        return sorted(found)

    def _strangers(self) -> str | None:
        """All nodes know each other, and nobody else."""
        names = sorted(node.process.name for node in self.cluster.nodes)
        for node in self.cluster.nodes:
            if (known := list(node.process.app._nodes)) != names:
                return f"node {node.number} knows of {known}, not {names}"
        return None

    def _superfluous(self, node: Node) -> str | None:
        process, clients = node.process, [client for client in self.clients if client.node is node]
        connected = len(clients)
        counts = {
            "connections": len(process.connections),
            "sessions": len(process.app.sessions),
            "sockets": len(process.network.sockets),
        }
        for what, count in counts.items():
            if count != connected:
                return f"{count} {what} for {connected} clients on node {node.number}"
        for name in self.cluster.schedule.rooms:
            members = len(process.members(name))
            there = sum(client.page.rooms[name].phase == "open" for client in clients)
            if members != there:
                return f"{name} has {members} members, but {there} clients are in it"
        for actor in process.actors():
            if actor.mailbox is not None and actor.mailbox.waiting:
                return f"{actor.name} has messages that nobody takes"
        return None

    # -- what must not be

    def check(self) -> None:
        for client in self.clients:
            for room in client.page.rooms.values():
                if room.phase != "gone":
                    self._check_view(client, room)
        for node in self.cluster.nodes:
            self._check_gateway(node)
        self.check_bounds()

    def _check_view(self, client: Client, room: Room) -> None:
        """What is shown is the end of what is stored, and a window moves only when its client begins anew."""
        shown = list(room.history.messages.values())
        stored = [message.as_payload() for message in self.cluster.setting.disk.rooms[room.name].messages.values()]
        if shown != stored[len(stored) - len(shown) :] or (stored and not shown):
            self.violated(f"{client.name} sees {shown} in {room.name}, but stored is {stored}")

    def _check_gateway(self, node: Node) -> None:
        gateway = node.process.app.gateway
        if due := gateway._sweeper._due:
            self.violated(f"the sweeper waits for {due}")
        here = sum(client.node is node for client in self.clients)
        visitors = 0 if self.cluster.schedule.polled else here
        if len(gateway._visitors) != visitors:
            self.violated(f"{len(gateway._visitors)} visitors are left")

    def check_bounds(self) -> None:
        for node in self.cluster.nodes:
            if not node.process.exited.is_set():
                self._check_bounds_of(node.process)

    def _check_bounds_of(self, process: Process) -> None:
        for node in process.actors():
            # What a crash left to be handled again comes on top, and that was no more than a mailbox held.
            if node.mailbox is not None and node.mailbox.peak > 2 * node.mailbox.capacity:
                self.violated(f"{node.name} has {node.mailbox}")
        for connection in process.connections:
            backlog = connection._backlog
            if backlog is not None and backlog.behind > self.cluster.schedule.backlog + LARGEST_WRITE:
                self.violated(f"{backlog.behind} bytes wait for one socket")

    async def check_drain(self) -> None:
        """Everybody is told goodbye, and nothing is left."""
        told: dict[str, int] = {}
        for client in self.clients:
            client.page.socket.closed = _first_to(told, client.name)
        self.cluster.end()
        await self.cluster.drain()
        await trio.sleep(1)
        if told != {client.name: 1012 for client in self.clients}:
            self.violated(f"after a drain clients are closed with {told}")
        for node in self.cluster.nodes:
            if sockets := node.network.sockets:
                self.violated(f"sockets are left: {sockets}")


def _first_to(told: dict[str, int], name: str) -> Callable[[int], None]:
    def tell(code: int) -> None:
        told.setdefault(name, code)

    return tell


def _shown(room: Room) -> list[tuple[str, str, str]]:
    people: Any = room.presence.state.items()
    return sorted((user, meta["name"], meta["status"]) for user, metas in people for meta in metas)
