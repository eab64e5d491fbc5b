"""Looks at a screen: it fits, axe finds nothing, and a picture goes to `screenshots/` for a person to look through."""

from pathlib import Path
from typing import Self

from .axe import STILL, findings
from .person import Person

PICTURES = Path(__file__).parents[2] / "screenshots"
WIDTHS = "[document.documentElement.scrollWidth, document.querySelector('main').scrollWidth, innerWidth]"


class Camera:
    """Of one person's screen; `looks` says how that screen is set up, as part of a picture's name."""

    def __init__(self, person: Person, looks: str) -> None:
        self._person = person
        self._looks = looks
        self._troubles: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """All pictures are taken before anything that was seen on them fails the test."""
        if failure is None:
            assert not self._troubles, "\n".join(self._troubles)

    def takes(self, name: str) -> None:
        page = self._person.page
        page.evaluate(STILL)  # what shows itself late is there
        self._troubles += [f"{name}: {finding}" for finding in findings(self._person)]
        *widths, screen = page.evaluate(WIDTHS)
        if max(widths) > screen:
            self._troubles.append(f"{name} is wider than its screen")
        page.screenshot(path=PICTURES / f"{name}-{self._looks}.png")
