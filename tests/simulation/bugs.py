"""Bugs that are planted on purpose, to see whether a simulation finds them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from tests.simulation.schedule import Plan
from tests.simulation.search import one

ENOUGH = 200

Bug = Callable[[], AbstractContextManager[Any]]
Plant = Callable[[Callable[[Any], Any]], Callable[[Any], Any]]


class Bugs(dict[str, Bug]):
    """By name; each is to be found among the first seeds of a plan."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._first: dict[str, int] = {}

    def bug(self, where: Any, name: str, first: int = 0) -> Plant:
        """Put something else in the place of a function; what is decorated makes it of the function itself. `first`:
        seeds before this one need not be tried, since they find nothing."""

        def plant(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self._first[make.__name__] = first
            self[make.__name__] = lambda: patch.object(where, name, make(getattr(where, name)))
            return make

        return plant

    @contextmanager
    def planted(self, name: str) -> Iterator[None]:
        with self[name]():
            yield

    def first_that_fails(self, first: int = 0) -> int | None:
        return next((seed for seed in range(first, ENOUGH) if one(seed, plan=self._plan).violation is not None), None)

    def must_be_found(self, name: str) -> None:
        with self.planted(name):
            finder = self.first_that_fails(self._first[name])
        assert finder is not None, f"{ENOUGH} seeds did not find that {name.replace('_', ' ')}"
        assert one(finder, plan=self._plan).violation is None
