"""Many sends by one system call: with the kernel's own io_uring, on real sockets."""

import errno
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from chatter.gateway import uring
from chatter.gateway.uring import LONGEST, MOST, Ring

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring = Ring.open()
    if ring is None:
        pytest.skip("this kernel has no io_uring for us")
    yield ring
    ring.close()


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    """As many as go into a batch: our ends, which don't block, and theirs."""
    with ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(MOST)]
        for ours, theirs in pairs:
            stack.enter_context(ours)
            stack.enter_context(theirs)
            ours.setblocking(False)
        yield pairs


def descriptors(pairs: list[Pair]) -> list[int]:
    return [ours.fileno() for ours, _ in pairs]


def fill(end: socket.socket) -> None:
    with suppress(BlockingIOError):
        while True:
            end.send(bytes(LONGEST))


def tcp_pair(stack: ExitStack) -> Pair:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    theirs = stack.enter_context(socket.create_connection(listener.getsockname()))
    ours = stack.enter_context(listener.accept()[0])
    ours.setblocking(False)
    return ours, theirs


def test_each_socket_of_a_batch_gets_all_of_it(ring: Ring, pairs: list[Pair]) -> None:
    batch = ring.batch(descriptors(pairs))
    assert ring.send(batch, b"hello") == []
    assert {theirs.recv(100) for _, theirs in pairs} == {b"hello"}


def test_batches_of_any_size_send_texts_of_any_size_in_order_however_often(ring: Ring, pairs: list[Pair]) -> None:
    """The queues are rings, and batches begin and end anywhere in them."""
    dice = random.Random(1)
    for turn in range(200):
        some = dice.sample(pairs, dice.randint(1, MOST))
        batch = ring.batch(descriptors(some))
        texts = [b"%d/%d " % (turn, n) * dice.randint(1, 50) for n in range(dice.randint(1, 3))]
        for text in texts:
            assert ring.send(batch, text) == []
        assert {theirs.recv(LONGEST) for _, theirs in some} == {b"".join(texts)}
    for _, theirs in pairs:
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)


def test_who_is_full_and_who_is_gone_is_told_and_the_others_do_not_notice(ring: Ring, pairs: list[Pair]) -> None:
    batch = ring.batch(descriptors(pairs))
    fill(pairs[3][0])
    pairs[500][1].close()
    assert ring.send(batch, b"hello") == [(3, -errno.EAGAIN), (500, -errno.EPIPE)]
    others = [pair for n, pair in enumerate(pairs) if n not in (3, 500)]
    assert {theirs.recv(100) for _, theirs in others} == {b"hello"}
    assert ring.send(ring.batch(descriptors(others)), b"and more") == []


def test_who_takes_some_is_told_with_how_much(ring: Ring) -> None:
    with ExitStack() as stack:
        ours, theirs = tcp_pair(stack)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        batch = ring.batch([ours.fileno()])
        taken = 0
        while not (short := ring.send(batch, bytes(LONGEST))):
            taken += LONGEST
        [(which, some)] = short
        assert which == 0
        assert 0 < some < LONGEST
        ours.close()
        received = 0
        while data := theirs.recv(LONGEST):
            received += len(data)
        assert received == taken + some


def test_what_was_closed_is_an_error_and_not_a_crash(ring: Ring, pairs: list[Pair]) -> None:
    batch = ring.batch(descriptors(pairs[:2]))
    pairs[0][0].close()
    assert ring.send(batch, b"hello") == [(0, -errno.EBADF)]
    assert pairs[1][1].recv(100) == b"hello"


def test_a_ring_that_the_kernel_turns_down_sends_nothing_and_says_so(ring: Ring, pairs: list[Pair]) -> None:
    """As when it is out of memory: every socket is as one that takes nothing now."""
    batch = ring.batch(descriptors(pairs[:3]))
    ring.close()
    for _ in range(2):
        assert ring.send(batch, b"hello") == [(n, -errno.EAGAIN) for n in range(3)]


def test_where_the_kernel_has_no_ring_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uring, "_SETUP", 99_999)
    with pytest.raises(OSError, match="Function not implemented") as refused:
        Ring()
    assert refused.value.errno == errno.ENOSYS
    assert Ring.open() is None


def test_a_ring_that_does_not_behave_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uring, "_SEND", 0)  # a no-op, which always succeeds
    assert Ring.open() is None
