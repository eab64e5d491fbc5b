"""Many clients in one process, light enough to share two cores with the server they measure.

Three kinds of client, all on one epoll loop:
- **visitors** only count bytes: `recv` with MSG_TRUNC throws them away inside the kernel, and Python adds 2 µs a read;
- **the witness** is a visitor that parses: it knows where each broadcast ends. All members get the same broadcasts, so
  a visitor has received whatever the witness has when its byte count says so, and a lost text shows as a difference;
- **senders** count acknowledgements by their pattern.

The loop does not sleep while a CPU figure is taken, for waking a sleeper is paid by whoever sends: the server.
"""

import resource
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bench.dialects import NEW_MESSAGE, OK, REFUSED, Dialect, Step
from bench.wire import CLOSE, HEADERS_END, frame_end, handshake

PATIENCE = 20.0
"""Seconds without any progress after which a run is given up."""

BATCH = 100
"""Clients that join at the same time, at each server."""

PER_SOURCE = 10_000
"""Clients that share one source address; a source has some 28,000 ports for one destination."""

STALLED_BUFFER = 4096
"""Bytes that the kernel may hold for a member that does not read."""

CHUNK = bytearray(1 << 20)

Address = tuple[str, int]


class Stalled(RuntimeError):
    """The server under test did not do its part: refused, hung up, or lost something."""


class Witness:
    """Parses one visitor's stream: how many broadcasts, and at which byte each one ended."""

    def __init__(self, sock: socket.socket, heard: bytes) -> None:
        self.socket = sock
        self.forget()
        self._pending = bytearray(heard)

    def forget(self) -> None:
        self.ends: list[int] = []
        self.whole = 0

    def read(self) -> None:
        got = self.socket.recv_into(CHUNK)
        if not got:
            raise Stalled("the server closed the witness's socket")
        self._pending += CHUNK[:got]
        start = 0
        while place := frame_end(self._pending, start):
            self._take(start, *place)
            start = place[1]
        del self._pending[:start]

    def _take(self, start: int, begin: int, end: int) -> None:
        if self._pending[start] & 0xF == CLOSE:
            raise Stalled("the server sent a close frame")
        self.whole += end - start
        if self._pending.find(NEW_MESSAGE, begin, end) >= 0:
            self.ends.append(self.whole)


class Sender:
    """A member that posts and counts acknowledgements."""

    def __init__(self, sock: socket.socket, frame: bytes) -> None:
        self.socket = sock
        self.posted = 0
        self.acked = 0
        self._frame = frame
        self._tail = b""

    def post(self, times: int = 1) -> None:
        data = self._frame * times
        if self.socket.send(data) != len(data):
            raise Stalled("the server stopped reading from a sender")
        self.posted += times

    @property
    def in_flight(self) -> int:
        return self.posted - self.acked

    def read(self) -> None:
        got = self.socket.recv_into(CHUNK)
        if not got:
            raise Stalled("the server closed a sender's socket")
        data = self._tail + CHUNK[:got]
        if REFUSED in data:
            raise Stalled(f"refused: {data[max(0, data.index(REFUSED) - 80) :][:300]!r}")
        self.acked += data.count(OK)
        self._tail = data[1 - len(OK) :]


