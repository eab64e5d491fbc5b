"""Whom to disconnect: an order that reaches every node, whatever becomes of the bus.

It is kept in the database, numbered, and each node does those that it has not done. The bus only makes it quick: it
says that there is news. A node that does not hear of it looks all the same, every `LOOK_EVERY` seconds and whenever it
may have missed something. Telling again over the bus until all have answered would have needed to know who all are, and
would have ended with the node that tells; the database outlives both, and whoever orders has it in an acknowledgement.

A socket that comes between the order and its doing may be closed with the others. Its client comes back.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs
import trio

from chatter.actors.actor import Actor
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Mailbox, Ref, Request
from chatter.bus.port import Bus
from chatter.errors import Refused, Unavailable
from chatter.stores.port import Store

CHANNEL: Final = "disconnections"
LOOK_EVERY: Final = 5.0


@attrs.define(eq=False)
class Disconnect(Request[None]):
    """Close all connections of the user, on all nodes; fails with `Unavailable`, when it is not ordered."""

    user_id: str


@attrs.frozen
class Look:
    """There may be news."""


DisconnectionsMessage = Disconnect | Look


@attrs.define(eq=False)
class Done:
    """How far this node has done what was ordered: not to be forgotten in a crash. None: it was never asked."""

    up_to: int | None = None


class Disconnections(Actor[DisconnectionsMessage]):
    """One incarnation's. `disconnect` closes a user's connections on this node."""

    def __init__(
        self,
        mailbox: Mailbox[DisconnectionsMessage],
        disconnect: Callable[[str], Any],
        done: Done,
        store: Store,
        bus: Bus,
    ) -> None:
        super().__init__(mailbox)
        self._disconnect = disconnect
        self._done = done
        self._store = store
        self._bus = bus

    async def run(self, started: Callable[[], Any]) -> None:
        ears = self._bus.subscribe(CHANNEL, lambda _: self._tell_self(), self._tell_self)
        try:
            await super().run(started)
        finally:
            ears.end()

    async def started(self) -> None:
        """Nobody is connected yet, so what was ordered before is done."""
        while self._done.up_to is None:
            try:
                self._done.up_to = (await self._store.disconnections(None)).newest
            except Unavailable:
                await trio.sleep(LOOK_EVERY)

    async def serve(self) -> None:
        while True:
            message: DisconnectionsMessage | None = None if self._bus.alone else Look()
            with trio.move_on_after(LOOK_EVERY):
                message = await self.mailbox.get()
            if message is not None:
                await self.handle(message)

    async def handle(self, message: DisconnectionsMessage) -> None:
        match message:
            case Disconnect(user_id=user_id):
                await self._order(message, user_id)
            case Look():
                await self._look()

    async def _order(self, request: Disconnect, user_id: str) -> None:
        try:
            await self._store.disconnect(user_id)
        except Refused as refusal:
            request.fail(refusal)
            return
        request.reply(None)
        self._bus.publish(CHANNEL, bytes)
        await self._look()

    async def _look(self) -> None:
        assert self._done.up_to is not None
        try:
            news = await self._store.disconnections(self._done.up_to)
        except Unavailable:
            return
        for user_id in dict.fromkeys(news.user_ids):
            self._disconnect(user_id)
        self._done.up_to = news.newest

    def _tell_self(self) -> None:
        try:
            self.mailbox.put(Look())
        except ActorError:  # it looks soon
            return


async def disconnect(ref: Ref[DisconnectionsMessage], user_id: str) -> None:
    """Returns when it is ordered, and so will be done; `Unavailable`."""
    try:
        await ref.ask(Disconnect(user_id))
    except ActorError as error:
        raise Unavailable("Nobody can be disconnected now. Try again.") from error
