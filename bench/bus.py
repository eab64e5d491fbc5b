"""Redis by itself: what telling a text to other nodes costs it, and how many bytes that is; `python -m bench bus`.

CPU of the Redis process. Publishers send many at once, so that its waking up is not counted; each node that listens is
one subscriber.
"""

import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import trio

from bench.fleet import CHUNK, PATIENCE
from bench.scenarios.scenario import TEXT
from bench.server import cpu_ns
from chatter.bus.redis.bus import PREFIX
from chatter.core.events import Posted
from chatter.core.model import Message, User, new_id
from chatter.wire import nodes
from tests.redis_server import RedisServer, redis_server

SUBSCRIBERS = (0, 1, 3, 10, 30, 100)
WHO_TELLS = 8
AT_ONCE = 100
TIMES = 30
CHANNEL = f"{PREFIX}room:lobby"


@dataclass(frozen=True)
class BusFigure:
    subscribers: int

    @property
    def name(self) -> str:
        return f"publish-{self.subscribers}"

    @property
    def title(self) -> str:
        return f"Redis: a publish that {self.subscribers} nodes hear"


FIGURES = tuple(BusFigure(count) for count in SUBSCRIBERS)


def told() -> bytes:
    """A text of eighty bytes, as nodes tell it to each other."""
    somebody = User(new_id(), "somebody")
    message = Message(new_id(), 123_456, somebody, TEXT, "2026-01-01T00:00:00.000Z", client_id=new_id())
    return bytes(WHO_TELLS) + nodes.happened([Posted(message)])


def measure(rounds: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Samples by figure, in microseconds."""
    samples: dict[str, list[float]] = {figure.name: [] for figure in FIGURES}
    with tempfile.TemporaryDirectory(prefix="chatter-bench-") as folder, redis_server(Path(folder)) as redis:
        trio.run(redis.start)
        for number in range(rounds):
            say(f"bus: round {number + 1} of {rounds}")
            for figure in FIGURES:
                samples[figure.name].append(_publish(redis, figure.subscribers))
    say("")
    return samples


def table(samples: Mapping[str, Sequence[float]]) -> str:
    lines = [f"Bus: a text of {len(TEXT)} bytes is {len(told())} there, and what Redis spends on it", ""]
    return "\n".join(lines + [_row(figure, samples[figure.name]) for figure in FIGURES]) + "\n"


def _row(figure: BusFigure, values: Sequence[float]) -> str:
    return f"{figure.title:<42}{median(values):>9.2f} µs   {min(values):.2f} to {max(values):.2f}"


def _publish(redis: RedisServer, subscribers: int) -> float:
    batch = _command("PUBLISH", CHANNEL, told()) * AT_ONCE
    with ExitStack() as stack:
        publisher = stack.enter_context(_connected(redis))
        listeners = [stack.enter_context(_subscribed(redis)) for _ in range(subscribers)]
        before = cpu_ns(redis.pid)
        for _ in range(TIMES):
            publisher.sendall(batch)
            _read(publisher, AT_ONCE * len(f":{subscribers}\r\n"))
            for listener in listeners:
                _read(listener, AT_ONCE * len(_heard()))
        return (cpu_ns(redis.pid) - before) / 1e3 / (TIMES * AT_ONCE)


def _heard() -> bytes:
    return _command("message", CHANNEL, told())


@contextmanager
def _connected(redis: RedisServer) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", redis.port), PATIENCE)) as sock:
        yield sock


@contextmanager
def _subscribed(redis: RedisServer) -> Iterator[socket.socket]:
    with _connected(redis) as sock:
        sock.sendall(_command("SUBSCRIBE", CHANNEL))
        _read(sock, len(_command("subscribe", CHANNEL)) + len(":1\r\n"))
        yield sock


def _read(sock: socket.socket, size: int) -> None:
    while size:
        got = sock.recv_into(CHUNK, size)
        assert got, "Redis hung up"
        size -= got


def _command(*words: str | bytes) -> bytes:
    """As Redis' protocol has it."""
    parts = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
