"""The same bytes on hundreds of sockets by one system call: Linux' io_uring, by way of ctypes.

A `send` a socket pays each time for a call into the kernel, a method call and the interpreter's lock; here the kernel
gets all of it at once, and a broadcast costs less CPU than a C program with one `send` a member does. What is given to
the kernel is 64 bytes a socket (a submission queue entry), made once for sockets that are written to again and again;
a broadcast changes their length field and looks whether what comes back is what it hopes for, in bulk.

Only as much of io_uring is used as behaves like `send` on a socket that doesn't block: nothing is ever left under way
when `Ring.send` returns, and what a socket does not take at once is the caller's to write later. `Ring.open` tries
that, too, and there is no ring where it isn't so: on kernels before 5.18, other systems than Linux, and where it is
forbidden (`kernel.io_uring_disabled`, the default seccomp profile of containers). One `send` a socket does the same.

No barriers are needed: the kernel reads and writes the queues while our thread is in the call, and at no other time.

Source: io_uring(7), io_uring_setup(2), io_uring_enter(2), <linux/io_uring.h>.
"""

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Final

MOST: Final = 512
"""Sockets a call."""
LONGEST: Final = 256 * 1024
"""Bytes that can be sent."""

_SETUP: Final = 425  # the numbers of these calls are the same on all architectures
_ENTER: Final = 426

_SUBMIT_ALL: Final = 1 << 7  # IORING_SETUP_SUBMIT_ALL, since 5.18: one that can't be begun doesn't end the rest
_SINGLE_MMAP: Final = 1 << 0  # IORING_FEAT_SINGLE_MMAP
_GETEVENTS: Final = 1  # IORING_ENTER_GETEVENTS
_ENTRIES_OFFSET: Final = 0x10000000  # IORING_OFF_SQES
_SEND: Final = 26  # IORING_OP_SEND

