"""The audience and its members by themselves: who is written to, how often, and by which name they go."""

from collections.abc import Sequence
from typing import Any

import pytest
import trio

from chatter.actors.audience import AT_ONCE, BREATH, Audience
from chatter.actors.connection import Fanout, Frame, one_by_one
from chatter.actors.exits import ActorEnded
from chatter.actors.mailbox import Mailbox
from chatter.actors.member import Member, PushReceipt
from chatter.actors.presence import LONGEST, Track, Watch
from chatter.core.log import Dialect
from chatter.core.presence import Meta
from chatter.errors import Invalid
from chatter.wire.phoenix import LONGPOLL_V1, LONGPOLL_V2, Codec
from tests.actors.stage import Stage

TOPIC = "chat:lobby"


class Reader:
    """A member, and what was written to it; it is its own connection."""

    closed = False

    def __init__(self, key: str, codec: Codec = LONGPOLL_V2) -> None:
        self.id = key
        self.codec = codec
        self.heard: list[bytes] = []
        self.member = Member(key, TOPIC, "1", Dialect.CHAT, self)

    def write(self, data: bytes) -> None:
        self.heard.append(data)

    @staticmethod
    def fanout(connections: Sequence[Any]) -> Fanout:
        return one_by_one(connections)

    def close(self, code: int, reason: str = "") -> None: ...
    def peek(self) -> Frame | None: ...
    def advance(self) -> None: ...


async def told(audience: Audience, event: str, but: Member | None = None) -> None:
    audience.tell(lambda lane: lane.codec.broadcast(lane.topic, event, b"{}"), but)
    await audience.deliver()


async def test_each_lane_hears_its_own_bytes() -> None:
    audience, old, new = Audience(), Reader("old", LONGPOLL_V1), Reader("new")
    for reader in (old, new):
        audience.add(reader.member)
    await told(audience, "e")
    assert old.heard == [LONGPOLL_V1.broadcast(TOPIC, "e", b"{}")]
    assert new.heard == [LONGPOLL_V2.broadcast(TOPIC, "e", b"{}")]


async def test_one_member_may_be_left_out() -> None:
    audience, one, two = Audience(), Reader("one"), Reader("two")
    for reader in (one, two):
        audience.add(reader.member)
    await told(audience, "e", but=one.member)
    assert (len(one.heard), len(two.heard)) == (0, 1)


async def test_a_late_leave_of_an_earlier_join_takes_nobodys_place() -> None:
    audience, first, second = Audience(), Reader("tab"), Reader("tab")
    audience.add(first.member)
    audience.add(second.member)
    audience.discard(first.member)
    assert (len(audience), second.member in audience, first.member in audience) == (1, True, False)
    await told(audience, "e")
    assert (len(first.heard), len(second.heard)) == (0, 1)


class Leaver(Reader):
    """Leaves as soon as it is told something."""

    def write(self, data: bytes) -> None:
        super().write(data)
        self.member.leave()


async def test_who_left_is_told_nothing_more_though_the_room_has_not_heard_of_it() -> None:
    audience, gone, here = Audience(), Reader("gone"), Reader("here")
    for reader in (gone, here):
        audience.add(reader.member)
    await told(audience, "one")
    gone.member.leave()
    await told(audience, "two")
    assert (len(gone.heard), len(here.heard)) == (1, 2)


async def test_who_left_before_a_breath_is_told_nothing_that_was_on_its_way() -> None:
    audience = Audience()
    readers = [Leaver("leaver"), *(Reader(str(number)) for number in range(BREATH + 1))]
    for reader in readers:
        audience.add(reader.member)
    for data in (b"one", bytes(AT_ONCE)):
        audience.tell(lambda _, data=data: data)  # type: ignore[misc]
    await audience.deliver()
    assert [len(reader.heard) for reader in readers] == [1] + [2] * (BREATH + 1)


async def test_what_is_told_before_it_is_delivered_is_one_write() -> None:
    audience, ann, bob = Audience(), Reader("ann"), Reader("bob", LONGPOLL_V1)
    for reader in (ann, bob):
        audience.add(reader.member)
    for event in ("one", "two", "three"):
        audience.tell(lambda lane, event=event: lane.codec.broadcast(lane.topic, event, b"{}"))  # type: ignore[misc]
    await audience.deliver()
    for reader in (ann, bob):
        said = [reader.codec.broadcast(TOPIC, event, b"{}") for event in ("one", "two", "three")]
        assert reader.heard == [b"".join(said)]


