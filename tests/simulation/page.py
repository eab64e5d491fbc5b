"""Our page without its looks (`web/src/chat`, `connection`, `model`): a link that comes back, rooms that are kept true
over every loss of connection, and an outbox that sends again until a post is acknowledged.

What is left out: drafts, scrolling, unread marks, and giving a token up that was refused three times.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import attrs

from tests.simulation.agenda import Appointment
from tests.simulation.browser import Browser, WebSocket
from tests.simulation.phoenix import Channel, Presence
from tests.simulation.phoenix_socket import Socket

DELAYS = (0.05, 0.25, 0.5, 1.0, 2.0, 3.0)
FIRST_PAGE = 100
MOST_TRIES = 4
DURABLE = ("new_message", "message_edited", "message_deleted", "reaction")

Message = dict[str, Any]


class Witness(Protocol):
    """Whoever has to know what this page sees."""

    def overheard(self, page: "Page", message: Any, transport: WebSocket) -> None: ...
    def joined(self, room: "Room", reply: Any) -> None: ...
    def acknowledged(self, room: "Room", event: str, asked: Any, reply: Any) -> None: ...
    def refused(self, room: "Room", event: str, asked: Any, refusal: Any) -> None: ...
    def unanswered(self, room: "Room", event: str) -> None: ...
    def closed(self, page: "Page", code: int) -> None: ...


class History:
    """A window of messages that ends at the newest, and the number of the last event that went into it."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.messages: dict[str, Message] = {}

    def receive(self, name: str, payload: Any) -> str:
        """ "applied", "stale" or "gap"."""
        seq = payload["seq"]
        if self.seq is None or seq > self.seq + 1:
            return "gap"
        if seq <= self.seq:
            return "stale"
        self.seq = seq
        self._change(name, payload)
        return "applied"

    def joined(self, reply: Any) -> str:
        if not reply.get("resumed"):
            self.seq = reply["last_seq"]
            self.messages = {message["id"]: message for message in reply["messages"]}
            return "applied"
        if reply["last_seq"] < (self.seq or 0):
            return "gap"
        for name, payload in reply["events"]:
            if self.receive(name, payload) == "gap":
                return "gap"
        return "applied"

    def _change(self, name: str, payload: Any) -> None:
        if name == "new_message":
            self.messages[payload["id"]] = payload
        elif (message := self.messages.get(payload["id"])) is not None:
            self.messages[payload["id"]] = _changed(message, name, payload)


def _changed(message: Message, name: str, payload: Any) -> Message:
    if name == "message_deleted":
        kept = {key: message[key] for key in ("id", "seq", "user", "inserted_at")}
        return {**kept, "deleted": True, "text": ""}
    if message.get("deleted"):
        return message
    if name == "message_edited":
        return {**message, "text": payload["text"], "edited_at": payload["edited_at"]}
    return _reacted(message, payload)


def _reacted(message: Message, payload: Any) -> Message:
    given = {reaction["emoji"]: reaction["users"] for reaction in message.get("reactions", [])}
    users = [user for user in given.get(payload["emoji"], []) if user != payload["user"]["id"]]
    given[payload["emoji"]] = [*users, payload["user"]["id"]] if payload["on"] else users
    left = [{"emoji": emoji, "users": users} for emoji, users in given.items() if users]
    rest = {key: value for key, value in message.items() if key != "reactions"}
    return {**rest, "reactions": left} if left else rest


@attrs.define(eq=False)
class Post:
    """`state`: waiting, sending, stored or failed."""

    client_id: str
    text: str
    state: str = "waiting"
    tries: int = 0
    not_before: float = 0.0
    seq: int | None = None


