"""The room's log: what joins and resumes are told, held against a model too simple to be wrong."""

from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatter.core import log as log_module
from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.log import Dialect, RoomLog, encoded
from chatter.core.model import Message, User

ANN = User("u-ann", "Ann")
WHEN = "2026-01-31T12:00:00.000Z"

kinds = st.one_of(
    st.tuples(st.just("post"), st.text(min_size=1, max_size=5)),
    st.tuples(st.just("edit"), st.integers(0, 8), st.text(min_size=1, max_size=5)),
    st.tuples(st.just("delete"), st.integers(0, 8)),
    st.tuples(st.just("react"), st.integers(0, 8), st.sampled_from("👋❤"), st.sampled_from("ab"), st.booleans()),
)
histories = st.lists(kinds, max_size=40)


def message(seq: int, text: str = "Hello") -> Message:
    return Message(f"m{seq}", seq, ANN, text, WHEN, client_id=f"c{seq}")


def posted(seq: int, text: str = "Hello") -> Posted:
    return Posted(message(seq, text))


@attrs.define
class Model:
    """Everything that ever happened, as it is told now."""

    events: list[Event] = attrs.Factory(list)
    messages: dict[str, Message] = attrs.Factory(dict)

    def next(self, step: tuple[Any, ...]) -> Event | None:
        """The event of the step, None when a store would refuse it."""
        seq = len(self.events) + 1
        if step[0] == "post":
            return posted(seq, step[1])
        target = list(self.messages.values())[-1 - step[1]] if step[1] < len(self.messages) else None
        if target is None or target.deleted:
            return None
        match step:
            case ("edit", _, text):
                return Edited(seq, target.id, text, WHEN)
            case ("delete", _):
                return Deleted(seq, target.id)
            case (_, _, emoji, user, on):
                return Reacted(seq, target.id, emoji, f"u-{user}", user, on)
        raise AssertionError(step)

    def append(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Posted):
            self.messages[event.message_id] = event.message
            return
        was = self.messages[event.message_id]
        self.messages[was.id] = log_module.after_change(was, event)
        if isinstance(event, Deleted):
            self.events = [self.erased(other, was.id) for other in self.events]

    def erased(self, event: Event, message_id: str) -> Event:
        if event.message_id != message_id:
            return event
        if isinstance(event, Posted):
            return Posted(Message(message_id, event.seq, ANN, "", WHEN, deleted=True))
        return attrs.evolve(event, text="") if isinstance(event, Edited) else event

    def newest(self, limit: int) -> list[dict[str, Any]]:
        messages = [m.as_payload() for m in self.messages.values()]
        return messages[len(messages) - min(limit, len(messages)) :]

    def after(self, seq: int) -> list[list[Any]]:
        return [[event.name, event.as_payload()] for event in self.events[seq:]]


def spoken(payload: Any, dialect: Dialect) -> Any:
    """The naive translation of a JSON value."""
    if isinstance(payload, list):
        return [spoken(item, dialect) for item in payload]
    if isinstance(payload, dict) and dialect is Dialect.TEXT_CHANNEL:
        return {"content" if key == "text" else key: value for key, value in payload.items()}
    return payload


def check(log: RoomLog, model: Model, kept_events: int, kept_messages: int) -> None:
    last = len(model.events)
    assert log.last_seq == last
    for dialect in Dialect:
        for limit in {0, 1, kept_messages}:
            assert msgspec.json.decode(log.newest(limit, dialect)) == spoken(model.newest(limit), dialect)
        for after in range(last + 3):
            resumed = log.resume(after, dialect)
            if after > last or last - after > kept_events:
                assert resumed is None
            else:
                assert resumed is not None
                assert msgspec.json.decode(resumed) == spoken(model.after(after), dialect)