async def test_what_some_do_not_hear_keeps_its_place_among_what_all_hear() -> None:
    audience, ann, bob = Audience(), Reader("ann"), Reader("bob")
    for reader in (ann, bob):
        audience.add(reader.member)
    for data, but in ((b"1", None), (b"2", ann.member), (b"3", None), (b"4", None)):
        audience.tell(lambda _, data=data: data, but)  # type: ignore[misc]
    await audience.deliver()
    assert ann.heard == [b"1", b"34"]
    assert bob.heard == [b"1", b"2", b"34"]


async def test_who_comes_in_between_hears_what_is_told_from_then_on() -> None:
    audience, ann, bob = Audience(), Reader("ann"), Reader("bob")
    audience.add(ann.member)
    audience.tell(lambda _: b"1")
    audience.add(bob.member)
    for data in (b"2", b"3"):
        audience.tell(lambda _, data=data: data)  # type: ignore[misc]
    await audience.deliver()
    assert (b"".join(ann.heard), bob.heard) == (b"123", [b"23"])


async def test_what_is_under_way_already_takes_nothing_in() -> None:
    audience = Audience()
    readers = [Reader(str(number)) for number in range(BREATH + 1)]
    for reader in readers:
        audience.add(reader.member)
    audience.tell(lambda _: b"1")
    audience._on_their_way[0].next_breath()
    audience.tell(lambda _: b"2")
    await audience.deliver()
    assert {b"".join(reader.heard) for reader in readers} == {b"12"}


def test_what_fails_to_be_encoded_is_on_its_way_to_nobody() -> None:
    audience = Audience()
    for reader in (Reader("new"), Reader("old", LONGPOLL_V1)):
        audience.add(reader.member)

    def encode(lane: object) -> bytes:
        if getattr(lane, "codec", None) is LONGPOLL_V1:
            raise ValueError("no bytes")
        return b""

    with pytest.raises(ValueError, match="no bytes"):
        audience.tell(encode)
    assert not audience._on_their_way


async def test_a_dismissed_audience_is_told_to_join_again_once() -> None:
    audience, one, gone = Audience(), Reader("one"), Reader("gone")
    for reader in (one, gone):
        audience.add(reader.member)
    gone.member.leave()
    audience.dismiss()
    audience.dismiss()
    assert one.heard == [LONGPOLL_V2.push("1", "1", TOPIC, "phx_error", b"{}")]
    assert (gone.heard, len(audience)) == ([], 0)


def test_a_push_is_answered_once() -> None:
    reader = Reader("one")
    receipt = PushReceipt(reader.member, "7")
    receipt.ok({"seq": 1})
    receipt.refused(Invalid("too late"))
    receipt.failed(ActorEnded("too late"))
    assert reader.heard == [LONGPOLL_V2.reply("1", "7", TOPIC, "ok", b'{"seq":1}')]


def test_what_is_held_back_is_written_as_one_piece() -> None:
    reader = Reader("one")
    reader.member.hold()
    reader.member.reply("7", "ok", b"{}")
    reader.member.push("presence_state", b"{}")
    assert reader.heard == []
    reader.member.release()
    reply = LONGPOLL_V2.reply("1", "7", TOPIC, "ok", b"{}")
    assert reader.heard == [reply + LONGPOLL_V2.push("1", None, TOPIC, "presence_state", b"{}")]
    reader.member.hold()
    reader.member.release()
    assert len(reader.heard) == 1


async def test_the_larger_the_audience_the_longer_a_diff_gathers(stage: Stage) -> None:
    """People arrive one by one for ten seconds; a large room is told a handful of times, a small one often."""
    counts = []
    for room, size in (("small", 1), ("large", 100_000)):
        mailbox: Mailbox[object] = Mailbox(room)
        stage.presence.ref.cast(Watch(room, mailbox.ref, lambda size=size: size))  # type: ignore[misc]
        for number in range(200):
            stage.presence.ref.cast(Track(room, Meta(f"u{number}", f"s{number}", f"F{number}", 0, "P")))
            await trio.sleep(0.05)
        counts.append(len(mailbox))
    assert counts[0] >= 80
    assert 3 <= counts[1] <= 10 / LONGEST + 2
