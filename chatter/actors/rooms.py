"""The rooms directory: it starts rooms when they are wanted, and ends those that nobody uses.

A running room is found without asking anybody (`RoomTable.get`, as Erlang finds processes in ETS); only who wants one
that is not running asks the directory, which looks in the store and starts it. What members were told stays in the
table for as long as the room runs, so a crash of the room, or of the directory, loses no member.
"""

from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

import attrs
import trio

from chatter.actors.actor import Actor
from chatter.actors.audience import Audience
from chatter.actors.child import ChildSpec, Restart, actor
from chatter.actors.exits import ActorError, MailboxFull
from chatter.actors.mailbox import Mailbox, Ref, Request
from chatter.actors.presence import PresenceMessage
from chatter.actors.room import Room, channel
from chatter.actors.room_messages import Closed, EndIfIdle, Join, RoomMessage, StoredUpTo, Submit, TellPresence
from chatter.actors.settling import settle
from chatter.actors.turnstile import Turnstile
from chatter.bus.port import Bus
from chatter.core.commands import Command
from chatter.core.model import RoomInfo
from chatter.errors import NotFound, Refused, Unavailable
from chatter.stores.port import Store
from chatter.supervisor import DynamicSupervisor
from chatter.wire import nodes

R = TypeVar("R")

SWEEP_EVERY: Final = 5.0
ROOM_CAPACITY: Final = 10_000
COMPARED_AT_ONCE: Final = 5_000
COMMAND_DEADLINE: Final = 10.0


@attrs.define(eq=False)
class Open(Request[Ref[RoomMessage]]):
    """The room, started when it was not running; fails with `NotFound` or `Unavailable`."""

    name: str


@attrs.define(eq=False)
class Create(Request[RoomInfo]):
    """A new room; fails with `AlreadyExists`."""

    name: str
    topic: str


@attrs.define(eq=False)
class Close(Request[None]):
    """No such room any more, on any node; fails with `NotFound`."""

    name: str


DirectoryMessage = Open | Create | Close


class RoomTable:
    """The rooms that run on this node, and those of them that have still to tell presence who is there."""

    def __init__(self) -> None:
        self._refs: dict[str, Ref[RoomMessage]] = {}
        self._audiences: dict[str, Audience] = {}
        self._owing: dict[str, Ref[RoomMessage]] = {}

    def get(self, name: str) -> Ref[RoomMessage] | None:
        ref = self._refs.get(name)
        return None if ref is None or ref.ended else ref

    def add(self, name: str, ref: Ref[RoomMessage], audience: Audience) -> None:
        self._refs[name] = ref
        self._audiences[name] = audience
        ref.monitor(lambda down: None if down.restarting else self._remove(name, ref))

    def _remove(self, name: str, ref: Ref[RoomMessage]) -> None:
        if self._refs.get(name) is ref:
            del self._refs[name]
            del self._audiences[name]

    def items(self) -> list[tuple[str, Ref[RoomMessage]]]:
        return list(self._refs.items())

    def wanting_a_look(self) -> list[str]:
        """Most rooms are in use, and are left alone: waking one costs more than looking at hundreds."""
        return [name for name, audience in self._audiences.items() if audience.wants_a_look]

    def told(self) -> list[tuple[str, int]]:
        """The last event that the members of each were told; without those that are just starting."""
        return [(name, seq) for name, audience in self._audiences.items() if (seq := audience.told_seq) is not None]

    def tell_presence(self) -> None:
        """The registry started anew: have every room tell it who is there."""
        self._owing = dict(self._refs)
        self.remind()

    def remind(self) -> None:
        """Have those that owe it tell presence who is there; who is overwhelmed is reminded again."""
        owing, self._owing = self._owing, {}
        for name, ref in owing.items():
            try:
                ref.cast(TellPresence())
            except MailboxFull:
                self._owing[name] = ref
            except ActorError:  # it has ended
                continue


