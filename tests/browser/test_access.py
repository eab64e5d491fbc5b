"""For people who use their ears, their fingers, or nothing but keys."""

from typing import Any

from playwright.sync_api import Locator, expect

from .conftest import Somebody
from .correspondent import Correspondent
from .person import Person
from .server import Server

PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
OUTLINE = """() => {
  const rings = ({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) > 0
  const focused = document.activeElement
  return focused !== document.body && [focused, focused.closest('form')].some((it) => it && rings(getComputedStyle(it)))
}"""
TOO_SMALL = """() => [...document.querySelectorAll('button, input, textarea')]
  .filter((it) => it.checkVisibility({ visibilityProperty: true }))
  .map((it) => [it.getBoundingClientRect(), it.outerHTML.slice(0, 120)])
  .filter(([{ width, height }]) => width < 24 || height < 24)"""
LISTEN = """() => {
  window.said = []
  const region = document.querySelector('main .sr-only[aria-live=polite]')
  new MutationObserver(() => region.textContent && said.push(region.textContent))
    .observe(region, { childList: true, characterData: true, subtree: true })
}"""


def tabs_to(person: Person, where: Locator) -> None:
    """Each stop on the way shows that it is one."""
    for _ in range(40):
        person.page.keyboard.press("Tab")
        assert person.page.evaluate(OUTLINE), person.page.evaluate("document.activeElement.outerHTML")
        if where.evaluate("(it) => it === document.activeElement"):
            return
    raise AssertionError("40 times Tab did not lead there.")


def test_the_keyboard_alone_is_enough(somebody: Somebody, server: Server) -> None:
    Correspondent(server.url, "Grace").says("Has anybody seen the key?")
    ada = somebody().visits()
    keyboard = ada.page.keyboard
    tabs_to(ada, ada.name_field)
    keyboard.type("Ada")
    keyboard.press("Enter")
    expect(ada.composer).to_be_focused()

    keyboard.type("First lnie")
    keyboard.press("Shift+Enter")
    keyboard.type("second line")
    keyboard.press("Enter")
    ada.sees_once("second line")
    keyboard.press("ArrowUp")
    expect(ada.page.get_by_label("Edit message")).to_be_focused()
    keyboard.press("Control+a")
    keyboard.type("One line")
    keyboard.press("Enter")
    ada.sees("(edited)")
    expect(ada.composer).to_be_focused()

    keyboard.press("Shift+Tab")
    while not ada.log.evaluate("(log) => log.contains(document.activeElement)"):
        keyboard.press("Shift+Tab")
    ada.log.focus()
    keyboard.press("ArrowUp")
    keyboard.press("ArrowUp")
    expect(ada.message("Has anybody seen the key?")).to_be_focused()
    tabs_to(ada, ada.message("Has anybody seen the key?").get_by_role("button", name="React"))
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(ada.message("Has anybody seen the key?").get_by_label("Reactions")).to_be_visible()

    keyboard.press("Escape")
    tabs_to(ada, ada.page.get_by_role("button", name="Bo (you)").or_(ada.page.get_by_role("button", name="Ada (you)")))
    keyboard.press("Enter")
    expect(ada.page.get_by_role("dialog")).to_be_visible()
    keyboard.press("Escape")
    expect(ada.page.get_by_role("button", name="Ada (you)")).to_be_focused()


def test_what_others_say_is_read_out_and_a_burst_of_it_is_summed_up(somebody: Somebody, server: Server) -> None:
    grace = Correspondent(server.url, "Grace")
    grace.says("Long before")
    ada = somebody().visits().takes_the_name("Ada")
    ada.page.evaluate(LISTEN)
    ada.says("My own words")
    ada.sees_once("My own words")
    grace.says("Hello Ada")
    ada.page.wait_for_function("() => said.length === 1")
    grace.says(*(f"Chapter {number}" for number in range(1, 11)), "x" * 3000)
    ada.page.wait_for_function("() => said.length > 1")
    assert ada.page.evaluate("said") == ["Grace: Hello Ada", f"11 new. Grace: {'x' * 200}…"]


def test_everything_has_a_place_that_can_be_jumped_to(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    for role, name in (
        ("main", None),
        ("navigation", "Rooms"),
        ("complementary", "People here"),
        ("log", "Messages in lobby"),
    ):
        expect(ada.page.get_by_role(role, name=name)).to_have_count(1)  # type: ignore[arg-type]
    expect(ada.page.get_by_role("heading", level=1)).to_have_count(1)


def test_a_finger_alone_is_enough(somebody: Somebody, server: Server) -> None:
    Correspondent(server.url, "Grace").opens("garden")
    bo = somebody(**PHONE).visits()
    bo.name_field.tap()
    bo.page.keyboard.type("Bo")
    bo.page.get_by_role("button", name="Join").tap()
    bo.composer.tap()
    bo.page.keyboard.type("Morning")
    bo.page.get_by_role("button", name="Send").tap()
    bo.sees_once("Morning")
    bo.message("Morning").tap()
    bo.message("Morning").get_by_role("button", name="React").tap()
    bo.message("Morning").get_by_role("button", name="heart").tap()
    expect(bo.message("Morning").get_by_label("Reactions")).to_be_visible()
    bo.message("Morning").get_by_role("button", name="Edit").tap()
    bo.page.get_by_label("Edit message").fill("Good morning")
    bo.page.get_by_role("button", name="Save").tap()
    bo.sees_once("Good morning")

    bo.page.get_by_role("button", name="Rooms").tap()
    bo.page.get_by_role("dialog", name="Rooms").get_by_role("link", name="garden").tap()
    expect(bo.page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    assert bo.page.evaluate(TOO_SMALL) == []


def test_whoever_answers_by_finger_is_done_with_the_message(somebody: Somebody, server: Server) -> None:
    Correspondent(server.url, "Grace").says("Has anybody seen the key?")
    bo = somebody(**PHONE).visits().takes_the_name("Bo")
    message = bo.message("Has anybody seen the key?")
    message.tap()
    message.get_by_role("button", name="Reply").tap()
    expect(bo.composer).to_be_focused()
    expect(message.get_by_role("button", name="Reply")).to_have_count(0)
