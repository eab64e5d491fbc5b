"""Sees all that clients see and all that is stored, and says what must not be.

* What is acknowledged is stored, once, and every retry's answer is the first one's.
* What is told was stored before, and is told to each socket in `seq` order, nothing missing and nothing twice.
* Nothing is refused, left unanswered or hung up without a reason that the schedule gave.

`Trouble` and each node's `Excuses` know the reasons: each fault excuses some of this, for some time.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import Message
from tests.simulation.browser import Host, WebSocket
from tests.simulation.excuses import Trouble
from tests.simulation.page import DURABLE, Page, Room
from tests.simulation.store import Disk

KINDS: dict[str, type] = {
    "new_message": Posted,
    "message_edited": Edited,
    "message_deleted": Deleted,
    "reaction": Reacted,
}

CHANGES = ("edit_message", "delete_message", "react")


class Witness:
    """`violated`: told of the first thing that must not be. `trace`: everything that was seen, in order. `name_in_use`:
    whether somebody (but one) is called so, or was a moment ago. `presence_told`: told of what clients hear of it."""

    def __init__(
        self,
        disk: Disk,
        now: Callable[[], float],
        violated: Callable[[str], None],
    ) -> None:
        self.trace: list[tuple[Any, ...]] = []
        self.trouble = Trouble()
        self.acks = 0
        self.deliveries = 0
        self.name_in_use: Callable[[str, str | None], bool] = lambda name, but: False
        self.presence_told: Callable[[Page, WebSocket, str, str, Any], None] = lambda *_: None
        self._disk = disk
        self._stored_at: dict[str, list[float]] = {name: [] for name in disk.rooms}
        self._now = now
        self._violated = violated
        self._scanned: dict[str, int] = dict.fromkeys(disk.rooms, 0)
        self._posts: dict[tuple[str, str, str], Message] = {}
        self._replies: dict[tuple[str, str, str], Any] = {}
        self._texts: dict[str, list[str]] = {}
        self._told: dict[tuple[WebSocket, str], int] = {}
        self._whose: dict[str, Any] = {}  # tokens that were given
        self._nobodies: set[Page] = set()  # came with a token whose name is somebody else's by now
        disk.seen = self._look_at_disk

    def note(self, *what: Any) -> None:
        self.trace.append((round(self._now(), 3), *what))

    # -- the store

    def _look_at_disk(self) -> None:
        for name, room in self._disk.rooms.items():
            for event in room.events[self._scanned[name] :]:
                self._scanned[name] += 1
                self._stored_at[name].append(self._now())
                self.note("stored", name, event.seq, event.name, event.message_id)
                if event.seq != self._scanned[name]:
                    self._violated(f"{name} stores seq {event.seq} at place {self._scanned[name]}")
                self._remember(name, event)

    def stored_by(self, room: str, when: float) -> int:
        """The room's last seq at that time."""
        return bisect_right(self._stored_at[room], when)

    def _remember(self, room: str, event: Event) -> None:
        if isinstance(event, Edited):
            self._texts[event.message_id].append(event.text)
        if not isinstance(event, Posted):
            return
        message = event.message
        self._texts[message.id] = [message.text]
        key = (room, message.user.id, message.client_id or message.id)
        if key in self._posts:
            self._violated(f"{key} is stored twice: {self._posts[key].seq} and {message.seq}")
        self._posts[key] = message

    # -- what clients hear

    def overheard(self, page: Page, message: Any, transport: WebSocket) -> None:
        join_ref, ref, topic, event, payload = message
        self.deliveries += 1
        self.note(page.browser.name, "hears", join_ref, ref, topic, event, payload)
        if event == "phx_reply" and "last_seq" in payload["response"]:
            self._let_in(page, transport, topic, payload["response"])
        elif event in ("phx_close", "phx_error"):
            self._told.pop((transport, topic), None)
        elif event.startswith("presence_"):
            self.presence_told(page, transport, topic, event, payload)
        elif event in DURABLE:
            self._check_told(page, topic, event, payload)
            expected = self._told.get((transport, topic))
            if payload["seq"] != expected:
                self._violated(f"{page.browser.name} is told {payload['seq']} of {topic}, not {expected}")
            self._told[transport, topic] = payload["seq"] + 1

    def _let_in(self, page: Page, transport: WebSocket, topic: str, reply: Any) -> None:
        last = reply["last_seq"]
        events = reply.get("events", [])
        for nth, (name, payload) in enumerate(events):
            self._check_told(page, topic, name, payload)
            if payload["seq"] != last - len(events) + 1 + nth:
                self._violated(f"{page.browser.name} resumes {topic} with {payload['seq']} at place {nth} up to {last}")
        if last > len(self._stored(topic).events):
            self._violated(f"{page.browser.name} is told of seq {last} of {topic}, which is not stored")
        self._told[transport, topic] = last + 1

    def _check_told(self, page: Page, topic: str, name: str, payload: Any) -> None:
        events = self._stored(topic).events
        seq = payload["seq"]
        if not 1 <= seq <= len(events):
            self._violated(f"{page.browser.name} is told {seq} of {topic}, which is not stored")
            return
        event: Event = events[seq - 1]
        if type(event) is not KINDS[name] or event.message_id != payload["id"]:
            self._violated(f"{page.browser.name} is told {name} {payload} of {topic}, which is {event}")
        elif name == "new_message" and payload["text"] not in [*self._texts[payload["id"]], ""]:
            self._violated(f"{page.browser.name} is told a text that nobody wrote: {payload}")

    def _stored(self, topic: str) -> Any:
        return self._disk.rooms[topic.partition(":")[2]]

    # -- what clients are answered

    def joined(self, room: Room, reply: Any) -> None:
        page = room.page
        self._nobodies.discard(page)
        if page.token is None or reply["user"] is not None:
            return
        self._nobodies.add(page)
        user = self._whose.get(page.token)
        if user is None or not self.name_in_use(user["name"], user["id"]):
            self._violated(f"{page.browser.name} came with a token and is nobody")

    def acknowledged(self, room: Room, event: str, asked: Any, reply: Any) -> None:
        self.acks += 1
        events = self._disk.rooms[room.name].events
        if event == "identify":
            self._whose[reply["token"]] = reply["user"]
        if "seq" in reply and not 1 <= reply["seq"] <= len(events):
            self._violated(f"{event} {asked} is acknowledged as {reply}, which is not stored")
        elif event == "new_message":
            assert room.page.user is not None
            self.posted(room.name, room.page.user["id"], asked, reply, room.page.browser.host)
        elif (
            event in ("edit_message", "delete_message", "react") and events[reply["seq"] - 1].message_id != asked["id"]
        ):
            self._violated(f"{event} {asked} is acknowledged as {reply}, which is something else")

    def posted(self, room: str, user: str, asked: Any, reply: Any, host: Host | None) -> None:
        """A post is acknowledged."""
        key = (room, user, asked["client_id"])
        message = self._posts.get(key)
        if message is None or (message.id, message.seq) != (reply["id"], reply["seq"]) or message.text != asked["text"]:
            self._violated(f"{asked} is acknowledged as {reply}, but stored as {message}")
        if self._replies.setdefault(key, reply) != reply:
            self._violated(f"{asked} is answered {reply} after {self._replies[key]}")
        if host is not None and (told := host.told(room)) is not None and told < reply["seq"]:
            host.owes(room, reply["seq"])

    def bot_refused(self, host: Host, asked: Any, refusal: Exception) -> None:
        self.note("a bot is refused", str(refusal))
        if self._now() > host.excuses.refusals:
            self._violated(f"a bot is refused {asked}: {refusal}")

    def refused(self, room: Room, event: str, asked: Any, refusal: Any) -> None:
        reason = refusal["reason"]
        self.note(room.page.browser.name, "is refused", event, reason)
        if not self._may_refuse(room, event, asked, reason):
            self._violated(f"{room.page.browser.name} is refused {event} {asked}: {refusal}")

    def _may_refuse(self, room: Room, event: str, asked: Any, reason: str) -> bool:
        match reason:
            case "unavailable":
                return self._troubled(room)
            case "not_found":
                message = self._disk.rooms[room.name].messages.get(asked.get("id"))
                return event in ("edit_message", "react") and (message is None or message.deleted)
            case "name_taken":
                line = self.trouble.lines.get(room.page.browser.name, -1.0)
                return self._now() <= line or self.name_in_use(asked["name"], None)
            case "unauthorized":  # what they said is pushed again, by somebody who is nobody now
                return room.page in self._nobodies
            case "unmatched topic":
                return event != "phx_join" and self._troubled(room)
            case _:
                return False

    def _troubled(self, room: Room) -> bool:
        host = room.page.browser.host
        refusals = -1.0 if host is None else host.excuses.refusals
        return self._now() <= max(refusals, self.trouble.delays.get(room.page.browser.name, -1.0))

    def unanswered(self, room: Room, event: str) -> None:
        name = room.page.browser.name
        self.note(name, "gets no answer to", event)
        if self._now() > max(self.trouble.silence, self.trouble.lines.get(name, -1.0)):
            self._violated(f"{name} gets no answer to {event}")

    def closed(self, page: Page, code: int) -> None:
        name, now = page.browser.name, self._now()
        self.note(name, "is closed with", code)
        closing = {} if page.browser.host is None else page.browser.host.excuses.closing
        if now > max(closing.get(code, -1.0), self.trouble.lines.get(name, -1.0)):
            self._violated(f"the socket of {name} is closed with {code}")
