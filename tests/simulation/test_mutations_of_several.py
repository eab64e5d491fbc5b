"""Is the simulation of several nodes any good? Each of these bugs between nodes, planted alone, must be found."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
import trio

from chatter.actors.abroad import Abroad
from chatter.actors.room import Room
from chatter.actors.rooms import Directory
from chatter.bus.redis.bus import RedisBus
from chatter.bus.redis.claims import RedisClaims
from chatter.core.commands import Command
from chatter.core.events import Event, Posted
from chatter.core.neighbours import Neighbours, OtherShares
from chatter.core.presence import Diff
from chatter.stores.port import Outcome, Stored
from tests.simulation.bugs import Bugs
from tests.simulation.schedule import several
from tests.simulation.store import SimulatedStore

BUGS = Bugs(several)
bug = BUGS.bug


# -- what is told


@bug(Room, "_add_in_order")
def the_order_of_the_bus_is_trusted(_: Any) -> Any:
    def add(self: Room, events: list[Event]) -> None:
        for event in events:
            self._log.last_seq = event.seq - 1
            self._add([event])

    return add


@bug(Room, "_take_in_overheard")
def what_is_heard_twice_is_told_twice(real: Any) -> Any:
    def take_in(self: Room, data: bytes) -> None:
        told = self._log.last_seq
        real(self, data)
        if self._log.last_seq == told and (last := self._log.events_after(told - 1)):
            self._tell_events(last)

    return take_in


@bug(SimulatedStore, "append")
def the_seq_is_given_before_the_transaction(_: Any) -> Any:
    async def append(self: Any, room: str, commands: Sequence[Command]) -> list[Outcome]:
        there = self._room(room)
        seen = len(there.events)

        def run() -> list[Outcome]:
            meanwhile = there.events[seen:]
            del there.events[seen:]
            outcomes = [there.run(command) for command in commands]
            there.events[seen:seen] = meanwhile
            return outcomes

        return await self._write(run)  # type: ignore[no-any-return]

    return append


@bug(Room, "_take_in")
def a_node_numbers_what_is_said_there_itself(real: Any) -> Any:
    async def take_in(self: Room, outcomes: list[Outcome]) -> None:
        numbers = iter(range(self._log.last_seq + 1, self._log.last_seq + 1 + len(outcomes)))
        await real(self, [_numbered(outcome, numbers) for outcome in outcomes])

    return take_in


def _numbered(outcome: Any, numbers: Any) -> Any:
    if isinstance(outcome, Stored) and isinstance(outcome.event, Posted):
        return Stored(Posted(attrs.evolve(outcome.event.message, seq=next(numbers))))
    return outcome


@bug(Room, "_look_at")
def what_is_missing_is_waited_for_for_ever(_: Any) -> Any:
    return property(lambda self: self._look_again_at)


@bug(Room, "_miss")
def a_room_that_missed_something_does_not_look_for_it(_: Any) -> Any:
    return lambda self: None


@bug(Directory, "_compare")
def a_node_never_compares_itself_with_the_store(_: Any) -> Any:
    async def compare(self: Directory) -> None:
        await trio.lowlevel.checkpoint()

    return compare


@bug(RedisBus, "_converse_once")
def a_bus_that_is_back_listens_to_nothing(real: Any) -> Any:
    async def converse_once(self: Any) -> None:
        before = self._connections
        try:
            await real(self)
        finally:
            if self._connections > before:
                self._asked_for = set(self._listeners)

    return converse_once


# -- who is there


@bug(Neighbours, "expire")
def people_of_a_dead_node_stay(_: Any) -> Any:
    return lambda self, now: {}


@bug(Neighbours, "_drop")
def people_of_a_process_before_stay(real: Any) -> Any:
    return lambda self, node, before=None: real(self, node) if before is None else {}


@bug(Abroad, "leave", first=170)
def a_node_that_stops_does_not_say_so(_: Any) -> Any:
    return lambda self: None


@bug(Neighbours, "heartbeat")
def what_is_told_of_people_is_not_repeated(_: Any) -> Any:
    return lambda self: None


@bug(OtherShares, "hear")
def who_missed_a_change_does_not_ask(real: Any) -> Any:
    return lambda self, said: real(self, said) or Diff()


@bug(OtherShares, "drop")
def who_came_and_went_before_is_told_again(real: Any) -> Any:
    def drop(self: OtherShares, node: str, before: str | None = None) -> Diff:
        dropped: Diff = real(self, node, before)
        return dropped if before is None else Diff(dropped.leaves, dropped.leaves)

    return drop


# -- names


@bug(RedisClaims, "_won")
def each_node_decides_about_names_for_itself(_: Any) -> Any:
    async def won(self: RedisClaims, name: str, user_id: str) -> bool:
        await trio.lowlevel.checkpoint()
        return True

    return won


@bug(RedisClaims, "_keep_lease")
def the_lease_is_not_renewed(_: Any) -> Any:
    async def keep_lease(self: RedisClaims, client: Any) -> None:
        await trio.sleep_forever()

    return keep_lease


@bug(RedisClaims, "_claim_all", first=60)
def names_are_not_claimed_again(_: Any) -> Any:
    async def claim_all(self: RedisClaims, client: Any) -> None:
        await trio.lowlevel.checkpoint()

    return claim_all


@bug(RedisClaims, "_give_up_unanswered", first=60)
def a_name_that_was_given_without_an_answer_is_not_claimed_again(_: Any) -> Any:
    async def give_up(self: RedisClaims) -> None:
        await trio.sleep_forever()

    return give_up


@bug(RedisClaims, "_give_back")
def names_are_not_given_back(_: Any) -> Any:
    return lambda self: None


@pytest.mark.parametrize("name", BUGS)
def test_the_simulation_of_several_nodes_finds(name: str) -> None:
    BUGS.must_be_found(name)