class Directory(Actor[DirectoryMessage]):
    """See the module; its supervisor for rooms is `runners`."""

    def __init__(
        self,
        mailbox: Mailbox[DirectoryMessage],
        table: RoomTable,
        runners: DynamicSupervisor,
        store: Store,
        presence: Ref[PresenceMessage],
        bus: Bus,
    ) -> None:
        super().__init__(mailbox)
        self._table = table
        self._runners = runners
        self._store = store
        self._presence = presence
        self._bus = bus

    async def serve(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_order)
            await super().serve()

    async def _keep_order(self) -> None:
        while True:
            await trio.sleep(SWEEP_EVERY)
            self._sweep()
            await self._compare()

    async def handle(self, message: DirectoryMessage) -> None:
        try:
            match message:
                case Open(name=name):
                    message.reply(await self._open(name))
                case Create(name=name, topic=topic):
                    message.reply(await self._store.create_room(name, topic))
                case Close(name=name):
                    await self._close(name)
                    message.reply(None)
        except Refused as refusal:
            message.fail(refusal)

    async def _open(self, name: str) -> Ref[RoomMessage]:
        if (running := self._table.get(name)) is not None:
            return running
        if await self._store.room(name) is None:
            raise NotFound(f"There is no room {name}.")
        mailbox: Mailbox[RoomMessage] = Mailbox(f"room:{name}", ROOM_CAPACITY)
        audience = Audience()
        self._runners.start(self._spec(mailbox, name, audience))
        ref = mailbox.ref
        self._table.add(name, ref, audience)
        return ref

    async def _close(self, name: str) -> None:
        """The store decides; a node that does not hear of it finds out when it compares."""
        await self._store.close_room(name)
        self._bus.publish(channel(name), nodes.closed)
        self._tell(name, Closed())

    def _tell(self, name: str, message: RoomMessage) -> None:
        ref = self._table.get(name)
        try:
            if ref is not None:
                ref.cast(message)
        except ActorError:  # it has ended, or has too much to do: next time
            return

    def _spec(self, mailbox: Mailbox[RoomMessage], name: str, audience: Audience) -> ChildSpec:
        mailbox.monitor(lambda down: None if down.restarting else audience.dismiss())
        return actor(
            mailbox,
            lambda: Room(mailbox, name, audience, self._store, self._presence, self._bus),
            restart=Restart.TRANSIENT,
        )

    def _sweep(self) -> None:
        self._table.remind()
        for name in self._table.wanting_a_look():
            self._tell(name, EndIfIdle())

    async def _compare(self) -> None:
        """Tell the rooms that missed something: whatever they did not hear from other nodes, they find in the store.

        Only rooms that run here are asked for, and only those that have to look are disturbed.
        """
        if self._bus.alone:
            return
        told = self._table.told()
        while some := [told.pop() for _ in range(min(len(told), COMPARED_AT_ONCE))]:
            try:
                stored = await self._store.last_seqs([name for name, _ in some])
            except Unavailable:
                return
            for name, seq in some:
                if name not in stored:
                    self._tell(name, Closed())
                elif stored[name] > seq:
                    self._tell(name, StoredUpTo(stored[name]))


class Rooms:
    """What sessions and REST know of the rooms."""

    def __init__(self, table: RoomTable, directory: Ref[DirectoryMessage], store: Store) -> None:
        self.store = store
        self._table = table
        self._directory = directory
        self._turnstiles: WeakValueDictionary[str, Turnstile] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._table.items())

    async def open(self, name: str) -> Ref[RoomMessage]:
        """The room's ref; `NotFound`, `Unavailable`."""
        if (ref := self._table.get(name)) is not None:
            return ref
        return await self._ask(Open(name))

    async def settle(self) -> None:
        """Wait until all that was sent to rooms so far is done, and answered."""
        await settle(ref for _, ref in self._table.items())

    async def create(self, name: str, topic: str) -> RoomInfo:
        """A new room; `AlreadyExists`, `Unavailable`."""
        return await self._ask(Create(name, topic))

    async def close(self, name: str) -> None:
        """No such room any more: its members' joins are over. `NotFound`, `Unavailable`."""
        await self._ask(Close(name))

    async def _ask(self, request: Request[R]) -> R:
        try:
            return await self._directory.ask(request)
        except ActorError as error:
            raise Unavailable("The rooms are too busy. Try again.") from error

    async def cast(self, name: str, message: RoomMessage) -> Ref[RoomMessage]:
        """Send `message` to the room, running or not; who it went to. `NotFound`, `Unavailable`.

        The room that just ended for want of use is started again.
        """
        while True:
            ref = await self.open(name)
            try:
                ref.cast(message)
            except ActorError as error:
                if ref.ended:
                    continue
                raise Unavailable("The room is too busy. Try again.") from error
            return ref

    async def admit(self, name: str, join: Join) -> Ref[RoomMessage]:
        """`cast` a join, when it is its turn."""
        if (turnstile := self._turnstiles.get(name)) is None:
            turnstile = self._turnstiles[name] = Turnstile()
        join.next_may_come = await turnstile.enter()
        try:
            return await self.cast(name, join)
        except BaseException:
            join.next_may_come()
            raise

    async def submit(self, name: str, command: Command) -> dict[str, Any]:
        """Do `command` in the room and wait for what a socket's reply would say, or raise its refusal."""
        receipt = _Awaited()
        await self.cast(name, Submit(command, receipt))
        with trio.move_on_after(COMMAND_DEADLINE):
            await receipt.came.wait()
        if receipt.refusal is not None:
            raise receipt.refusal
        if receipt.payload is None:
            raise Unavailable("The room did not answer in time.")
        return receipt.payload


@attrs.define(eq=False)
class _Awaited:
    """A receipt that a task waits for."""

    came: trio.Event = attrs.Factory(trio.Event)
    payload: dict[str, Any] | None = None
    refusal: Refused | None = None

    @property
    def answered(self) -> bool:
        return self.came.is_set()

    def ok(self, payload: dict[str, Any]) -> None:
        if not self.answered:
            self.payload = payload
            self.came.set()

    def refused(self, refusal: Refused) -> None:
        if not self.answered:
            self.refusal = refusal
            self.came.set()
