"""The actor kernel by itself: what a cast, an ask, an idle actor and a restart cost; `python -m bench kernel`.

CPU time of the one thread that runs Trio, the best of many batches as `timeit` counts; memory is PSS; a crash is the
median of many. A memory channel of Trio's own does the same work for comparison. Each round is a process of its own.
"""

import gc
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import attrs
import trio
import trio.testing

from chatter.actors.actor import Actor
from chatter.actors.child import Intensity, actor
from chatter.actors.mailbox import Mailbox, Request
from chatter.supervisor import DynamicSupervisor

BATCH = 200
BATCHES = 100
IDLE = 50_000
CRASHES = 2_000
ROUND_LIMIT = 120


@dataclass(frozen=True)
class KernelFigure:
    name: str
    title: str
    unit: str
    goal: float | None = None


FIGURES = (
    KernelFigure("cast", "cast, the sender's part", "µs", 0.3),
    KernelFigure("cast_handled", "cast, sent and handled", "µs"),
    KernelFigure("channel_handled", "… through a memory channel", "µs"),
    KernelFigure("ask", "ask and answer, deadline kept", "µs", 8),
    KernelFigure("channel_ask", "… through two memory channels", "µs"),
    KernelFigure("checkpoint", "a checkpoint, for scale", "µs"),
    KernelFigure("idle", "an idle supervised actor", "KB", 2.5),
    KernelFigure("crash", "crash to running again", "µs", 100),
)


@attrs.define(eq=False)
class Question(Request[int]):
    pass


class Echo(Actor[Question | int]):
    """Answers questions, and forgets the rest."""

    __slots__ = ()

    async def handle(self, message: Question | int) -> None:
        if isinstance(message, Question):
            message.reply(1)


class Fragile(Actor[int]):
    """Crashes on every message, and notes how long after the crash it runs again."""

    __slots__ = ()
    crashed_at = 0
    took: list[int] = []

    async def started(self) -> None:
        if Fragile.crashed_at:
            Fragile.took.append(time.thread_time_ns() - Fragile.crashed_at)

    async def handle(self, message: int) -> None:
        Fragile.crashed_at = time.thread_time_ns()
        raise RuntimeError("crashed on purpose")


@asynccontextmanager
async def supervised() -> AsyncIterator[DynamicSupervisor]:
    supervisor = DynamicSupervisor("bench", intensity=Intensity(within=1e-6))
    async with trio.open_nursery() as nursery:
        ready = trio.Event()
        nursery.start_soon(supervisor.run, ready.set)
        await ready.wait()
        yield supervisor
        supervisor.stop()


async def run_figures() -> dict[str, float]:
    """One round; memory first, while the heap has no holes to reuse."""
    idle = await idle_kb()
    cast, cast_handled = await cast_us()
    return {
        "idle": idle,
        "cast": cast,
        "cast_handled": cast_handled,
        "channel_handled": await channel_us(),
        "ask": await ask_us(),
        "channel_ask": await channel_ask_us(),
        "checkpoint": await checkpoint_us(),
        "crash": await crash_us(),
    }


