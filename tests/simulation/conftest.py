"""`--seeds N` and `--from-seed N` say which worlds are run; see also `python -m tests.simulation`."""

from pathlib import Path

import pytest

from tests.simulation.schedule import Plan, scheduled, several
from tests.virtual_time import make_virtual

HERE = Path(__file__).parent
SEEDS: dict[Plan, int] = {scheduled: 500, several: 200}
A_TEST = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, help="how many worlds of each kind are simulated")
    parser.addoption("--from-seed", type=int, default=0, help="the first of their seeds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who has tasks has them in virtual time."""
    for item in items:
        if item.path.is_relative_to(HERE) and "nursery" in getattr(item, "fixturenames", ()):
            make_virtual(item)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" not in metafunc.fixturenames:
        return
    first, asked = (
        metafunc.config.getoption("--from-seed", default=0),
        metafunc.config.getoption("--seeds", default=None),
    )
    bites = [(plan, bite) for plan, count in SEEDS.items() for bite in _bites(first, first + (asked or count))]
    metafunc.parametrize(("plan", "seeds"), bites, ids=[f"{plan.__name__} {b.start}-{b.stop - 1}" for plan, b in bites])


def _bites(first: int, end: int) -> list[range]:
    return [range(begin, min(begin + A_TEST, end)) for begin in range(first, end, A_TEST)]
