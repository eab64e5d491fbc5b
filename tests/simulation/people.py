"""People at their machines: what they do, and what happens to their lines."""

from functools import partial
from typing import Any

import attrs

from chatter.core.model import User
from chatter.tokens import Tokens
from tests.simulation.browser import Browser, WebSocket
from tests.simulation.chance import stream
from tests.simulation.cluster import Cluster
from tests.simulation.node import PUSH_TIMEOUT, RECENT, Node
from tests.simulation.page import Page, Room
from tests.simulation.process import SECRET
from tests.simulation.witness import Witness

HEARTBEATS = 70.0
LONG = 800


@attrs.define(eq=False)
class Client:
    """One machine, and the tab that is open on it. `token`: who it is before it says so; None is a visitor."""

    name: str
    browser: Browser
    witness: Witness
    cluster: Cluster
    token: str | None
    said: int = 0
    page: Page = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._open()

    def _open(self) -> None:
        self.page = Page(self.browser, self.witness, self.token)
        for room in self.cluster.schedule.rooms:
            self.page.enter(room)

    @property
    def connection(self) -> Any:
        """The server's side of the socket, None when it has none."""
        connection = self.page.socket.connection
        plain = None if connection is None else connection.transport.end.server
        node = self.node
        return None if plain is None or node is None else node.process.connection_on(plain)

    @property
    def node(self) -> Node | None:
        """The node that it dialled last."""
        host = self.browser.host
        assert host is None or isinstance(host, Node)
        return host

    @property
    def idle(self) -> bool:
        """It is connected, its line works, and nothing is on its way."""
        return self.page.socket.connected and all(plain.end.idle for plain in self.browser.sockets)

    def _out_of_touch(self, seconds: float = 0.0) -> None:
        """What it asked may stay without an answer, and its socket may go."""
        self.witness.trouble.line(self.name, self.page.now + seconds + 2 * PUSH_TIMEOUT)

    # -- what its person does

    def say(self, room: Room, number: int) -> None:
        if self.page.user is None or room.phase == "gone":
            return
        self.said += 1
        text = f"{self.name} says {self.said}" + "." * (LONG if number < 15 else 0)
        room.posting.post(f"{self.name}-{self.said}", text)

    def edit(self, room: Room, number: int) -> None:
        if (message := self._own(room, number)) is not None:
            room.tell("edit_message", {"id": message, "text": f"better {number}"})

    def delete(self, room: Room, number: int) -> None:
        if (message := self._own(room, number)) is not None:
            room.tell("delete_message", {"id": message})

    def _own(self, room: Room, number: int) -> str | None:
        user = self.page.user
        return _chosen([m for m in room.history.messages.values() if user and m["user"]["id"] == user["id"]], number)

    def react(self, room: Room, number: int) -> None:
        if (message := _chosen(list(room.history.messages.values()), number)) is not None:
            room.tell("react", {"id": message, "emoji": "+1", "on": number % 3 > 0})

    def typing(self, room: Room, number: int) -> None:
        room.tell("typing", {"typing": number % 2 == 0})

    def status(self, room: Room, number: int) -> None:
        self.page.away = number % 2 == 1
        room.tell("status", {"status": "away" if self.page.away else "online"})

    def history(self, room: Room, number: int) -> None:
        room.tell("history", {"before": number, "limit": 10})

    def read(self, room: Room, number: int) -> None:
        room.tell("read", {"seq": number})

    def identify(self, _room: Room, number: int) -> None:
        if self.token is None:
            guests = self.cluster.schedule.guests or (self.name.replace(" ", "-"),)
            self.page.identify(guests[number % len(guests)])

    def leave(self, room: Room, _number: int) -> None:
        self._out_of_touch()
        room.leave()

    def come_back(self, room: Room, _number: int) -> None:
        self._out_of_touch()
        room.come_back()

    def again(self, _room: Room, _number: int) -> None:
        """Hang up and connect at once."""
        self._out_of_touch()
        self.page.again()

    def reopen(self, _room: Room, _number: int) -> None:
        """Close the tab and open another."""
        self._out_of_touch()
        self.page.close()
        self._open()

    def try_again(self) -> None:
        for room in self.page.rooms.values():
            room.posting.retry_failed()

    # -- what happens to its line

    def reset(self) -> None:
        self._out_of_touch()
        for plain in self.browser.sockets:
            plain.end.reset()

    def cut(self, size: int) -> None:
        """After so many bytes more, also in the midst of a frame."""
        for plain in self.browser.sockets:
            plain.end.inward.cut(size, partial(self._cut_off, plain))

    def _cut_off(self, plain: WebSocket) -> None:
        self._out_of_touch()
        plain.end.reset()

    def stall(self, direction: str, seconds: float) -> None:
        self._out_of_touch(seconds + 30)
        self.witness.trouble.delay(self.name, self.page.now + seconds + RECENT)
        for plain in self.browser.sockets:
            line = plain.end.inward if direction == "down" else plain.end.outward
            line.stall()
            self.browser.set_timeout(line.resume, seconds)

    def vanish(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._out_of_touch(HEARTBEATS)
        for plain in self.browser.sockets:
            plain.end.vanish()

    def calm_down(self) -> None:
        """Lines that are to be cut stay whole; whoever left a room comes back."""
        for plain in self.browser.sockets:
            plain.end.inward.spare()
        for room in self.page.rooms.values():
            if room.phase == "gone" and self.token is not None:
                room.come_back()


def arrived(cluster: Cluster, witness: Witness) -> list[Client]:
    """Everybody of the schedule, with their tabs open."""
    schedule, tokens, clients = cluster.schedule, Tokens(SECRET), []
    for nth, user in enumerate(schedule.users):
        name = f"client {nth}"
        browser = Browser(name, cluster.setting.agenda, stream(schedule.seed, name), schedule.conditions, cluster.dial)
        browser.malformed = cluster.setting.violated
        token = None if user is None else tokens.mint(User(f"u-{user}", user))
        clients.append(Client(name, browser, witness, cluster, token))
    return clients


def _chosen(messages: list[Any], number: int) -> str | None:
    return str(messages[number % len(messages)]["id"]) if messages else None