_PARAMETERS: Final = struct.Struct("=7I3I8IQ8IQ")  # struct io_uring_params
_ENTRY: Final = struct.Struct("=BBHiQQIIQHHiQQ")  # struct io_uring_sqe
_COMPLETION: Final = struct.Struct("=QiI")  # struct io_uring_cqe
_DESCRIPTOR: Final = slice(1, None, _ENTRY.size // 4)  # in an entry as 32-bit numbers
_LENGTH: Final = slice(6, None, _ENTRY.size // 4)
_NAME: Final = slice(4, None, _ENTRY.size // 8)  # in an entry as 64-bit numbers
_RESULT: Final = slice(2, None, _COMPLETION.size // 4)  # in a completion as 32-bit numbers


class Batch:
    """Sockets that are sent the same, `MOST` at most. Good for as long as each of them is open."""

    __slots__ = ("completions", "entries", "hoped", "lengths", "results", "size")

    def __init__(self, descriptors: Sequence[int], address: int) -> None:
        count = len(descriptors)
        flags = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
        entries = bytearray(_ENTRY.pack(_SEND, 0, 0, 0, 0, address, 0, flags, 0, 0, 0, 0, 0, 0) * count)
        numbers = memoryview(entries).cast("I")
        numbers.cast("B").cast("i")[_DESCRIPTOR] = memoryview(array("i", descriptors))
        memoryview(entries).cast("Q")[_NAME] = memoryview(array("Q", range(count)))
        self.entries = memoryview(entries)
        self.lengths = numbers[_LENGTH]
        self.completions = bytearray(b"".join(_COMPLETION.pack(name, 0, 0) for name in range(count)))
        self.results = memoryview(self.completions).cast("I")[_RESULT]
        self.hoped = b""
        self.size = 0

    def __len__(self) -> int:
        return len(self.lengths)

    def of(self, size: int) -> None:
        """From now on `size` bytes are sent to each, and hoped to be taken."""
        if size != self.size:
            sizes = memoryview(array("I", [size]) * len(self))
            self.lengths[:] = sizes
            self.results[:] = sizes
            self.hoped = bytes(self.completions)
            self.size = size


class Ring:
    """A submission and a completion queue that we share with the kernel, and a place for what is sent. `open` it."""

    def __init__(self, entries: int = MOST) -> None:
        """`OSError`: not here."""
        self._call = _syscall()
        parameters = ctypes.create_string_buffer(_PARAMETERS.pack(0, 0, _SUBMIT_ALL, *[0] * 25), _PARAMETERS.size)
        self._descriptor = self._do(_SETUP, entries, ctypes.addressof(parameters))
        try:
            self._map(_PARAMETERS.unpack(parameters.raw))
        except BaseException:
            os.close(self._descriptor)
            raise

    def _map(self, parameters: tuple[int, ...]) -> None:
        self._room, self._completion_room, features = parameters[0], parameters[1], parameters[5]
        submission, completion = parameters[10:19], parameters[19:28]
        if not features & _SINGLE_MMAP:
            raise OSError(errno.ENOSYS, "io_uring is too old")
        names, self._completions_at = submission[6], completion[5]
        size = max(names + 4 * self._room, self._completions_at + _COMPLETION.size * self._completion_room)
        shared = mmap.MAP_SHARED | mmap.MAP_POPULATE
        self._queues = mmap.mmap(self._descriptor, -(-size // 4) * 4, flags=shared)
        entries = mmap.mmap(self._descriptor, self._room * _ENTRY.size, flags=shared, offset=_ENTRIES_OFFSET)
        self._entries = memoryview(entries)
        self._numbers = memoryview(self._queues).cast("I")
        self._numbers[names // 4 : names // 4 + self._room] = memoryview(array("I", range(self._room)))
        self._head, self._tail = submission[0] // 4, submission[1] // 4
        self._completion_head, self._completion_tail = completion[0] // 4, completion[1] // 4
        self._text = mmap.mmap(-1, LONGEST)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._text))

    @classmethod
    def open(cls) -> "Ring | None":
        """One that does what it should; None where there is none."""
        if sys.platform != "linux":
            return None
        try:
            ring = cls()
        except OSError:
            return None
        if not _behaves(ring):
            ring.close()
            return None
        return ring

    def close(self) -> None:
        """Nothing can be sent any more. Twice: nothing happens."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def batch(self, descriptors: Sequence[int]) -> Batch:
        """For `send`."""
        return Batch(descriptors, self._address)

    def send(self, batch: Batch, data: bytes) -> list[tuple[int, int]]:
        """Send `data`, `LONGEST` bytes at most, to each of `batch`, as far as it takes them at once.

        Who did not take everything: which of them, and how many bytes, or an error's number below zero. In order.
        """
        size, count = len(data), len(batch)
        self._text[:size] = data
        batch.of(size)
        tail = self._numbers[self._tail]
        for at, begin, end in _pieces(tail, count, self._room):
            to = at * _ENTRY.size
            piece = batch.entries[begin * _ENTRY.size : end * _ENTRY.size]
            self._entries[to : to + len(piece)] = piece
        self._numbers[self._tail] = (tail + count) & 0xFFFFFFFF
        begun = self._begin(count)
        short = self._look(batch, begun)
        short += [(which, -errno.EAGAIN) for which in range(begun, count)]
        return short

    def _begin(self, count: int) -> int:
        """Have the kernel do all that is in the queue. How many of them it did: all, or it is out of memory."""
        begun = 0
        while begun < count:
            try:
                begun += self._do(_ENTER, self._descriptor, count - begun, count - begun, _GETEVENTS)
            except InterruptedError:
                continue
            except OSError:
                self._numbers[self._tail] = self._numbers[self._head]  # what it did not take, it shall not
                break
        return begun

    def _look(self, batch: Batch, count: int) -> list[tuple[int, int]]:
        """Take `count` completions from the queue: those that are not as hoped."""
        head = self._numbers[self._completion_head]
        while (self._numbers[self._completion_tail] - head) & 0xFFFFFFFF < count:
            self._wait(count)
        short: list[tuple[int, int]] = []
        for at, begin, end in _pieces(head, count, self._completion_room):
            first = self._completions_at + at * _COMPLETION.size
            piece = self._queues[first : first + (end - begin) * _COMPLETION.size]
            if piece != batch.hoped[begin * _COMPLETION.size : end * _COMPLETION.size]:
                short += [(name, result) for name, result, _ in _COMPLETION.iter_unpack(piece) if result != batch.size]
        self._numbers[self._completion_head] = (head + count) & 0xFFFFFFFF
        return sorted(short)

    def _wait(self, count: int) -> None:
        try:
            self._do(_ENTER, self._descriptor, 0, count, _GETEVENTS)
        except InterruptedError:
            return

    def _do(self, number: int, *arguments: int) -> int:
        result: int = self._call(number, *arguments, *[0] * (6 - len(arguments)))
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return result


def _syscall() -> Any:
    try:
        call = ctypes.CDLL(None, use_errno=True).syscall
    except AttributeError as error:
        raise OSError(errno.ENOSYS, "no system calls by number") from error
    call.argtypes = [ctypes.c_long] * 7
    call.restype = ctypes.c_long
    return call


def _pieces(position: int, count: int, room: int) -> Iterator[tuple[int, int, int]]:
    """Where `count` elements from `position` on are in a queue for `room`, a power of two: in one piece, or two.
    Index in the queue, and which of the elements."""
    at = position & (room - 1)
    first = min(count, room - at)
    yield at, 0, first
    if first < count:
        yield 0, first, count


def _behaves(ring: Ring) -> bool:
    """Whether it tells at once, and in order, who takes everything, who nothing, and who is gone."""
    pairs = [socket.socketpair() for _ in range(3)]
    (ours, theirs), (full, _), (gone, peer) = pairs
    try:
        for end in (ours, full, gone):
            end.setblocking(False)
        _fill(full)
        peer.close()
        batch = ring.batch([end.fileno() for end in (gone, ours, full)])
        result = ring.send(batch, b"hello")
        return result == [(0, -errno.EPIPE), (2, -errno.EAGAIN)] and theirs.recv(LONGEST) == b"hello"
    except OSError:
        return False
    finally:
        for end in (end for pair in pairs for end in pair):
            end.close()


def _fill(end: socket.socket) -> None:
    try:
        while True:
            end.send(bytes(LONGEST))
    except BlockingIOError:
        return
