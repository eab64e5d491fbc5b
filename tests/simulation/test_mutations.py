"""Is the simulation any good? Each of these bugs, planted alone, must be found within `ENOUGH` seeds; and the seeds
that find them find nothing without them."""

from typing import Any

import attrs
import pytest
import trio

from chatter.actors import audience, room, rooms, sessions
from chatter.actors.audience import Lane
from chatter.actors.mailbox import Mailbox
from chatter.actors.member import Member
from chatter.actors.room import Room
from chatter.actors.room_messages import Submit
from chatter.actors.session import Session
from chatter.core.commands import Post
from chatter.core.events import Posted
from chatter.core.log import RoomLog
from chatter.gateway import Gateway
from chatter.gateway.backlog import Backlog
from chatter.gateway.connection import WebSocketConnection
from chatter.gateway.poller import SocketConnection
from chatter.stores.port import Known, Outcome
from chatter.wire.websocket import FrameReader
from tests.memory_store import _Room
from tests.simulation.bugs import Bugs
from tests.simulation.schedule import scheduled
from tests.simulation.search import culprits, explained, one

BUGS = Bugs(scheduled)
bug = BUGS.bug


# -- what is acknowledged and stored


@bug(Room, "_submit")
def acknowledged_before_the_commit(real: Any) -> Any:
    async def submit(self: Room, submits: list[Submit]) -> None:
        for nth, waiting in enumerate(submits, self._log.last_seq + 1):
            if isinstance(waiting.command, Post):
                waiting.receipt.ok({"id": waiting.command.id, "seq": nth, "inserted_at": waiting.command.at})
        await real(self, submits)

    return submit


@bug(_Room, "_post")
def a_retry_is_not_recognised(real: Any) -> Any:
    def post(self: Any, command: Post) -> Outcome:
        self.posts.pop((command.user.id, command.client_id), None)
        return real(self, command)  # type: ignore[no-any-return]

    return post


@bug(room, "answer_all")
def the_answer_has_the_seq_of_the_room_and_not_of_the_store(real: Any) -> Any:
    def answer(submits: list[Submit], outcomes: list[Outcome]) -> None:
        newest = max((outcome.event.seq for outcome in outcomes if hasattr(outcome, "event")), default=0)
        real(submits, [_with_seq(outcome, newest) for outcome in outcomes])

    return answer


def _with_seq(outcome: Any, seq: int) -> Any:
    event = getattr(outcome, "event", None)
    if not isinstance(event, Posted):
        return outcome
    return attrs.evolve(outcome, event=Posted(attrs.evolve(event.message, seq=seq)))


@bug(Room, "_take_in")
def what_was_known_before_is_not_told(real: Any) -> Any:
    async def take_in(self: Room, outcomes: list[Outcome]) -> None:
        await real(self, [outcome for outcome in outcomes if not isinstance(outcome, Known)])

    return take_in


@bug(Room, "_doubt")
def a_store_that_failed_is_believed(_: Any) -> Any:
    return lambda self: None


# -- what is told, in what order


@bug(RoomLog, "events_after")
def who_resumes_is_told_one_event_too_few(real: Any) -> Any:
    return lambda self, seq: real(self, min(seq + 1, self.last_seq))


@bug(Room, "_encoded")
def a_batch_is_told_backwards(real: Any) -> Any:
    return lambda self, events, lane: real(self, events[::-1], lane)


@bug(Room, "_catch_up")
def a_room_that_crashed_does_not_tell_what_it_left_untold(_: Any) -> Any:
    async def catch_up(self: Room) -> None:
        await self._audience.deliver()

    return catch_up


@bug(audience._Breath, "tell_one_by_one")
def who_left_is_told_all_the_same(_: Any) -> Any:
    def tell_one_by_one(self: Any, data: bytes, but: Any) -> None:
        for member in self.members:
            if member is not but:
                member.connection.write(data)

    return tell_one_by_one


@bug(Lane, "telling")
def the_newest_member_is_forgotten(real: Any) -> Any:
    def telling(self: Lane, data: bytes, departures: Any, but: Any = None) -> Any:
        whole = real(self, data, departures, but)
        members = whole.breaths[-1].members
        whole.breaths = (*whole.breaths[:-1], audience._Breath(members[: max(1, len(members) - 1)]))
        return whole

    return telling


