"""A room: it lets members in, takes commands, stores them, and tells its members what happened, in `seq` order.

It takes all that waits in its mailbox at once: commands are stored in one transaction, their events encoded once for
each lane and written as one piece to each member. A burst thus costs a member one write, not one an event. While
several people talk at the same moment, on whichever nodes, it gathers for `GATHER` seconds between two batches (as
PostgreSQL's `commit_delay` does), because a batch costs as much as a dozen messages; somebody who talks alone never
waits.

Whatever crashes here is handled again by the next incarnation (`redeliver`), which is safe: a command that was stored
before is recognised by its id, members and what is on its way to them are the `Audience`'s, which stays, and the rest
comes back from the store.

Rooms of one name on several nodes are one room: each stores for itself, tells its own members, and has the others hear
of it over the bus. One that stores something before it has heard of all that was stored earlier answers the sender, but
tells nobody yet: what is missing comes over the bus in a moment. What does not come within `HOLD` is in the store.

The store is also where a room ends: one that a moderator closed is not found there. Whichever way this is noticed, the
members are told that their join is over (`phx_close`: Phoenix's clients then don't come back), and the actor ends.

A store that fails may have stored all the same, and its writer goes on though the room that asked it has crashed. So
after either the room looks once more (`_doubt`): whatever is stored is told, also when nobody sends anything again.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import trio

from chatter.actors.actor import Actor
from chatter.actors.attendance import Attendance
from chatter.actors.audience import Audience, Lane
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Mailbox, Ref
from chatter.actors.member import Member
from chatter.actors.outcomes import answer_all, newest_seq, refuse_all
from chatter.actors.presence import PresenceChanged, PresenceMessage
from chatter.actors.room_messages import (
    Closed,
    Doubt,
    EndIfIdle,
    Join,
    Leave,
    MemberChanged,
    Overheard,
    RoomMessage,
    StoredUpTo,
    Submit,
    TellPresence,
    TypingChanged,
)
from chatter.actors.settling import Settle
from chatter.bus.port import Bus
from chatter.core.events import Event
from chatter.core.log import EVENTS, MESSAGES, RoomLog
from chatter.core.resequencer import Resequencer
from chatter.errors import NotFound, Refused, Unavailable
from chatter.stores.port import Known, Outcome, Store, Stored, Tail
from chatter.wire import nodes
from chatter.wire.phoenix import encode

IDLE_AFTER: Final = 60.0
GATHER: Final = 0.002
LOOK_AGAIN: Final = 1.0
GLANCE: Final = 0.5
HOLD: Final = 0.03


def channel(name: str) -> str:
    """On which the nodes tell each other what happens in the room."""
    return f"room:{name}"


class Room(Actor[RoomMessage]):
    """One room's only writer on this node."""

    redeliver = True

    def __init__(
        self,
        mailbox: Mailbox[RoomMessage],
        name: str,
        audience: Audience,
        store: Store,
        presence: Ref[PresenceMessage],
        bus: Bus,
    ) -> None:
        super().__init__(mailbox)
        self._name = name
        self._channel = channel(name)
        self._bus = bus
        self._audience = audience
        self._store = store
        self._attendance = Attendance(name, mailbox.ref, audience, presence)
        self._log = RoomLog(0, [], [])
        self._early = Resequencer()
        self._used_at = trio.current_time()
        self._idle = False
        self._settling: list[Settle] = []
        self._closed = False
        self._look_again_at = math.inf
        self._blind_until = -math.inf
        self._events_told = 0

    async def run(self, started: Callable[[], Any]) -> None:
        ears = self._bus.subscribe(self._channel, self._overhear, self._miss)
        try:
            await super().run(started)
        finally:
            ears.end()

    async def started(self) -> None:
        """Load the newest of the log, and tell the members what an earlier incarnation left untold."""
        try:
            tail = await self._tail()
        except NotFound:
            self._close()
            return
        self._log = RoomLog(tail.last_seq, tail.events, tail.messages)
        if self._audience.told_seq is None:
            self._audience.told_seq = tail.last_seq
            self._audience.knows_people = self._bus.alone
        else:  # what the last incarnation asked to be stored may be stored only now
            self._doubt()
        self._attendance.tell_everything()

    async def _tail(self) -> Tail:
        """Members are worth waiting for a store that is out of reach: giving up, the room would lose them."""
        while True:
            try:
                return await self._store.tail(self._name, events=EVENTS, messages=MESSAGES)
            except Unavailable:
                if not len(self._audience):
                    raise
            await trio.sleep(LOOK_AGAIN)

    async def serve(self) -> None:
        if not self._closed:
            await self._catch_up()
        while not (self._closed or (self._idle and self._unused)):
            self._idle = False
            batch = await self._next_batch()
            if self._events_told > 1:
                batch = await self._with_what_is_said_here(batch)
            began = trio.current_time()
            self._events_told = 0
            await self._handle_all(batch)
            if self._events_told > 1:
                await trio.sleep_until(began + GATHER)
        if self._closed:
            self._turn_away()

    async def _next_batch(self) -> list[RoomMessage]:
        """All that waits; nothing when it was time to look in the store."""
        look_at = self._look_at
        if look_at == math.inf:
            return await self.mailbox.get_all()
        if trio.current_time() < look_at:
            with trio.move_on_at(look_at):
                return await self.mailbox.get_all()
        await self._look_again()
        return []

    async def _with_what_is_said_here(self, batch: list[RoomMessage]) -> list[RoomMessage]:
        """While people talk on several nodes: what others said, and what comes here in the next moment, are one write.
        Should the room crash before, it finds in the store what it heard."""
        if batch and all(isinstance(message, Overheard) for message in batch):
            await trio.sleep(GATHER)
            if len(self.mailbox):
                batch += self.mailbox.take_all()
        return batch

    @property
    def _look_at(self) -> float:
        """When to find in the store what was not heard of."""
        return min(self._look_again_at, self._early.since + self._patience)

    @property
    def _patience(self) -> float:
        """For how long what is missing may be on its way here."""
        return HOLD if self._bus.connected and not self._bus.alone else 0.0

    def _doubt(self) -> None:
        """Something may be stored of which the store did not say so."""
        self._look_again_at = trio.current_time() + LOOK_AGAIN

    async def _look_again(self) -> None:
        self._look_again_at = math.inf
        self._early.clear()
        try:
            unheard = await self._store.events_after(self._name, self._log.last_seq, EVENTS)
        except NotFound:
            self._close()
            return
        except Unavailable:
            self._doubt()
            return
        self._add(unheard)
        if len(unheard) == EVENTS:  # there may be more
            self._look_again_at = trio.current_time()

    async def _look_before_they_join(self) -> None:
        """So that who joins finds what was acknowledged before, on whichever node. While the store does not answer,
        they find what was heard."""
        if self._bus.alone or trio.current_time() < self._blind_until:
            return
        with trio.move_on_after(GLANCE) as glance:
            await self._look_again()
        if glance.cancelled_caught:
            self._blind_until = trio.current_time() + LOOK_AGAIN
            self._doubt()

    async def _catch_up(self) -> None:
        await self._audience.deliver()
        told = self._audience.told_seq or 0
        if told >= self._log.last_seq:
            return
        missed = self._log.events_after(told)
        if missed is None:
            missed = await self._store.events_after(self._name, told, self._log.last_seq - told)
        self._tell_events(missed)
        await self._audience.deliver()

    async def _handle_all(self, batch: list[RoomMessage]) -> None:
        """Everything in order, except that commands wait for each other, to be stored together."""
        submits: list[Submit] = []
        if any(isinstance(message, Join) for message in batch):
            await self._look_before_they_join()
        for message in batch:
            if isinstance(message, Submit):
                submits.append(message)
                continue
            if submits and isinstance(message, Leave):  # what a member said before it left is said while it is here
                await self._submit(submits)
                submits = []
            self._act(message)
        if submits:
            await self._submit(submits)
        await self._audience.deliver()
        settling, self._settling = self._settling, []
        for settle in settling:
            settle.reply()

    def _act(self, message: RoomMessage) -> None:
        match message:
            case Join():
                self._join(message)
            case Leave(member=member):
                self._leave(member)
            case TypingChanged(member=member, typing=typing):
                self._typing(member, typing)
            case MemberChanged(member=member):
                self._attendance.changed(member)
            case PresenceChanged():
                self._presence_changed(message)
            case TellPresence():
                self._attendance.tell_everything()
            case EndIfIdle():
                self._end_if_idle(message)
            case Overheard(data=data):
                self._take_in_overheard(data)
            case Doubt():
                self._doubt()
            case StoredUpTo(seq=seq):
                if seq > self._log.last_seq:
                    self._look_again_at = trio.current_time()
            case Closed():
                self._look_again_at = trio.current_time()
            case Settle():  # answered when the whole batch is handled
                self._settling.append(message)
            case Submit():
                raise AssertionError("commands are stored together, in _submit")

    # -- members

    def _join(self, join: Join) -> None:
        join.next_may_come()
        if self._closed:
            join.member.leave()
            join.receipt.refused(self._gone())
            return
        member = join.member
        if member.left:  # it left, or its socket went, while the join waited here
            return
        self._used_at = trio.current_time()
        self._audience.add(member)
        member.hold()
        try:
            join.receipt.answer_encoded(join.welcome(self._name, self._log))
            self._attendance.arrived(member)
        finally:
            member.release()

    def _leave(self, member: Member) -> None:
        self._used_at = trio.current_time()
        if member in self._audience:
            self._audience.discard(member)
            self._attendance.left(member)

    def _typing(self, member: Member, typing: bool) -> None:
        if member.user is None or member not in self._audience:
            return
        payload = encode({"user": member.user.as_payload(), "typing": typing})
        self._tell("typing", payload, but=member)
        self._bus.publish(self._channel, lambda: nodes.typing(payload))

    def _tell(self, event: str, payload: bytes, but: Member | None = None) -> None:
        self._audience.tell(lambda lane: lane.codec.broadcast(lane.topic, event, payload), but)

    # -- commands

    async def _submit(self, submits: list[Submit]) -> None:
        self._used_at = trio.current_time()
        try:
            outcomes = await self._store.append(self._name, [submit.command for submit in submits])
            await self._take_in(outcomes)
        except NotFound as refusal:
            refuse_all(submits, refusal)
            self._close()
            return
        except Refused as refusal:
            self._doubt()
            refuse_all(submits, refusal)
            return
        answer_all(submits, outcomes)

    async def _take_in(self, outcomes: list[Outcome]) -> None:
        """Put what is stored on its way, here and to the other nodes. What this room did not hear of is on its way from
        them or, when it can't be or was this node's own (its storing seemed to have failed), comes from the store."""
        known, newest = self._log.last_seq, newest_seq(outcomes)
        events = [outcome.event for outcome in outcomes if isinstance(outcome, Stored)]
        own = any(isinstance(outcome, Known) and outcome.seq > known for outcome in outcomes)
        if newest > known and not (events and events[0].seq == known + 1) and (own or not self._patience):
            events = await self._store.events_after(self._name, known, newest - known)
        self._add_in_order(events)
        if events:
            self._bus.publish(self._channel, lambda: nodes.happened(events))

    def _add_in_order(self, events: list[Event]) -> None:
        self._add(self._early.in_order(self._log.last_seq, events, trio.current_time()))

    def _add(self, events: list[Event]) -> None:
        for event in events:
            self._log.append(event)
        self._tell_events(events)

    def _tell_events(self, events: list[Event]) -> None:
        if events:
            self._audience.tell(lambda lane: self._encoded(events, lane))
            self._audience.told_seq = events[-1].seq
            self._events_told += len(events)

    def _encoded(self, events: list[Event], lane: Lane) -> bytes:
        broadcast, topic = lane.codec.broadcast, lane.topic
        return b"".join([broadcast(topic, e.name, self._log.event_payload(e, lane.dialect)) for e in events])

    # -- other nodes

    def _overhear(self, data: bytes) -> None:
        self._tell_self(Overheard(data))

    def _miss(self) -> None:
        self._tell_self(Doubt())

    def _tell_self(self, message: Overheard | Doubt) -> None:
        try:
            self.mailbox.put(message)
        except ActorError:  # too much waits: what is not heard now is looked for later
            self._doubt()

    def _take_in_overheard(self, data: bytes) -> None:
        """What is heard for the first time, and in order, is told here too."""
        match nodes.read(data):
            case bytes() as typing:
                self._tell("typing", typing)
            case [*events]:
                self._add_in_order(events)
            case nodes.Closed():
                self._look_again_at = trio.current_time()
            case None:
                self._doubt()

    # -- presence

    def _presence_changed(self, changed: PresenceChanged) -> None:
        if diff := self._attendance.learn(changed):
            self._tell("presence_diff", encode(diff.as_payload()))

    # -- the end

    def _close(self) -> None:
        self._closed = True
        self._audience.dismiss(Member.close)

    def _turn_away(self) -> None:
        """Those who asked for something while the room was closing."""
        while len(self.mailbox):
            for message in self.mailbox.take_all():
                if isinstance(message, Submit):
                    message.receipt.refused(self._gone())
                elif isinstance(message, Join | Settle):
                    self._act(message)
        for settle in self._settling:
            settle.reply()

    def _gone(self) -> NotFound:
        return NotFound(f"There is no room {self._name}.")

    def _end_if_idle(self, request: EndIfIdle) -> None:
        for member in [member for member in self._audience if member.left]:  # the mailbox was full when it left
            self._leave(member)
        self._attendance.settle_debt()
        self._idle = trio.current_time() - self._used_at >= IDLE_AFTER
        request.reply(self._idle and self._unused)

    @property
    def _unused(self) -> bool:
        """Nobody is here, and nobody is at the door."""
        return not len(self._audience) and not len(self.mailbox)