async def idle_kb() -> float:
    async with supervised() as supervisor:
        await start(supervisor, IDLE // 10, "first")
        before = pss_kb()
        await start(supervisor, IDLE, "idle")
        return (pss_kb() - before) / IDLE


async def start(supervisor: DynamicSupervisor, count: int, name: str) -> None:
    for number in range(count):
        mailbox: Mailbox[Question | int] = Mailbox(f"{name}{number}")
        supervisor.start(actor(mailbox, partial(Echo, mailbox)))
        if number % BATCH == 0:
            await trio.testing.wait_all_tasks_blocked()
    await trio.testing.wait_all_tasks_blocked()


async def start_echo(supervisor: DynamicSupervisor) -> Mailbox[Question | int]:
    mailbox: Mailbox[Question | int] = Mailbox("echo")
    supervisor.start(actor(mailbox, partial(Echo, mailbox)))
    await trio.testing.wait_all_tasks_blocked()
    return mailbox


async def cast_us() -> tuple[float, float]:
    """A batch at a time, for a mailbox is bounded; the sender steps aside after each until it is empty."""
    sending, handling = [], []
    async with supervised() as supervisor:
        mailbox = await start_echo(supervisor)
        cast = mailbox.ref.cast
        for _ in range(BATCHES):
            began = time.thread_time_ns()
            for number in range(BATCH):
                cast(number)
            sending.append(time.thread_time_ns() - began)
            while len(mailbox):
                await trio.lowlevel.checkpoint()
            handling.append(time.thread_time_ns() - began)
    return min(sending) / BATCH / 1e3, min(handling) / BATCH / 1e3


async def channel_us() -> float:
    sender, receiver = trio.open_memory_channel[int](BATCH)
    took = []

    async def handle() -> None:
        async for _ in receiver:
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(handle)
        for _ in range(BATCHES):
            began = time.thread_time_ns()
            for number in range(BATCH):
                sender.send_nowait(number)
            while sender.statistics().current_buffer_used:
                await trio.lowlevel.checkpoint()
            took.append(time.thread_time_ns() - began)
        sender.close()
    return min(took) / BATCH / 1e3


async def checkpoint_us() -> float:
    took = []
    for _ in range(BATCHES):
        began = time.thread_time_ns()
        for _ in range(BATCH):
            await trio.lowlevel.checkpoint()
        took.append(time.thread_time_ns() - began)
    return min(took) / BATCH / 1e3


async def ask_us() -> float:
    took = []
    async with supervised() as supervisor:
        ref = (await start_echo(supervisor)).ref
        for _ in range(BATCHES):
            began = time.thread_time_ns()
            for _ in range(BATCH):
                await ref.ask(Question())
            took.append(time.thread_time_ns() - began)
    return min(took) / BATCH / 1e3


async def channel_ask_us() -> float:
    questions, asked = trio.open_memory_channel[int](1)
    answers, answered = trio.open_memory_channel[int](1)
    took = []

    async def handle() -> None:
        async for question in asked:
            await answers.send(question)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(handle)
        for _ in range(BATCHES):
            began = time.thread_time_ns()
            for number in range(BATCH):
                with trio.move_on_after(5):
                    await questions.send(number)
                    await answered.receive()
            took.append(time.thread_time_ns() - began)
        questions.close()
    return min(took) / BATCH / 1e3


async def crash_us() -> float:
    Fragile.took.clear()
    async with supervised() as supervisor:
        mailbox: Mailbox[int] = Mailbox("fragile")
        supervisor.start(actor(mailbox, partial(Fragile, mailbox)))
        await trio.testing.wait_all_tasks_blocked()
        while len(Fragile.took) < CRASHES:
            mailbox.put(1)
            await trio.testing.wait_all_tasks_blocked()
    return median(Fragile.took) / 1e3


def pss_kb() -> int:
    gc.collect()
    found = re.search(r"^Pss:\s+(\d+) kB", Path("/proc/self/smaps_rollup").read_text(), re.M)
    return int(found[1]) if found else 0


def measure(rounds: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Samples by figure."""
    samples: dict[str, list[float]] = {figure.name: [] for figure in FIGURES}
    for number in range(rounds):
        say(f"kernel: round {number + 1} of {rounds}")
        command = (sys.executable, "-m", "bench.kernel")
        done = subprocess.run(command, capture_output=True, text=True, timeout=ROUND_LIMIT, check=True)
        for name, value in json.loads(done.stdout).items():
            samples[name].append(value)
    say("")
    return samples


def table(samples: Mapping[str, Sequence[float]]) -> str:
    lines = ["Kernel: CPU time and memory of the actor kernel alone", ""]
    return "\n".join(lines + [_row(figure, samples[figure.name]) for figure in FIGURES]) + "\n"


def _row(figure: KernelFigure, values: Sequence[float]) -> str:
    middle = median(values)
    line = f"{figure.title:<33}{middle:>9.2f} {figure.unit}   {min(values):.2f} to {max(values):.2f}"
    if figure.goal is None:
        return line
    return f"{line:<66}  goal ≤ {figure.goal:g}: {'met' if middle <= figure.goal else 'missed'}"


if __name__ == "__main__":
    print(json.dumps(trio.run(run_figures)))
