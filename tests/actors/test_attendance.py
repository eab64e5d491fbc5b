"""A newcomer is told of itself before the registry tells the others; what became of it meanwhile is put right."""

import json
from collections.abc import Sequence
from typing import Any

import attrs

from chatter.actors.attendance import Attendance
from chatter.actors.audience import Audience
from chatter.actors.connection import Fanout, Frame, one_by_one
from chatter.actors.mailbox import Mailbox
from chatter.actors.member import Member
from chatter.actors.presence import PresenceChanged, PresenceMessage
from chatter.actors.room_messages import RoomMessage
from chatter.core.log import Dialect
from chatter.core.model import User
from chatter.core.presence import Diff, Meta
from chatter.wire.phoenix import V2, Codec


class Newcomer:
    """A member, and its connection; `heard` are the events and payloads that were pushed to it."""

    id = "ann"
    codec = Codec(V2, bytes)
    closed = False

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.member = Member("ann", "chat:lobby", "1", Dialect.CHAT, self, User("u-ann", "Ann"))

    def write(self, data: bytes) -> None:
        _, _, _, event, payload = json.loads(data)
        self.heard.append((event, payload))

    @staticmethod
    def fanout(connections: Sequence[Any]) -> Fanout:
        return one_by_one(connections)

    def close(self, code: int, reason: str = "") -> None: ...
    def peek(self) -> Frame | None: ...
    def advance(self) -> None: ...


@attrs.define(eq=False)
class Arrival:
    """Somebody arrived, and is away before the registry told anybody: `came` and `now` are the two metas."""

    ann: Newcomer
    attendance: Attendance
    came: Meta
    now: Meta


def arrived_and_away() -> Arrival:
    ann, audience = Newcomer(), Audience()
    audience.add(ann.member)
    room, registry = Mailbox[RoomMessage]("room"), Mailbox[PresenceMessage]("registry")
    attendance = Attendance("lobby", room.ref, audience, registry.ref)
    attendance.arrived(ann.member)
    came = ann.member.meta
    ann.member.status = "away"
    attendance.changed(ann.member)
    assert came is not None
    assert ann.member.meta is not None
    assert [event for event, _ in ann.heard] == ["presence_state"]
    assert "online" in str(ann.heard)
    ann.heard.clear()
    return Arrival(ann, attendance, came, ann.member.meta)


async def test_both_changes_are_told_in_turn_and_the_newcomer_needs_nothing_more() -> None:
    arrival = arrived_and_away()
    first, second = Diff(joins=(arrival.came,)), Diff(joins=(arrival.now,), leaves=(arrival.came,))
    assert arrival.attendance.learn(PresenceChanged(first)) == first
    assert arrival.attendance.learn(PresenceChanged(second)) == second
    assert arrival.ann.heard == []


async def test_when_only_the_last_is_told_the_newcomer_sees_the_first_leave() -> None:
    arrival = arrived_and_away()
    arrival.attendance.learn(PresenceChanged(Diff(joins=(arrival.now,))))
    [(event, diff)] = arrival.ann.heard
    assert event == "presence_diff"
    assert [meta["phx_ref"] for meta in diff["leaves"]["u-ann"]["metas"]] == [arrival.came.phx_ref]
    assert [meta["phx_ref"] for meta in diff["joins"]["u-ann"]["metas"]] == [arrival.now.phx_ref]


async def test_who_left_before_it_was_told_hears_nothing_more() -> None:
    arrival = arrived_and_away()
    arrival.attendance._audience.discard(arrival.ann.member)
    arrival.attendance.learn(PresenceChanged(Diff(joins=(arrival.now,))))
    assert arrival.ann.heard == []
