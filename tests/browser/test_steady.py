"""Nothing moves that Bo didn't move: what they read stays where it is."""

from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import Somebody
from .correspondent import Correspondent
from .middlebox import Middlebox
from .person import Person
from .server import Server
from .test_reading import assert_not_moved, place

DESK: dict[str, Any] = {"width": 1280, "height": 800}
PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
WATCH = """
window.shifts = []
new PerformanceObserver((list) => list.getEntries().forEach(({ value, sources }) => {
  shifts.push([value, ...sources.map(({ node }) => node?.outerHTML?.slice(0, 200))])
})).observe({ type: 'layout-shift', buffered: true })
"""
LEFT = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def screen(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def chapters(server: Server, count: int) -> None:
    Correspondent(server.url, "Chronicler").says(
        *(f"Chapter {number}. " + "And so on, **at length**. " * (number % 7) for number in range(1, count + 1))
    )


def shifts(person: Person) -> list[Any]:
    person.page.wait_for_timeout(300)
    found: list[Any] = person.page.evaluate("shifts.splice(0)")
    return found


def left_below(person: Person) -> float:
    left: float = person.log.evaluate(LEFT)
    return left


def test_nothing_shifts_while_the_page_loads_nor_while_one_scrolls(
    somebody: Somebody, server: Server, screen: dict[str, Any]
) -> None:
    chapters(server, 250)
    bo = somebody(**screen)
    bo.page.add_init_script(WATCH)
    bo.visits()
    expect(bo.message("Chapter 250.")).to_be_in_viewport()
    bo.page.wait_for_load_state("networkidle")
    assert shifts(bo) == []

    bo.log.hover()
    for way in [-400] * 60 + [400] * 30:
        bo.page.mouse.wheel(0, way)
        bo.page.wait_for_timeout(32)
    assert "Chapter 100." not in bo.texts()[-1]
    assert shifts(bo) == []

    bo.log.evaluate("(log) => { log.style.paddingTop = '90px' }")
    assert shifts(bo) != []


def test_nothing_shifts_under_a_finger_that_scrolls_far(somebody: Somebody, server: Server) -> None:
    chapters(server, 250)
    bo = somebody(**PHONE)
    bo.page.add_init_script(WATCH)
    bo.visits()
    expect(bo.message("Chapter 250.")).to_be_in_viewport()
    for _ in range(25):
        bo.swipes(500)
    assert "Chapter 250." not in bo.texts()
    assert shifts(bo) == []


def test_whoever_is_at_the_end_stays_there_whatever_grows(
    somebody: Somebody, server: Server, screen: dict[str, Any]
) -> None:
    chapters(server, 30)
    bo = somebody(**screen).visits().takes_the_name("Bo")
    bo.sees("Only you are here right now.")
    expect(bo.page.get_by_role("button", name="Newest")).to_have_count(0)
    for line in range(5):
        bo.composer.press_sequentially(f"Line {line}")
        bo.page.keyboard.press("Shift+Enter")
        bo.page.wait_for_timeout(50)
        assert left_below(bo) <= 1
    bo.composer.fill("")
    Correspondent(server.url, "Ada").says("```\n" + "and\n" * 30 + "```", "> quoted words\n\nanswered")
    bo.sees_once("quoted words")
    expect(bo.log.locator("pre")).to_have_count(1)
    bo.page.wait_for_timeout(200)
    assert left_below(bo) <= 1


def test_nothing_that_opens_moves_what_one_reads(
    somebody: Somebody, server: Server, tunnel: Middlebox, screen: dict[str, Any]
) -> None:
    chapters(server, 60)
    bo = somebody(**screen).comes_through(tunnel).visits().takes_the_name("Bo")
    bo.says("My own words")
    bo.sees_once("My own words")
    chapters(server, 3)
    expect(bo.message("Chapter 3.").last).to_be_in_viewport()
    bo.log.hover()
    bo.page.mouse.wheel(0, -100)
    expect(bo.page.get_by_role("button", name="Newest")).to_be_visible()
    bo.page.wait_for_timeout(300)

    before = place(bo)
    row = bo.message("My own words")
    row.click()
    assert_not_moved(bo, before)
    row.get_by_role("button", name="React").click()
    assert_not_moved(bo, before)
    row.get_by_role("button", name="heart").click()
    expect(row.get_by_label("Reactions")).to_be_visible()
    assert_not_moved(bo, before)

    bo.picks("Edit", "My own words")
    assert_not_moved(bo, before)
    bo.page.keyboard.press("Escape")
    bo.composer.press_sequentially("One line")
    bo.page.keyboard.press("Shift+Enter")
    assert_not_moved(bo, before)
    tunnel.cut()
    bo.sees("Connection lost")
    assert_not_moved(bo, before)
    tunnel.mend()
    bo.sees_no("Connection lost")
    assert_not_moved(bo, before)
