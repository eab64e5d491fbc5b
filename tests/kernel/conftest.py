from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chatter.supervisor import DynamicSupervisor

from .stage import PATIENT, Audience, Part, perform


@pytest.fixture
def clock(autojump_clock: MockClock) -> MockClock:
    return autojump_clock


@pytest.fixture
def diary() -> list[str]:
    return []


@pytest.fixture
def audience() -> Audience:
    return Audience()


@pytest.fixture
def part(diary: list[str]) -> Callable[[str], Part]:
    return lambda name: Part(name, diary)


@pytest.fixture
def abc(diary: list[str]) -> tuple[Part, Part, Part]:
    """Anna, Ben and Cleo, who share a diary."""
    return Part("anna", diary), Part("ben", diary), Part("cleo", diary)


@pytest.fixture
async def aviary(nursery: trio.Nursery) -> DynamicSupervisor:
    supervisor = DynamicSupervisor("aviary", intensity=PATIENT)
    await perform(nursery, supervisor)
    return supervisor
