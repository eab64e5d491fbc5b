"""People who come back whatever happens to the server, and remember all they were told and promised.

Each has a socket at a time, resumes behind the last event it heard, and sends what was not answered again, under the
same `client_id`, until it is. When the party is over, `tests.histories` says what was lost on the way.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from random import Random
from typing import Final

import attrs
import trio
from trio_websocket import HandshakeError

from tests.histories import Payload, Promise, View, faults

from .client import V1, V2, Client, Closed, Handshake, Place, Refusal, TurnedAway, connect
from .conftest import calling, unique
from .crowd import Crowd
from .disk import SqliteTruth, Truth
from .server import Reachable, Server

AT_ONCE: Final = 8
PAUSE: Final = 0.02
PATIENCE: Final = 10.0
IN_THE_END: Final = 30.0

GONE: Final = (Closed, OSError, TurnedAway, HandshakeError, trio.BrokenResourceError, trio.ClosedResourceError)


@attrs.define(eq=False)
class Wish:
    """Something to be done once, however often it is asked for. `about`: the message that it changes."""

    event: str
    asked: Payload
    about: str = ""


@attrs.define(eq=False)
class Regular:
    """Somebody who reads. `patience`: seconds without any answer after which they hang up and come again.
    `visits`: how often they were let in; `closed_with`: the code of each socket's end."""

    name: str
    topic: str = "chat:lobby"
    vsn: str = V2
    patience: float = PATIENCE
    view: View = attrs.field(init=False)
    place: Place | None = attrs.field(init=False, default=None)
    visits: int = attrs.field(init=False, default=0)
    closed_with: list[int | None] = attrs.field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.view = View(self.name)

    def __str__(self) -> str:
        return (
            f"{self.name} on {self.topic}, up to {self.seq}, here {self.visits} times, closed {self.closed_with[-3:]}"
        )

    @property
    def handshake(self) -> Handshake:
        return Handshake(vsn=self.vsn)

    @property
    def seq(self) -> int:
        """The last event heard so far."""
        events = self.place.events() if self.place is not None else []
        return events[-1][1]["seq"] if events else self.view.seq

    async def live(self, server: Reachable) -> None:
        """Come, and come again, until cancelled."""
        while True:
            try:
                await self._visit(server.socket_url)
            except* GONE:
                pass
            await trio.sleep(PAUSE)

    async def _visit(self, url: str) -> None:
        async with trio.open_nursery() as nursery:
            place = await self._enter(nursery, url)
            assert place.welcome["resumed"], f"{self.name} was away for too long"
            self.view.told(place.welcome["events"])
            self.visits += 1
            with self._being(place):
                nursery.start_soon(self._look_whether_anybody_is_there, place.client)
                await self.act(place)
            nursery.cancel_scope.cancel()

    async def _enter(self, nursery: trio.Nursery, url: str) -> Place:
        with trio.move_on_after(self.patience):
            client = await connect(nursery, url, self.handshake)
            return await client.join(self.topic, after=self.view.seq)
        raise Closed(None)

    async def _look_whether_anybody_is_there(self, client: Client) -> None:
        while True:
            with trio.move_on_after(self.patience) as waiting:
                await client.heartbeat()
            if waiting.cancelled_caught:
                raise Closed(None)
            await trio.sleep(self.patience / 4)

    @contextmanager
    def _being(self, place: Place) -> Iterator[None]:
        self.place = place
        try:
            yield
        finally:
            self.place = None
            self.view.told(place.events())
            if place.client.closed is not None:
                self.closed_with.append(place.client.closed.code)

    async def act(self, place: Place) -> None:
        """Listen until the socket is closed."""
        await place.client.closing_sometime()


@attrs.define(eq=False)
class Writer(Regular):
    """Posts, and edits, deletes and reacts to what it has posted; so many wishes at once."""

    token: str = attrs.field(kw_only=True)
    user_id: str = attrs.field(kw_only=True)
    party: "Party" = attrs.field(kw_only=True)
    promises: list[Promise] = attrs.field(init=False, factory=list)
    unavailable: int = attrs.field(init=False, default=0)
    _wishes: list[Wish] = attrs.field(init=False, factory=list)
    _messages: list[str] = attrs.field(init=False, factory=list)  # own, and nothing is under way with them
    _numbers: Iterator[int] = attrs.field(init=False, factory=lambda: count(1))
    _chance: Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._chance = Random(self.name)

    @property
    def handshake(self) -> Handshake:
        return Handshake(vsn=self.vsn, query=f"vsn={self.vsn}&token={self.token}")

    @property
    def is_done(self) -> bool:
        return self.party.is_over and not self._wishes

    async def act(self, place: Place) -> None:
        await self._say_again(place)
        while not self.is_done:
            if not await self._say_all(place):
                await trio.sleep(PAUSE)
        await super().act(place)

    async def _say_again(self, place: Place) -> None:
        """What was acknowledged last, as if the reply had got lost: it is the same reply."""
        said = [promise for promise in self.promises if promise.event == "new_message"][-1:]
        for promise in said:
            asked = self._in_words_of(place, promise.asked)
            try:
                assert await place.push_any(promise.event, asked) == promise.reply
            except Refusal as refusal:
                if refusal.reason != "unavailable":
                    raise

    async def _say_all(self, place: Place) -> bool:
        """Whether something got done."""
        while len(self._wishes) < AT_ONCE and not self.party.is_over:
            self._wishes.append(self._wish())
        done = len(self.promises)
        asked = [(wish, await place.send(wish.event, **self._in_words_of(place, wish.asked))) for wish in self._wishes]
        for wish, ref in asked:
            try:
                self._done(wish, await place.client.answer(ref))
            except Refusal as refusal:
                if refusal.reason != "unavailable":
                    raise
                self.unavailable += 1
        return len(self.promises) > done

    def _in_words_of(self, place: Place, asked: Payload) -> Payload:
        plain = place.topic.startswith("chat:")
        return asked if plain else {("content" if key == "text" else key): value for key, value in asked.items()}

    def _wish(self) -> Wish:
        number = next(self._numbers)
        kind = self._chance.random()
        if kind < 0.75 or not self._messages:
            return Wish("new_message", {"client_id": f"{self.name}-{number}", "text": f"I am {self.name}-{number}"})
        message = self._messages.pop(self._chance.randrange(len(self._messages)))
        if kind < 0.85:
            return Wish("edit_message", {"id": message, "text": f"{self.name}-{number}, edited"}, message)
        if kind < 0.95:
            return Wish("react", {"id": message, "emoji": self._chance.choice("👍🎉🙈"), "on": True})
        return Wish("delete_message", {"id": message})

    def _done(self, wish: Wish, reply: Payload) -> None:
        self._wishes.remove(wish)
        self.promises.append(Promise(self.user_id, wish.event, wish.asked, reply))
        if wish.event == "new_message":
            self._messages.append(reply["id"])
        elif wish.about:
            self._messages.append(wish.about)
        self.party.something_happened()


