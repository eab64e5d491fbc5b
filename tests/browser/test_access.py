"""What axe finds wrong for people who read with their ears, their fingers or in poor light: nothing."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import Somebody
from .person import Person
from .server import Server

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { passes, violations } = await axe.run({ runOnly: rules })
  const found = violations.flatMap(({ help, nodes }) => nodes.map(({ target }) => `${help}: ${target}`))
  return { passes: passes.length, found }
}"""

pytestmark = pytest.mark.skipif(
    not AXE.exists() and "CI" not in os.environ, reason="axe-core isn't installed in web/node_modules"
)


STILL = """() => Promise.all(document.getAnimations()
  .filter(({ effect }) => effect.getTiming().iterations !== Infinity)
  .map(({ finished }) => finished.catch(() => null)))"""


def assert_nothing_found(person: Person) -> None:
    person.page.evaluate(STILL)  # what is fading in has little contrast yet
    person.page.evaluate(AXE.read_text())
    result = person.page.evaluate(RUN)
    assert result["passes"] > 10
    assert result["found"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_screen(somebody: Somebody, server: Server, width: int, scheme: str) -> None:
    ada = somebody(width=width, color_scheme=scheme).visits()
    assert_nothing_found(ada)

    ada.takes_the_name("Ada")
    ada.says("See https://example.org")
    ada.sees_once("See https://example.org")
    assert_nothing_found(ada)

    bo = somebody().visits().takes_the_name("Bo")
    bo.says("Some `code`, a [link](https://example.org), @Ada")
    bo.says("> quoted\n\n```\nwide " + "and wider " * 40 + "\n```\n- one\n- two")
    expect(ada.log.locator("pre")).to_be_visible()
    bo.says("```python\n@gate\ndef wave(name: str = 'Ada') -> int:  # hello\n    return len(name) + 1\n```")
    expect(ada.log.locator(".hljs-comment")).to_be_visible()
    ada.composer.press_sequentially("@")
    expect(ada.page.get_by_role("option")).to_have_count(1)
    assert_nothing_found(ada)
    ada.page.keyboard.press("Escape")

    ada.picks("React", "See https://example.org")
    assert_nothing_found(ada)
    ada.message("See https://example.org").get_by_role("button", name="heart").click()
    ada.picks("Edit", "See https://example.org")
    assert_nothing_found(ada)
    ada.page.keyboard.press("Escape")
    ada.picks("Delete", "See https://example.org")
    assert_nothing_found(ada)
    ada.undo.click()

    ada.page.get_by_role("button", name="Search messages").click()
    assert_nothing_found(ada)
    ada.page.keyboard.press("Escape")
    if width < 500:
        ada.page.get_by_role("button", name="Rooms").click()
        assert_nothing_found(ada)
    ada.page.get_by_role("button", name="Settings").click()
    assert_nothing_found(ada)
    ada.page.get_by_role("button", name="Keyboard and commands").click()
    expect(ada.page.get_by_text("Edit the last message")).to_be_visible()
    assert_nothing_found(ada)
    while ada.page.get_by_role("dialog").count() > 0:
        ada.page.keyboard.press("Escape")

    server.kill()
    ada.sees("Connection lost")
    ada.says("Are you still there?")
    ada.sees("Goes out when the connection is back.")
    assert_nothing_found(ada)
