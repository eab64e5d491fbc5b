"""What clients saw and were promised, held against what is stored: whatever is lost, doubled or out of order is named.

A room has one truth, its `Log`. Each client has a `View`, the durable events it was told, in the order in which it was
told them. Whoever wrote something has a `Promise` for each reply. `faults` compares them all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

Payload = dict[str, Any]
Reactions = frozenset[tuple[str, str]]


@attrs.frozen
class Entry:
    """A durable event as stored. `said`: a post's `client_id`, an edit's text, a reaction's emoji and `on`."""

    seq: int
    event: str
    message_id: str
    user_id: str
    said: Any = None


@attrs.frozen
class Standing:
    """A message as it is in the end. `reactions`: emoji and user id of each."""

    text: str
    deleted: bool = False
    reactions: Reactions = frozenset()


@attrs.frozen
class Log:
    """All that is stored of one room: its events in order of `seq`, and how each message stands."""

    entries: Sequence[Entry]
    messages: dict[str, Standing]

    @property
    def last_seq(self) -> int:
        return self.entries[-1].seq if self.entries else 0


@attrs.frozen
class Promise:
    """What a client asked for, and the reply that it was done."""

    user_id: str
    event: str
    asked: Payload
    reply: Payload


@attrs.define
class View:
    """One client's, of either dialect. `since`: it began behind this event."""

    name: str
    since: int = 0
    events: list[tuple[str, Payload]] = attrs.Factory(list)

    @property
    def seq(self) -> int:
        """The last it was told."""
        return self.events[-1][1]["seq"] if self.events else self.since

    def told(self, events: Sequence[tuple[str, Payload]]) -> None:
        self.events += [(name, _in_plain_words(payload)) for name, payload in events]

    def messages(self) -> dict[str, Standing]:
        """How the messages stand, if what it was told is all that happened."""
        messages: dict[str, Standing] = {}
        for name, payload in self.events:
            _take_in(messages, name, payload)
        return messages


def _in_plain_words(payload: Payload) -> Payload:
    """`text_channel:` says `content` where `chat:` says `text`."""
    return {("text" if key == "content" else key): value for key, value in payload.items()}


def _take_in(messages: dict[str, Standing], name: str, payload: Payload) -> None:
    before = messages.get(payload["id"], Standing(""))
    match name:
        case "new_message":
            given = frozenset((kind["emoji"], user) for kind in payload.get("reactions", []) for user in kind["users"])
            after = Standing(payload["text"], payload.get("deleted", False), given)
        case "message_edited":
            after = before if before.deleted else attrs.evolve(before, text=payload["text"])
        case "message_deleted":
            after = Standing("", deleted=True)
        case "reaction":
            one = frozenset({(payload["emoji"], payload["user"]["id"])})
            after = attrs.evolve(before, reactions=before.reactions | one if payload["on"] else before.reactions - one)
        case _:
            raise ValueError(f"{name} is no durable event")
    messages[payload["id"]] = after


def faults(log: Log, views: Sequence[View], promises: Sequence[Promise], *, quiet: bool = True) -> list[str]:
    """Everything that must not be, in words; nothing when all is well. `quiet`: every view should be complete."""
    found = [*_of_log(log), *_of_promises(log, promises)]
    texts = _all_texts(log, promises)
    for view in views:
        found += [f"{view.name}: {fault}" for fault in _of_view(log, view, texts)]
        if quiet:
            found += [f"{view.name}: {fault}" for fault in _of_end(log, view)]
    return found


def _of_log(log: Log) -> Iterator[str]:
    for place, entry in enumerate(log.entries, 1):
        if entry.seq != place:
            yield f"seq {entry.seq} is stored at place {place}"
            break
    posts = Counter((e.user_id, e.said) for e in log.entries if e.event == "new_message" and e.said is not None)
    yield from (f"{post} is stored {times} times" for post, times in posts.items() if times > 1)


def _of_promises(log: Log, promises: Sequence[Promise]) -> Iterator[str]:
    stored = {entry.seq: entry for entry in log.entries}
    done = Counter((e.event, e.message_id, e.user_id, e.said) for e in log.entries)
    for promise in promises:
        entry = stored.get(promise.reply["seq"])
        if entry is None or not _keeps(entry, promise, log):
            yield f"{promise} is stored as {entry}"
        elif entry.said != "" and (times := done[entry.event, entry.message_id, entry.user_id, entry.said]) > 1:
            yield f"{promise} was done {times} times"


_STORED_AS = {
    "new_message": "new_message",
    "edit_message": "message_edited",
    "delete_message": "message_deleted",
    "react": "reaction",
}


def _keeps(entry: Entry, promise: Promise, log: Log) -> bool:
    asked, message_id = promise.asked, promise.asked.get("id") or promise.reply["id"]
    match promise.event:
        case "new_message":
            said: Sequence[Any] = (asked["client_id"],)
        case "edit_message":  # the words of what was deleted are gone
            said = (asked["text"], "") if log.messages[message_id].deleted else (asked["text"],)
        case "react":
            said = ((asked["emoji"], asked["on"]),)
        case _:
            said = (None,)
    kept = entry.event, entry.message_id, entry.user_id
    return kept == (_STORED_AS[promise.event], message_id, promise.user_id) and entry.said in said


def _all_texts(log: Log, promises: Sequence[Promise]) -> dict[str, set[str]]:
    """What each message ever said: who comes back is told the newest text of an older message."""
    texts = {id: {standing.text} for id, standing in log.messages.items()}
    for promise in promises:
        if "text" in promise.asked:
            texts.setdefault(promise.asked.get("id") or promise.reply["id"], set()).add(promise.asked["text"])
    return texts


def _of_view(log: Log, view: View, texts: dict[str, set[str]]) -> Iterator[str]:
    expected = view.since
    for name, payload in view.events:
        expected += 1
        seq = payload["seq"]
        if seq != expected:
            yield f"was told {seq} where {expected} was next"
            return
        if seq > len(log.entries):
            yield f"was told {seq}, which is not stored"
            return
        entry = log.entries[seq - 1]
        if (name, payload["id"]) != (entry.event, entry.message_id):
            yield f"was told {name} {payload}, which is {entry}"
        elif "text" in payload and payload["text"] not in texts[payload["id"]]:
            yield f"was told a text that nobody wrote: {payload}"


def _of_end(log: Log, view: View) -> Iterator[str]:
    if view.seq != log.last_seq:
        yield f"was told up to {view.seq} of {log.last_seq}"
        return
    seen = view.messages()
    for id in seen.keys() - log.messages.keys():
        yield f"sees message {id}, which is not stored"
    begun = {entry.message_id for entry in log.entries[view.since :] if entry.event == "new_message"}
    for id in begun & log.messages.keys():
        if seen.get(id) != log.messages[id]:
            yield f"sees message {id} as {seen.get(id)}, stored is {log.messages[id]}"