@attrs.define(eq=False)
class Party:
    """A server, and everybody who comes to its lobby."""

    server: Reachable
    truth: Truth
    regulars: list[Regular] = attrs.Factory(list)
    is_over: bool = False
    done: int = 0
    _news: trio.Event = attrs.Factory(trio.Event)

    @property
    def writers(self) -> list[Writer]:
        return [regular for regular in self.regulars if isinstance(regular, Writer)]

    @property
    def unavailable(self) -> int:
        """How often somebody was told to try again."""
        return sum(writer.unavailable for writer in self.writers)

    def something_happened(self) -> None:
        self.done += 1
        self._news.set()
        self._news = trio.Event()

    async def happened(self, more: int) -> None:
        """Wait until so much more got done."""
        enough = self.done + more
        while self.done < enough:
            await self._news.wait()

    async def invite(self, *, writers: int, readers: int, patience: float) -> None:
        """Of both dialects and versions."""
        async with calling(self.server) as rest:
            for nth in range(writers):
                name = unique("writer")
                guest = await rest.post("/api/guests", name=name)
                token, user_id = guest["token"], guest["user"]["id"]
                self.regulars.append(Writer(name, *_WAYS[nth % 4], patience, token=token, user_id=user_id, party=self))
        self.regulars += [Regular(unique("reader"), *_WAYS[nth % 4], patience) for nth in range(readers)]

    async def everybody_is_here(self) -> None:
        """Wait until each was let in, at least once."""
        await self._until(lambda: [regular for regular in self.regulars if not regular.visits])

    async def end(self) -> None:
        """Let everybody finish, and hear everything that is stored."""
        self.is_over = True
        await self._until(lambda: [writer for writer in self.writers if not writer.is_done])
        last = self.truth.stored().last_seq
        await self._until(lambda: [regular for regular in self.regulars if regular.seq < last])
        await self._until(lambda: [regular for regular in self.regulars if not self._knows_who_is_here(regular)])

    def _knows_who_is_here(self, regular: Regular) -> bool:
        """Each of the writers, once, and nobody else."""
        if regular.place is None:
            return False
        crowd = Crowd(regular.place)
        crowd.look()
        return {id: len(metas) for id, metas in crowd.metas.items()} == {writer.user_id: 1 for writer in self.writers}

    async def _until(self, nobody: Callable[[], Sequence[Regular]]) -> None:
        with trio.move_on_after(IN_THE_END):
            while nobody():  # noqa: ASYNC110 — whose news would it be?
                await trio.sleep(PAUSE)
        assert not nobody(), [str(regular) for regular in nobody()]

    def faults(self) -> list[str]:
        """What was lost, doubled, moved or damaged."""
        promises = [promise for writer in self.writers for promise in writer.promises]
        found = faults(self.truth.stored(), [regular.view for regular in self.regulars], promises)
        return found if self.truth.is_sound() else [*found, "the database is damaged"]


_WAYS: Final[tuple[tuple[str, str], ...]] = (
    ("chat:lobby", V2),
    ("text_channel:lobby", V2),
    ("chat:lobby", V1),
    ("text_channel:lobby", V1),
)


@asynccontextmanager
async def partying(
    server: Reachable, *, writers: int, readers: int, patience: float = PATIENCE, truth: Truth | None = None
) -> AsyncIterator["Party"]:
    """People write and read in the server's lobby while the block runs; at its end, nothing may have gone wrong.

    `truth`: its database, when that is not the file in its folder.
    """
    if truth is None:
        assert isinstance(server, Server)
        truth = SqliteTruth(server.database)
    party = Party(server, truth)
    await party.invite(writers=writers, readers=readers, patience=patience)
    async with trio.open_nursery() as nursery:
        for regular in party.regulars:
            nursery.start_soon(regular.live, server)
        yield party
        await party.end()
        nursery.cancel_scope.cancel()
    assert party.faults() == []