class Posting:
    """Sends what was written, one at a time and in order, through every loss of connection."""

    def __init__(self, room: "Room") -> None:
        self.outbox: list[Post] = []
        self._room = room
        self._connection = 0
        self._timer: Appointment | None = None

    def post(self, client_id: str, text: str) -> None:
        self.outbox.append(Post(client_id, text))
        self.pump()

    def retry_failed(self) -> None:
        for post in self.outbox:
            if post.state == "failed":
                post.state, post.tries = "waiting", 0
        self.pump()

    def settle(self) -> None:
        """Forget what the room shows by now."""
        shown = {message.get("client_id") for message in self._room.history.messages.values()}
        seq = self._room.history.seq or 0
        self.outbox = [
            post
            for post in self.outbox
            if post.client_id not in shown and not (post.seq is not None and post.seq <= seq)
        ]

    def lost(self) -> None:
        self._connection += 1
        for post in self.outbox:
            if post.state == "sending":
                post.state = "waiting"

    def pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if any(post.state == "sending" for post in self.outbox) or not self._room.may_post:
            return
        post = next((post for post in self.outbox if post.state == "waiting"), None)
        if post is None:
            return
        patience = round(post.not_before - self._room.page.now, 3)
        if patience > 0:
            self._timer = self._room.page.browser.set_timeout(self.pump, patience)
        else:
            self._send(post)

    def _send(self, post: Post) -> None:
        connection = self._connection
        post.state = "sending"
        post.tries += 1
        asked = {"text": post.text, "client_id": post.client_id}

        def stored(reply: Any) -> None:
            if connection == self._connection:
                post.state, post.seq = "stored", reply["seq"]
                self.settle()
                self.pump()

        def refused(refusal: Any) -> None:
            if connection == self._connection:
                self._put_back(post, refusal)
                self.pump()

        self._room.ask("new_message", asked, stored, refused)

    def _put_back(self, post: Post, refusal: Any) -> None:
        passing = refusal["reason"] in ("unavailable", "timeout") and post.tries < MOST_TRIES
        post.state = "waiting" if passing else "failed"
        post.not_before = self._room.page.now + 0.5 * 2**post.tries


class Room:
    """One room as the page has it. `phase`: joining, open, lost, or gone (left by its person)."""

    def __init__(self, page: "Page", name: str) -> None:
        self.page = page
        self.name = name
        self.history = History()
        self.phase = "joining"
        self.posting = Posting(self)
        self.channel: Channel
        self.presence: Presence
        self._join()

    @property
    def may_post(self) -> bool:
        return self.phase == "open" and self.page.user is not None

    def ask(self, event: str, payload: Any, ok: Callable[[Any], None], refused: Callable[[Any], None]) -> None:
        witness = self.page.witness

        def answered(reply: Any) -> None:
            witness.acknowledged(self, event, payload, reply)
            ok(reply)

        def turned_down(refusal: Any) -> None:
            witness.refused(self, event, payload, refusal)
            refused(refusal)

        def timed_out(_: Any) -> None:
            witness.unanswered(self, event)
            refused({"reason": "timeout"})

        push = self.channel.push(event, payload)
        push.receive("ok", answered).receive("error", turned_down).receive("timeout", timed_out)

    def tell(self, event: str, payload: Any) -> None:
        """Once, and if it fails, it fails."""
        if self.may_post:
            self.ask(event, payload, lambda reply: None, lambda refusal: None)

    def leave(self) -> None:
        self._lost()
        self.phase = "gone"
        self.channel.leave()

    def come_back(self) -> None:
        """On the same socket, as the page does when it finds a gap."""
        if self.phase != "gone":
            self._lost()
            self.channel.leave()
        self.phase = "joining"
        self._join()

    def _join(self) -> None:
        channel = self.channel = self.page.socket.channel(f"chat:{self.name}", self._params)
        for name in DURABLE:
            channel.on(name, partial(self._receive, channel, name))
        channel.on("phx_error", lambda _: self._lost() if channel is self.channel else None)
        channel.on("phx_close", lambda _: self._shown_out(channel))
        self.presence = Presence(channel)
        push = channel.join()
        push.receive("ok", lambda reply: self._joined(channel, reply))
        push.receive("error", lambda refusal: self.page.witness.refused(self, "phx_join", {}, refusal))
        push.receive("timeout", lambda _: self.page.witness.unanswered(self, "phx_join"))

    def _params(self) -> Any:
        seq = self.history.seq
        return {"limit": FIRST_PAGE} if seq is None else {"limit": FIRST_PAGE, "after": seq}

    def _joined(self, channel: Channel, reply: Any) -> None:
        if channel is not self.channel:
            return
        if self.history.joined(reply) == "gap":
            self.page.gaps += 1
            self.history = History()
            self.come_back()
            return
        self.page.witness.joined(self, reply)
        self.page.joined_as(reply["user"])
        self.posting.settle()
        self.phase = "open"
        if self.page.away:
            self.tell("status", {"status": "away"})
        self.posting.pump()

    def _receive(self, channel: Channel, name: str, payload: Any) -> None:
        if channel is not self.channel or self.phase == "gone":
            return
        verdict = self.history.receive(name, payload)
        if verdict == "gap":
            self.page.gaps += 1
            self.come_back()
        elif verdict == "applied":
            self.posting.settle()

    def _lost(self) -> None:
        self.posting.lost()
        if self.phase == "open":
            self.phase = "lost"

    def _shown_out(self, channel: Channel) -> None:
        """The server ended the channel though nobody left: back in a second."""
        if channel is self.channel and self.phase != "gone":
            self._lost()
            self.page.browser.set_timeout(lambda: self._back_from(channel), 1.0)

    def _back_from(self, channel: Channel) -> None:
        if channel is self.channel and self.phase != "gone" and not self.page.shut:
            self._join()