class Fleet:
    """The members of one room: `visitors` that listen (the first is the witness), and `senders` that also post.

    They take the addresses of its servers in turn.
    """

    def __init__(self, addresses: Sequence[Address], dialect: Dialect) -> None:
        raise_file_limit()
        self.received = 0
        self.arrivals: list[tuple[int, int, int]] | None = None
        self.senders: list[Sender] = []
        self.visitors = 0
        self.witness: Witness | None = None
        self._addresses, self._dialect = addresses, dialect
        self._poller = select.epoll()
        self._sockets: list[socket.socket] = []
        self._counts: dict[int, int] = {}
        self._receive: dict[int, Callable[..., int]] = {}
        self._readers: dict[int, Callable[[], None]] = {}
        self._spoke = time.monotonic()

    def close(self) -> None:
        self._poller.close()
        for sock in self._sockets:
            sock.close()

    # Joining

    def add_visitors(self, count: int) -> None:
        batch = BATCH * len(self._addresses)
        for start in range(0, count, batch):
            for sock, heard in self._join(min(batch, count - start)).items():
                self._listen(sock, heard)

    def add_senders(self, count: int, text: str) -> None:
        for sock, heard in self._join(count).items():
            name = f"bench{len(self.senders) + 1}"
            take_steps({sock: heard}, self._dialect.identify(name))
            sender = Sender(sock, self._dialect.post(text))
            self.senders.append(sender)
            self._watch(sock, sender.read)

    @contextmanager
    def stalled_member(self) -> Iterator[None]:
        """One more member, that joins and reads nothing from then on; at the end it is gone."""
        [sock] = self._join(1)
        self._sockets.remove(sock)
        with sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STALLED_BUFFER)
            yield
        self.settle()

    def _listen(self, sock: socket.socket, heard: bytes) -> None:
        self.visitors += 1
        if self.witness is None:
            self.witness = Witness(sock, heard)
            self._watch(sock, self.witness.read)
        else:
            self._counts[sock.fileno()] = 0
            self._receive[sock.fileno()] = sock.recv_into
            self._watch(sock, None)

    def _watch(self, sock: socket.socket, read: Callable[[], None] | None) -> None:
        if read:
            self._readers[sock.fileno()] = read
        sock.setblocking(False)
        self._poller.register(sock, select.EPOLLIN)

    def _join(self, count: int) -> dict[socket.socket, bytes]:
        """Connect and join `count` clients together: their sockets, each with what was read beyond the join's reply."""
        batch = [self._connect() for _ in range(count)]
        for sock in batch:
            sock.sendall(handshake(self._dialect.path, *sock.getpeername()))
        return take_steps({sock: hear_upgrade(sock) for sock in batch}, self._dialect.join)

    def _connect(self) -> socket.socket:
        source = f"127.0.0.{2 + len(self._sockets) // PER_SOURCE}"
        address = self._addresses[len(self._sockets) % len(self._addresses)]
        sock = socket.create_connection(address, PATIENCE, (source, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no TIME_WAIT: ports last
        self._sockets.append(sock)
        return sock

    # Receiving

    def drain(self, wait: float = 0) -> bool:
        """Read whatever has come, after waiting `wait` seconds at most for something; False when nothing has."""
        ready = self._poller.poll(wait, 4096)
        readers, counts, receive, total = self._readers, self._counts, self._receive, 0
        for fd, _ in ready:
            if read := readers.get(fd):
                read()
                continue
            got = receive[fd](CHUNK, 0, socket.MSG_TRUNC)
            if not got:
                raise Stalled("the server closed a visitor's socket")
            counts[fd] += got
            total += got
            if self.arrivals is not None:
                self.arrivals.append((time.perf_counter_ns(), fd, got))
        self.received += total
        return bool(ready)

    def drain_until(self, done: Callable[[], bool]) -> None:
        """Read without ever sleeping until `done`; Stalled when nothing comes for PATIENCE seconds."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            if self.drain():
                deadline = time.monotonic() + PATIENCE
            elif time.monotonic() > deadline:
                raise Stalled(f"no bytes for {PATIENCE:.0f} s: {self.progress()}")

    def settle(self, quiet: float = 0.3) -> None:
        """Read until nothing has come for `quiet` seconds: presence, history and the like are over."""
        end = time.monotonic() + PATIENCE
        while self.drain(quiet):
            if time.monotonic() > end:
                raise Stalled("the room never fell quiet")

    def heartbeat(self, every: float = 15.0) -> None:
        """Keep sockets open that say nothing; between windows only, for its replies are bytes too."""
        if not self._dialect.heartbeat or time.monotonic() < self._spoke + every:
            return
        for number, sock in enumerate(self._sockets):
            sock.send(self._dialect.heartbeat)
            if number % BATCH == 0:
                self.drain()
        self._spoke = time.monotonic()
        self.settle()

    # Windows

    @contextmanager
    def window(self) -> Iterator[Witness]:
        """One measurement: counts begin at zero, and at its end every member must have got what the witness got."""
        assert self.witness is not None
        self.heartbeat()
        self.settle()
        self.received = 0
        self.witness.forget()
        self._counts = dict.fromkeys(self._counts, 0)
        for sender in self.senders:
            sender.posted = sender.acked = 0
        yield self.witness
        self.settle()
        self._check(self.witness)

    def delivered(self) -> bool:
        """Whether every post is acknowledged and has reached every visitor."""
        assert self.witness is not None
        posted = sum(sender.posted for sender in self.senders)
        return (
            len(self.witness.ends) >= posted
            and self.received >= len(self._counts) * self.witness.whole
            and all(not sender.in_flight for sender in self.senders)
        )

    def progress(self) -> str:
        posted = sum(sender.posted for sender in self.senders)
        acked = sum(sender.acked for sender in self.senders)
        seen = len(self.witness.ends) if self.witness else 0
        return f"{posted} posted, {acked} acknowledged, {seen} seen by the witness, {self.received} bytes by the others"

    def _check(self, witness: Witness) -> None:
        posted = sum(sender.posted for sender in self.senders)
        if len(witness.ends) != posted:
            raise Stalled(f"{posted} texts posted, {len(witness.ends)} delivered")
        wrong = [got for got in self._counts.values() if got != witness.whole]
        if wrong:
            share = f"{len(wrong)} of {len(self._counts)} visitors"
            raise Stalled(f"{share} differ from the witness: {wrong[0]} bytes, not {witness.whole}")


def take_steps(batch: dict[socket.socket, bytes], steps: tuple[Step, ...]) -> dict[socket.socket, bytes]:
    """All of the batch take a step before any takes the next; values are bytes heard and not yet looked at."""
    for step in steps:
        for sock in batch:
            if step.frame:
                sock.sendall(step.frame)
        batch = {sock: hear(sock, step.answer, heard) for sock, heard in batch.items()}
    return batch


def hear_upgrade(sock: socket.socket) -> bytes:
    """Read the handshake's response; the bytes after it."""
    heard = b""
    while HEADERS_END not in heard:
        heard += listen(sock, "101")
    if not heard.startswith(b"HTTP/1.1 101"):
        raise Stalled(f"no upgrade: {heard[:300]!r}")
    return heard.partition(HEADERS_END)[2]


def hear(sock: socket.socket, answer: bytes, heard: bytes) -> bytes:
    """Read up to the end of the frame that holds `answer`; the bytes after it."""
    while True:
        while place := frame_end(heard, 0):
            payload, heard = heard[place[0] : place[1]], heard[place[1] :]
            if answer in payload:
                return heard
            if REFUSED in payload:
                raise Stalled(f"refused: {payload[:300]!r}")
        heard += listen(sock, answer.decode())


def listen(sock: socket.socket, what: str) -> bytes:
    try:
        data = sock.recv(65536)
    except TimeoutError:
        data = b""
    if not data:
        raise Stalled(f"the server hung up, or said nothing for {PATIENCE:.0f} s, instead of {what}")
    return data


def raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
