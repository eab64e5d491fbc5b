"""`--seeds N` and `--from-seed N` say which worlds are run; see also `python -m tests.simulation`."""

import pytest

SEEDS = 500
A_TEST = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=SEEDS, help="how many worlds are simulated")
    parser.addoption("--from-seed", type=int, default=0, help="the first of their seeds")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" not in metafunc.fixturenames:
        return
    first = metafunc.config.getoption("--from-seed", default=0)
    end = first + metafunc.config.getoption("--seeds", default=SEEDS)
    bites = [range(begin, min(begin + A_TEST, end)) for begin in range(first, end, A_TEST)]
    metafunc.parametrize("seeds", bites, ids=lambda bite: f"{bite.start}-{bite.stop - 1}")