@bug(Room, "started")
def members_are_forgotten_when_their_room_crashes(real: Any) -> Any:
    async def started(self: Room) -> None:
        if self._audience.told_seq is not None:
            self._audience._lanes.clear()
        await real(self)

    return started


# -- actors


@bug(Mailbox, "put")
def a_wake_up_is_lost_now_and_then(real: Any) -> Any:
    def put(self: Mailbox[Any], message: Any) -> None:
        if self._handled % 16 == 15:
            reader, self._reader = self._reader, None
            real(self, message)
            self._reader = reader if not self._ready else self._reader
        else:
            real(self, message)

    return put


@bug(Mailbox, "_settle_taken")
def what_was_at_hand_in_a_crash_is_not_handled_again(real: Any) -> Any:
    return lambda self, exit, again: real(self, exit, again=False)


@bug(Session, "started")
def a_session_forgets_its_topics_in_a_crash(real: Any) -> Any:
    async def started(self: Session) -> None:
        self._client.seat.channels.clear()
        await real(self)

    return started


@bug(sessions, "give_up")
def who_hangs_up_stays_a_member(_: Any) -> Any:
    return lambda connection, seat, means: None


@bug(rooms.RoomTable, "tell_presence")
def presence_is_not_told_again_after_its_crash(_: Any) -> Any:
    return lambda self: None


@bug(Room, "_leave")
def presence_is_not_told_who_left(_: Any) -> Any:
    return lambda self, member: self._audience.discard(member)


@bug(rooms.RoomTable, "get")
def a_room_is_looked_for_under_another_name(real: Any) -> Any:
    return lambda self, name: real(self, "lobby") or real(self, name)


@bug(Member, "push")
def who_changes_as_they_arrive_sees_themselves_twice(real: Any) -> Any:
    return lambda self, event, payload: real(self, event, payload) if event != "presence_diff" else None


# -- sockets


@bug(SocketConnection, "fall_behind")
def what_a_socket_took_is_written_again(real: Any) -> Any:
    return lambda self, data, sent: real(self, data, 0)


@bug(Backlog, "_sent")
def the_rest_of_a_write_is_dropped(real: Any) -> Any:
    def sent(self: Backlog, count: int) -> None:
        real(self, count)
        if self._begun:
            real(self, len(self._chunks[0]) - self._begun)

    return sent


@bug(Backlog, "add")
def a_backlog_is_written_newest_first(real: Any) -> Any:
    def add(self: Backlog, data: bytes, begun: int = 0) -> None:
        real(self, data, begun)
        if len(self._chunks) > 2 and not self._begun:
            self._chunks.rotate(1)

    return add


@bug(Gateway, "_say_goodbye")
def a_drain_says_no_goodbye(_: Any) -> Any:
    async def say_goodbye(self: Gateway) -> None:
        await trio.lowlevel.checkpoint()

    return say_goodbye


@bug(FrameReader, "feed")
def a_frame_in_two_pieces_is_misread(real: Any) -> Any:
    def feed(self: FrameReader, data: bytes) -> None:
        real(self, data if not len(self) else data[1:])

    return feed


@bug(WebSocketConnection, "silent")
def a_line_that_is_dead_is_kept(_: Any) -> Any:
    return lambda self: None


@bug(SocketConnection, "_watch")
def what_waits_to_be_written_is_forgotten(_: Any) -> Any:
    return lambda self: None


@pytest.mark.parametrize("name", BUGS)
def test_the_simulation_finds(name: str) -> None:
    BUGS.must_be_found(name)


def test_a_seed_that_fails_is_explained_by_the_few_steps_that_are_to_blame() -> None:
    with BUGS.planted("what_was_at_hand_in_a_crash_is_not_handled_again"):
        seed = BUGS.first_that_fails()
        assert seed is not None
        few = culprits(seed)
        text = explained(seed)
        assert one(seed, few).violation is not None
        assert all(one(seed, few - {step}).violation is None for step in few)
    assert 1 <= len(few) <= 5
    assert f"Run it again: python -m tests.simulation --seed {seed} --only {','.join(map(str, sorted(few)))}" in text
    assert "crash  client" in text