@given(histories, st.integers(1, 6), st.integers(1, 6), st.integers(0, 40), st.randoms())
def test_a_log_tells_what_a_model_tells(
    history: list[tuple[Any, ...]], events: int, messages: int, loaded: int, random: Any
) -> None:
    """Also when it is loaded from the store halfway, and whatever was asked of it before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_module, "EVENTS", events)
        patch.setattr(log_module, "MESSAGES", messages)
        model, log = Model(), RoomLog(0, [], [])
        for number, step in enumerate(history):
            event = model.next(step)
            if number == loaded:
                log = RoomLog(len(model.events), model.events[-events:], list(model.messages.values())[-messages:])
            if event is None:
                continue
            log.append(event)
            model.append(event)
            if random.random() < 0.5:
                log.event_payload(event, random.choice(list(Dialect)))
            if random.random() < 0.3:
                check(log, model, events, messages)
        check(log, model, events, messages)


def test_a_fresh_room_has_nothing_to_tell() -> None:
    log = RoomLog(0, [], [])
    assert (log.newest(100, Dialect.CHAT), log.resume(0, Dialect.CHAT)) == (b"[]", b"[]")
    assert log.resume(1, Dialect.CHAT) is None


@pytest.mark.parametrize("seq", [0, 1, 3, 4, -1])
def test_a_gap_or_a_repetition_is_a_bug_and_raises(seq: int) -> None:
    log = RoomLog(1, [posted(1)], [message(1)])
    with pytest.raises(ValueError, match=f"event {seq} after 1"):
        log.append(posted(seq))
    assert log.last_seq == 1
    log.append(posted(2))


def test_a_deletion_erases_the_text_from_everything_that_is_told_afterwards() -> None:
    log = RoomLog(0, [], [])
    log.append(posted(1, "my password is hunter2"))
    log.append(Edited(2, "m1", "it was hunter2", WHEN))
    told = (log.newest(100, Dialect.CHAT), log.resume(0, Dialect.CHAT) or b"")
    assert all(b"hunter2" in payload for payload in told)
    log.append(Deleted(3, "m1"))
    told = (log.newest(100, Dialect.CHAT), log.resume(0, Dialect.CHAT) or b"")
    assert all(b"hunter2" not in payload for payload in told)
    assert [name for name, _ in msgspec.json.decode(told[1])] == ["new_message", "message_edited", "message_deleted"]


def test_a_deletion_of_a_message_that_is_kept_no_more_still_erases_its_edits() -> None:
    log = RoomLog(9, [Edited(8, "m1", "hunter2", WHEN), posted(9)], [message(9)])
    assert b"hunter2" in (log.resume(7, Dialect.CHAT) or b"")
    log.append(Deleted(10, "m1"))
    assert b"hunter2" not in (log.resume(7, Dialect.CHAT) or b"hunter2")


def test_a_resume_of_more_than_is_kept_is_none_and_of_all_that_is_kept_is_whole() -> None:
    log = RoomLog(0, [], [])
    for seq in range(1, log_module.EVENTS + 2):
        log.append(posted(seq))
    assert log.resume(0, Dialect.CHAT) is None
    whole = log.resume(1, Dialect.CHAT)
    assert whole is not None
    assert [payload["seq"] for _, payload in msgspec.json.decode(whole)] == list(range(2, log_module.EVENTS + 2))


def test_the_newest_500_messages_are_kept() -> None:
    log = RoomLog(0, [], [])
    for seq in range(1, 602):
        log.append(posted(seq))
    seqs = [m["seq"] for m in msgspec.json.decode(log.newest(500, Dialect.CHAT))]
    assert seqs == list(range(102, 602))


@pytest.mark.parametrize(("dialect", "field"), [(Dialect.CHAT, b"text"), (Dialect.TEXT_CHANNEL, b"content")])
def test_each_dialect_has_its_own_name_for_the_text(dialect: Dialect, field: bytes) -> None:
    log = RoomLog(0, [], [])
    event = posted(1)
    log.append(event)
    expected = (
        b'{"id":"m1","seq":1,"user":{"id":"u-ann","name":"Ann","avatar":null},"%b":"Hello",'
        b'"inserted_at":"2026-01-31T12:00:00.000Z","client_id":"c1"}' % field
    )
    assert log.event_payload(event, dialect) == expected
    assert log.newest(1, dialect) == b"[%b]" % expected
    assert log.resume(0, dialect) == b'[["new_message",%b]]' % expected


def test_a_payload_without_a_text_is_the_same_in_all_dialects() -> None:
    assert {encoded({"id": "m1", "seq": 2}, dialect) for dialect in Dialect} == {b'{"id":"m1","seq":2}'}


def test_what_many_are_told_at_one_moment_is_encoded_once() -> None:
    log = RoomLog(0, [], [])
    log.append(posted(1))
    assert log.newest(100, Dialect.CHAT) is log.newest(100, Dialect.CHAT)
    assert log.resume(0, Dialect.CHAT) is log.resume(0, Dialect.CHAT)


def test_a_log_holds_no_encoded_message_that_it_does_not_keep() -> None:
    log = RoomLog(0, [], [])
    for seq in range(1, 1_200):
        log.append(posted(seq))
        log.event_payload(posted(seq), Dialect.CHAT)
        log.newest(500, Dialect.TEXT_CHANNEL)
    assert len(log._encoded) <= len(Dialect) * log_module.MESSAGES


def test_an_event_is_encoded_once_however_many_resume_and_from_wherever(monkeypatch: pytest.MonkeyPatch) -> None:
    log = RoomLog(0, [], [])
    for seq in range(1, 101):
        log.append(posted(seq))
    calls = list[Dialect]()

    def counted(payload: dict[str, Any], dialect: Dialect) -> bytes:
        calls.append(dialect)
        return encoded(payload, dialect)

    monkeypatch.setattr(log_module, "encoded", counted)
    for after in range(100):
        log.resume(after, Dialect.CHAT)
    assert len(calls) == 100
    log.append(Deleted(101, "m7"))
    resumed = msgspec.json.decode(log.resume(0, Dialect.CHAT) or b"")
    assert len(calls) == 102
    assert resumed[6][1]["text"] == ""
