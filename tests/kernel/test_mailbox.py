"""The mailbox by itself: order, bounds, what a crash leaves, and a model that random histories are held against."""

import hypothesis.strategies as st
import pytest
import trio
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from trio.testing import MockClock

from chatter.actors.exits import (
    ActorCrashed,
    ActorEnded,
    ActorError,
    ActorKilled,
    ActorStopped,
    Exit,
    ExitKind,
    MailboxFull,
)
from chatter.actors.mailbox import Mailbox, Refusable

from .stage import Stumble, settle

NORMAL = Exit(ExitKind.NORMAL)
CRASH = Exit(ExitKind.CRASHED, Stumble("on cue"))
KILLED = Exit(ExitKind.KILLED)


class Letter(Refusable):
    """Knows what became of it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.refusals: list[ActorError] = []

    def refuse(self, error: ActorError) -> None:
        self.refusals.append(error)

    def __repr__(self) -> str:
        return f"#{self.number}"


@pytest.fixture
def mailbox() -> Mailbox[int]:
    return Mailbox("letters", capacity=5)


async def test_get_takes_the_oldest(mailbox: Mailbox[int]) -> None:
    for n in range(3):
        mailbox.put(n)
    assert [await mailbox.get() for _ in range(3)] == [0, 1, 2]


async def test_get_all_takes_everything_oldest_first(mailbox: Mailbox[int]) -> None:
    for n in range(3):
        mailbox.put(n)
    assert await mailbox.get_all() == [0, 1, 2]
    assert len(mailbox) == 0


async def test_get_all_after_get_leaves_nothing_out(mailbox: Mailbox[int]) -> None:
    for n in range(3):
        mailbox.put(n)
    assert await mailbox.get() == 0
    mailbox.put(3)
    assert await mailbox.get_all() == [1, 2]
    assert await mailbox.get_all() == [3]


@pytest.mark.parametrize("take", ["get", "get_all"])
async def test_who_waits_is_woken_by_a_message(take: str, mailbox: Mailbox[int], nursery: trio.Nursery) -> None:
    got: list[object] = []

    async def reader() -> None:
        got.append(await getattr(mailbox, take)())

    nursery.start_soon(reader)
    await settle()
    assert got == []
    mailbox.put(1)
    await settle()
    assert got == [1 if take == "get" else [1]]


async def test_a_reader_that_was_cancelled_misses_nothing(mailbox: Mailbox[int], autojump_clock: MockClock) -> None:
    with trio.move_on_after(1):
        await mailbox.get()
    mailbox.put(1)
    mailbox.put(2)
    assert await mailbox.get_all() == [1, 2]


@pytest.mark.parametrize("first", ["cancel", "put"])
async def test_a_message_that_arrives_as_its_reader_is_cancelled_is_not_lost(first: str, mailbox: Mailbox[int]) -> None:
    got: list[int] = []

    async def reader() -> None:
        got.append(await mailbox.get())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader)
        await settle()
        if first == "cancel":
            nursery.cancel_scope.cancel()
        mailbox.put(1)
        nursery.cancel_scope.cancel()
    assert len(mailbox) == (first == "cancel")
    assert got == ([1] if first == "put" else [])


async def test_capacity_counts_what_waits_and_not_what_was_taken(mailbox: Mailbox[int]) -> None:
    for n in range(5):
        mailbox.put(n)
    with pytest.raises(MailboxFull):
        mailbox.put(5)
    assert await mailbox.get() == 0
    mailbox.put(5)
    with pytest.raises(MailboxFull):
        mailbox.put(6)
    assert len(mailbox) == 5


async def test_statistics_tell_waiting_handled_and_peak(mailbox: Mailbox[int]) -> None:
    for n in range(4):
        mailbox.put(n)
    await mailbox.get()
    found = mailbox.statistics()
    assert (found.waiting, found.capacity, found.handled, found.peak) == (3, 5, 1, 4)


async def test_stop_is_raised_after_the_last_message(mailbox: Mailbox[int]) -> None:
    mailbox.put(1)
    mailbox.stop()
    assert await mailbox.get() == 1
    with pytest.raises(ActorStopped):
        await mailbox.get()


async def test_stop_and_kill_wake_who_waits(mailbox: Mailbox[int], nursery: trio.Nursery) -> None:
    ends: list[type[BaseException]] = []

    async def reader() -> None:
        try:
            await mailbox.get()
        except (ActorStopped, ActorKilled) as end:
            ends.append(type(end))

    nursery.start_soon(reader)
    await settle()
    mailbox.stop()
    await settle()
    mailbox.reopen()
    nursery.start_soon(reader)
    await settle()
    mailbox.kill("drill")
    await settle()
    assert ends == [ActorStopped, ActorKilled]


@pytest.mark.parametrize(
    ("exit", "error"), [(NORMAL, ActorEnded), (CRASH, ActorCrashed), (KILLED, ActorEnded)], ids=str
)
@pytest.mark.parametrize("restarting", [True, False])
async def test_what_was_taken_and_left_is_refused_however_the_incarnation_ends(
    restarting: bool, exit: Exit, error: type[ActorError]
) -> None:
    mailbox: Mailbox[Letter] = Mailbox("letters")
    letter = Letter(1)
    mailbox.put(letter)
    await mailbox.get()
    mailbox.down(exit, restarting=restarting)
    assert [type(refusal) for refusal in letter.refusals] == [error]


@pytest.mark.parametrize("exit", [CRASH, KILLED], ids=str)
async def test_with_redelivery_it_comes_back_only_to_an_actor_that_comes_back(exit: Exit) -> None:
    mailbox: Mailbox[Letter] = Mailbox("letters")
    mailbox.redeliver = True
    for restarting in (True, False):
        letter = Letter(1)
        mailbox.put(letter)
        assert await mailbox.get() is letter
        mailbox.down(exit, restarting=restarting)
        assert len(mailbox) == restarting
        assert bool(letter.refusals) is not restarting
        if restarting:
            assert await mailbox.get() is letter
            mailbox.put(Letter(2))
            assert (await mailbox.get()).number == 2
            mailbox.reopen()


async def test_a_message_put_while_closed_is_refused_and_reopening_takes_new_ones() -> None:
    mailbox: Mailbox[int] = Mailbox("letters")
    mailbox.put(1)
    mailbox.down(NORMAL, restarting=False)
    assert len(mailbox) == 0
    with pytest.raises(ActorEnded):
        mailbox.put(2)
    mailbox.reopen()
    mailbox.put(3)
    assert await mailbox.get_all() == [3]


class Histories(RuleBasedStateMachine):
    """Random histories of a mailbox beside a plain model of it: two lists of numbers.

    Every letter put in is, at each moment, in exactly one state: waiting, taken, handled, or refused once.
    """

    capacity = 6

    def __init__(self) -> None:
        super().__init__()
        self.mailbox: Mailbox[Letter] = Mailbox("letters", self.capacity)
        self.mailbox.redeliver = True
        self.letters: list[Letter] = []
        self.waiting: list[int] = []
        self.taken: list[int] = []
        self.handled: list[int] = []
        self.refused: list[int] = []
        self.suspects: list[int] = []
        self.tried: set[int] = set()
        self.stopping = False

    @rule(letters=st.integers(1, 4))
    def put(self, letters: int) -> None:
        for _ in range(letters):
            self._put_one()

    def _put_one(self) -> None:
        letter = Letter(len(self.letters))
        if self.stopping:
            with pytest.raises(ActorEnded):
                self.mailbox.put(letter)
        elif len(self.waiting) >= self.capacity:
            with pytest.raises(MailboxFull):
                self.mailbox.put(letter)
        else:
            self.mailbox.put(letter)
            self.letters.append(letter)
            self.waiting.append(letter.number)

    def _done_with_taken(self) -> None:
        self.handled += self.taken
        self.taken = []

    @precondition(lambda self: self.waiting or self.suspects)
    @rule()
    def take(self) -> None:
        self._done_with_taken()
        got = self.mailbox.take().number
        assert got == (self.suspects or self.waiting).pop(0)
        self.taken = [got]

    @precondition(lambda self: self.waiting or self.suspects)
    @rule()
    def take_all(self) -> None:
        self._done_with_taken()
        got = [letter.number for letter in self.mailbox.take_all()]
        if self.suspects:
            assert got == [self.suspects.pop(0)]
        else:
            assert got == self.waiting[: len(got)]
            assert got
            del self.waiting[: len(got)]
        self.taken = got

    @precondition(lambda self: not self.waiting and not self.suspects)
    @rule()
    def look_in_vain(self) -> None:
        if self.mailbox.idle:
            assert not self.stopping
            return
        assert self.stopping
        with pytest.raises(ActorStopped):
            self.mailbox.take()
        self._done_with_taken()
        self._end(NORMAL, restarting=True)

    @rule(killed=st.booleans())
    def crash(self, killed: bool) -> None:
        self._end(KILLED if killed else CRASH, restarting=True)

    @rule()
    def kill_and_look(self) -> None:
        self.mailbox.kill("drill")
        with pytest.raises(ActorKilled):
            self.mailbox.take()
        self._done_with_taken()
        self._end(CRASH, restarting=True)

    @rule()
    def stop(self) -> None:
        self.mailbox.stop()
        self.stopping = True

    @rule()
    def end_for_good_and_start_anew(self) -> None:
        self._end(CRASH, restarting=False)
        self.refused += self.suspects + self.waiting
        self.suspects, self.waiting = [], []
        assert self.mailbox.closed
        self.mailbox.reopen()
        self.stopping = False

    def _end(self, exit: Exit, *, restarting: bool) -> None:
        self.mailbox.down(exit, restarting=restarting)
        guilty = self.tried.intersection(self.taken)
        if restarting and not guilty:
            self.suspects = self.taken + self.suspects
            self.tried.update(self.taken)
        else:
            self.refused += self.taken
        self.taken = []
        if exit.kind is not ExitKind.CRASHED:
            self.stopping = False

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        everywhere = self.waiting + self.suspects + self.taken + self.handled + self.refused
        assert sorted(everywhere) == [letter.number for letter in self.letters]
        assert len(self.mailbox) == len(self.waiting) + len(self.suspects)

    @invariant()
    def who_is_refused_is_told_once(self) -> None:
        assert [letter.number for letter in self.letters if letter.refusals] == sorted(self.refused)
        assert all(len(letter.refusals) <= 1 for letter in self.letters)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
