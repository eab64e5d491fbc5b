"""Any sequence of commands has the outcomes, events and messages of a model that is too simple to be wrong."""

from collections.abc import Sequence
from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatter.core.commands import Command, Delete, Edit, Post, React
from chatter.core.events import Deleted, Edited, Event, Posted, Reacted
from chatter.core.model import Message
from chatter.errors import Forbidden, NotFound
from chatter.stores.port import Known, Store, Stored
from tests.contracts.conftest import OpenStore
from tests.contracts.people import ANN, BOB, MIA

POST, EDIT, DELETE, REACT, RETRY = "post", "edit", "delete", "react", "retry"

Step = tuple[Any, ...]
users = st.sampled_from([ANN, BOB, MIA])
which = st.integers(0, 5)
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just(POST), users, st.sampled_from(["hi", "ho"]), st.sampled_from([None, "c1", "c2"])),
    st.tuples(st.just(EDIT), users, which, st.sampled_from(["hi", "ho"])),
    st.tuples(st.just(DELETE), users, which),
    st.tuples(st.just(REACT), users, which, st.sampled_from(["👋", "❤"]), st.booleans()),
    st.tuples(st.just(RETRY), which),
)
calls = st.lists(st.lists(steps, max_size=6), max_size=8)


@attrs.define
class Writer:
    """Turns steps into commands about the posts before them."""

    commands: list[Command] = attrs.Factory(list)

    def write(self, step: Step) -> Command:
        command = self._command(step)
        self.commands.append(command)
        return command

    def _command(self, step: Step) -> Command:
        match step:
            case (_, user, str(text), client_id) if step[0] == POST:
                return Post(user=user, text=text, client_id=client_id)
            case (_, user, number, text) if step[0] == EDIT:
                return Edit(user=user, message_id=self._post(number), text=text)
            case (_, user, number) if step[0] == DELETE:
                return Delete(user=user, message_id=self._post(number))
            case (_, user, number, emoji, on):
                return React(user=user, message_id=self._post(number), emoji=emoji, on=on)
            case (_, number):
                return self.commands[-1 - number] if number < len(self.commands) else Post(user=ANN, text="hi")
        raise AssertionError(step)

    def _post(self, number: int) -> str:
        posts = [command.id for command in self.commands if isinstance(command, Post)]
        return posts[-1 - number] if number < len(posts) else "nothing"


@attrs.define
class Model:
    """A room as two lists and a dictionary."""

    events: list[Event] = attrs.Factory(list)
    messages: dict[str, Message] = attrs.Factory(dict)
    clients: dict[tuple[str, str], str] = attrs.Factory(dict)
    done: dict[str, int] = attrs.Factory(dict)

    def apply(self, command: Command) -> Any:
        """The outcome, or the class of a refusal."""
        if isinstance(command, Post):
            return self.post(command)
        if command.id in self.done:
            return Known(self.done[command.id])
        message = self.messages.get(command.message_id)
        if message is None or (message.deleted and not isinstance(command, Delete)):
            return NotFound
        if not isinstance(command, React) and command.user.id != message.user.id and not command.user.moderator:
            return Forbidden
        return self.change(message, command)

    def post(self, post: Post) -> Stored | Known:
        known = post.id if post.id in self.messages else self.clients.get((post.user.id, post.client_id or ""))
        if known is not None:
            return Known(self.messages[known].seq, self.messages[known])
        author = attrs.evolve(post.user, moderator=False)
        message = Message(post.id, self.next, author, post.text, post.at, post.client_id)
        if post.client_id is not None:
            self.clients[post.user.id, post.client_id] = post.id
        return self.store(post, Posted(message), message)

    def change(self, message: Message, command: Edit | Delete | React) -> Stored | Known:
        event: Event
        match command:
            case Edit(text=text):
                event = Edited(self.next, message.id, text, command.at)
                changed = attrs.evolve(message, text=text, edited_at=command.at)
                same = message.text == text
            case Delete():
                event = Deleted(self.next, message.id)
                changed = Message(message.id, message.seq, message.user, "", message.inserted_at, deleted=True)
                same = message.deleted
            case React(emoji=emoji, user=user, on=on):
                event = Reacted(self.next, message.id, emoji, user.id, user.name, on)
                changed = attrs.evolve(message, reactions=reacted(message.reactions, event))
                same = on == (user.id in message.reactions.get(emoji, ()))
        return Known(self.cause(message, event)) if same else self.store(command, event, changed)

    def store(self, command: Command, event: Event, message: Message) -> Stored:
        self.events.append(event)
        self.messages[message.id] = message
        self.done[command.id] = event.seq
        return Stored(event)

    def cause(self, message: Message, event: Event) -> int:
        """The newest event of the same sort about the same thing, or else the post."""

        def thing(other: Event) -> tuple[Any, ...]:
            extra = (other.emoji, other.user_id) if isinstance(other, Reacted) else ()
            return (type(other), other.message_id, *extra)

        return max((e.seq for e in self.events if thing(e) == thing(event)), default=message.seq)

    @property
    def next(self) -> int:
        return len(self.events) + 1

    def log(self) -> list[Event]:
        """The events as they are told now: posts as they stand, edits of deleted messages without their text."""
        return [self.as_told(event) for event in self.events]

    def as_told(self, event: Event) -> Event:
        if isinstance(event, Posted):
            return Posted(self.messages[event.message_id])
        if isinstance(event, Edited) and self.messages[event.message_id].deleted:
            return attrs.evolve(event, text="")
        return event


def reacted(reactions: dict[str, tuple[str, ...]], event: Reacted) -> dict[str, tuple[str, ...]]:
    others = tuple(user for user in reactions.get(event.emoji, ()) if user != event.user_id)
    changed = reactions | {event.emoji: (*others, event.user_id) if event.on else others}
    return {emoji: users for emoji, users in changed.items() if users}


@given(calls=calls)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_room_behaves_as_its_model(open_store: OpenStore, calls: list[list[Step]]) -> None:
    writer, model = Writer(), Model()
    async with open_store() as store:
        for call in calls:
            await check_outcomes(store, model, [writer.write(step) for step in call])
        await check_what_is_told(store, model)


async def check_outcomes(store: Store, model: Model, commands: Sequence[Command]) -> None:
    outcomes = await store.append("lobby", commands)
    for command, outcome in zip(commands, outcomes, strict=True):
        expected = model.apply(command)
        assert (type(outcome) if isinstance(expected, type) else outcome) == expected


async def check_what_is_told(store: Store, model: Model) -> None:
    log, messages = model.log(), list(model.messages.values())
    tail = await store.tail("lobby", events=1_000, messages=1_000)
    assert (tail.last_seq, tail.events, tail.messages) == (len(log), log, messages)
    for after in range(len(log) + 1):
        assert await store.events_after("lobby", after, 3) == log[after : after + 3]
    orders = [list(m.reactions.items()) for m in tail.messages]
    assert orders == [list(m.reactions.items()) for m in messages]
    assert (await store.page("lobby", limit=1_000)).messages == messages