class Page:
    """One tab. `user`: who it is, as far as it was told. `away`: its person is, and rooms are told so on arrival.
    `gaps`: how often it had to begin a room anew."""

    def __init__(self, browser: Browser, witness: Witness, token: str | None) -> None:
        self.browser = browser
        self.witness = witness
        self.token = token
        self.user: dict[str, Any] | None = None
        self.rooms: dict[str, Room] = {}
        self.away = False
        self.gaps = 0
        self.shut = False
        self.socket = Socket(browser, self._delay)
        self.socket.token = self._told_token if token is not None else None
        self.socket.closed = lambda code: witness.closed(self, code)
        self.socket.overheard = lambda message, transport: witness.overheard(self, message, transport)
        self.socket.connect()

    @property
    def now(self) -> float:
        return self.browser.agenda.now

    def _told_token(self) -> str:
        assert self.token is not None
        return self.token

    def _delay(self, tries: int) -> float:
        return (*DELAYS, *[5.0] * tries)[tries - 1] * (0.75 + self.browser.chance.random() / 2)

    def enter(self, name: str) -> Room:
        room = self.rooms[name] = Room(self, name)
        return room

    def joined_as(self, user: dict[str, Any] | None) -> None:
        """The server's word counts: who identified, lost the answer and connects again, is nobody."""
        self.user = user

    def identify(self, name: str) -> None:
        """As whoever is asked for a name and gives one."""
        room = next((room for room in self.rooms.values() if room.phase == "open"), None)
        if room is None or self.user is not None:
            return

        def known(reply: Any) -> None:
            self.user, self.token = reply["user"], reply["token"]
            self.socket.token = self._told_token
            for room in self.rooms.values():
                room.posting.pump()

        room.ask("identify", {"name": name}, known, lambda refusal: None)

    def again(self) -> None:
        """Hang up and connect at once."""
        self.socket.disconnect(lambda: None if self.shut else self.socket.connect())

    def close(self) -> None:
        """The tab is closed: nothing of it goes on."""
        self.shut = True
        self.socket.disconnect()
        for room in self.rooms.values():
            room.phase = "gone"
