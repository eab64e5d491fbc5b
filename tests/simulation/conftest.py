"""`--seeds N` and `--from-seed N` say which worlds are run; see also `python -m tests.simulation`."""

from pathlib import Path

import pytest

from tests.virtual_time import make_virtual

HERE = Path(__file__).parent
SEEDS = 500
A_TEST = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=SEEDS, help="how many worlds are simulated")
    parser.addoption("--from-seed", type=int, default=0, help="the first of their seeds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who has tasks has them in virtual time."""
    for item in items:
        if item.path.is_relative_to(HERE) and "nursery" in getattr(item, "fixturenames", ()):
            make_virtual(item)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" not in metafunc.fixturenames:
        return
    first = metafunc.config.getoption("--from-seed", default=0)
    end = first + metafunc.config.getoption("--seeds", default=SEEDS)
    bites = [range(begin, min(begin + A_TEST, end)) for begin in range(first, end, A_TEST)]
    metafunc.parametrize("seeds", bites, ids=lambda bite: f"{bite.start}-{bite.stop - 1}")
