"""The checker of histories: a true one has no fault, and every kind of lie is found."""

from collections.abc import Callable
from copy import deepcopy

import attrs
import pytest

from tests.histories import Entry, Log, Promise, Standing, View, faults

ANN, BOB = "u-ann", "u-bob"


@attrs.define
class History:
    """Of a small room: two posts, an edit, a reaction, and one more post that is deleted again."""

    log: Log
    view: View
    promises: list[Promise]

    def faults(self, *, quiet: bool = True) -> list[str]:
        return faults(self.log, [self.view], self.promises, quiet=quiet)


def true_history() -> History:
    log = Log(
        [
            Entry(1, "new_message", "m1", ANN, "c1"),
            Entry(2, "new_message", "m2", BOB, "c2"),
            Entry(3, "message_edited", "m1", ANN, "hello!"),
            Entry(4, "reaction", "m2", ANN, ("👍", True)),
            Entry(5, "new_message", "m3", ANN, "c3"),
            Entry(6, "message_deleted", "m3", ANN),
        ],
        {
            "m1": Standing("hello!"),
            "m2": Standing("hi", reactions=frozenset({("👍", ANN)})),
            "m3": Standing("", deleted=True),
        },
    )
    view = View("reader")
    view.told(
        [
            ("new_message", {"id": "m1", "seq": 1, "text": "hello"}),
            ("new_message", {"id": "m2", "seq": 2, "text": "hi"}),
            ("message_edited", {"id": "m1", "seq": 3, "text": "hello!"}),
            ("reaction", {"id": "m2", "seq": 4, "emoji": "👍", "user": {"id": ANN}, "on": True}),
            ("new_message", {"id": "m3", "seq": 5, "text": "oops"}),
            ("message_deleted", {"id": "m3", "seq": 6}),
        ]
    )
    promises = [
        Promise(ANN, "new_message", {"client_id": "c1", "text": "hello"}, {"id": "m1", "seq": 1}),
        Promise(BOB, "new_message", {"client_id": "c2", "text": "hi"}, {"id": "m2", "seq": 2}),
        Promise(ANN, "edit_message", {"id": "m1", "text": "hello!"}, {"seq": 3}),
        Promise(ANN, "react", {"id": "m2", "emoji": "👍", "on": True}, {"seq": 4}),
        Promise(ANN, "new_message", {"client_id": "c3", "text": "oops"}, {"id": "m3", "seq": 5}),
        Promise(ANN, "delete_message", {"id": "m3"}, {"seq": 6}),
    ]
    return History(log, view, promises)


def test_a_true_history_has_no_fault() -> None:
    assert true_history().faults() == []


def test_a_client_that_comes_back_is_told_newest_texts_reactions_and_tombstones() -> None:
    history = true_history()
    history.view.events[0][1]["text"] = "hello!"
    history.view.events[1][1]["reactions"] = [{"emoji": "👍", "users": [ANN]}]
    history.view.events[4][1].update(text="", deleted=True)
    assert history.faults() == []


def test_a_view_may_begin_later_and_in_other_words() -> None:
    history = true_history()
    late = View("late", since=4)
    late.told([("new_message", {"id": "m3", "seq": 5, "content": "oops"}), ("message_deleted", {"id": "m3", "seq": 6})])
    history.view = late
    assert history.faults() == []


def test_a_view_may_lag_behind_until_it_is_quiet() -> None:
    history = true_history()
    history.view.events.pop()
    assert history.faults(quiet=False) == []
    assert history.faults() == ["reader: was told up to 5 of 6"]


def test_a_retry_that_was_known_gets_the_first_reply() -> None:
    history = true_history()
    history.promises.append(history.promises[0])
    assert history.faults() == []


def lose_an_event(history: History) -> None:
    del history.view.events[2]


def double_an_event(history: History) -> None:
    history.view.events.insert(2, history.view.events[1])


def swap_two_events(history: History) -> None:
    events = history.view.events
    events[1], events[2] = events[2], events[1]


def swap_two_payloads(history: History) -> None:
    """In order of seq, but each said of the other message."""
    first, second = (payload for _, payload in history.view.events[:2])
    first["id"], second["id"] = second["id"], first["id"]


def tell_of_more_than_is_stored(history: History) -> None:
    history.view.told([("message_deleted", {"id": "m1", "seq": 7})])


def tell_another_text(history: History) -> None:
    history.view.events[0][1]["text"] = "goodbye"


def tell_an_old_text_last(history: History) -> None:
    history.view.events[2][1]["text"] = "hello"


def forget_a_reaction(history: History) -> None:
    history.view.events[3][1]["on"] = False


def show_what_was_deleted(history: History) -> None:
    history.view.events[5] = ("message_edited", {"id": "m3", "seq": 6, "text": "oops"})


def lose_what_was_acknowledged(history: History) -> None:
    history.log = attrs.evolve(history.log, entries=history.log.entries[:-1])
    history.view.events.pop()


def store_a_post_twice(history: History) -> None:
    entries = [*history.log.entries, Entry(7, "new_message", "m4", ANN, "c1")]
    history.log = Log(entries, history.log.messages | {"m4": Standing("hello")})
    history.view.told([("new_message", {"id": "m4", "seq": 7, "text": "hello"})])


def store_an_edit_twice(history: History) -> None:
    history.log = attrs.evolve(
        history.log, entries=[*history.log.entries, Entry(7, "message_edited", "m1", ANN, "hello!")]
    )
    history.view.told([("message_edited", {"id": "m1", "seq": 7, "text": "hello!"})])


def leave_a_gap_in_the_log(history: History) -> None:
    history.log = attrs.evolve(
        history.log, entries=[*history.log.entries[:-1], attrs.evolve(history.log.entries[-1], seq=7)]
    )


def acknowledge_with_anothers_seq(history: History) -> None:
    history.promises[1] = attrs.evolve(history.promises[1], reply={"id": "m2", "seq": 1})


def acknowledge_a_retry_with_a_new_id(history: History) -> None:
    history.promises.append(attrs.evolve(history.promises[0], reply={"id": "m9", "seq": 1}))


def acknowledge_an_edit_that_says_something_else(history: History) -> None:
    history.promises[2] = attrs.evolve(history.promises[2], asked={"id": "m1", "text": "goodbye"})


@pytest.mark.parametrize(
    "lie",
    [
        lose_an_event,
        double_an_event,
        swap_two_events,
        swap_two_payloads,
        tell_of_more_than_is_stored,
        tell_another_text,
        tell_an_old_text_last,
        forget_a_reaction,
        show_what_was_deleted,
        lose_what_was_acknowledged,
        store_a_post_twice,
        store_an_edit_twice,
        leave_a_gap_in_the_log,
        acknowledge_with_anothers_seq,
        acknowledge_a_retry_with_a_new_id,
        acknowledge_an_edit_that_says_something_else,
    ],
)
def test_a_lie_is_found(lie: Callable[[History], None]) -> None:
    history = deepcopy(true_history())
    assert history.faults() == []
    lie(history)
    assert history.faults() != []
