"""On a phone as on a desk, by day as by night. Pictures go to `screenshots/` for a person to look through."""

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from .conftest import Somebody
from .middlebox import Middlebox
from .person import Person

PICTURES = Path(__file__).parents[2] / "screenshots"
DESK: dict[str, Any] = {"width": 1280, "height": 800}
PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}

Scheme = Literal["light", "dark"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_every_screen_fits(somebody: Somebody, screen: dict[str, Any], scheme: Scheme) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("Good morning! The allotment gate is fixed, finally. https://example.org/allotment")
    ada.says("a-very-long-word-" * 30)
    ada.sees_once("a-very-long-word-")
    bo = somebody(color_scheme=scheme, **screen).visits()

    picture(bo, "visitor", screen, scheme)
    bo.takes_the_name("Bo")
    bo.says("Wonderful, thank you Ada")
    bo.sees_once("Wonderful")
    picture(bo, "member", screen, scheme)
    bo.message("Wonderful").click()
    bo.message("Wonderful").get_by_role("button", name="React").click()
    picture(bo, "reacting", screen, scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_a_lively_room_fits_and_so_does_one_without_a_connection(
    somebody: Somebody, tunnel: Middlebox, screen: dict[str, Any], scheme: Scheme
) -> None:
    bo = somebody(color_scheme=scheme, **screen).comes_through(tunnel).visits().takes_the_name("Bo")
    ada = somebody().visits().takes_the_name("Ada_Lovelace")
    grace = somebody().visits().takes_the_name("a-name-as-long-as-it-may-be-which-is-fifty-letters")
    bo.says("Morning all")
    bo.sees_once("Morning all")
    tunnel.cut()
    bo.sees("Connection lost")
    ada.says("Who has the **key**? `gate.open()` says _no_, @Bo. See [the plan](https://example.org/plan)")
    ada.says("- seeds\n- water\n- patience")
    ada.says("> Who has the key?\n\nNot me.")
    grace.says("```py\nfor row in garden:\n    water(row, litres=2)  # much too long a line for any phone, surely\n```")
    grace.says("مرحبا بالجميع، كيف حالكم اليوم؟")
    grace.says("🎉🎉")
    grace.says("~~Tomorrow~~ Today!")
    ada.sees_once("Today!")
    tunnel.mend()
    bo.sees_once("Today!")
    picture(bo, "lively", screen, scheme)

    bo.composer.press_sequentially("I do, @")
    picture(bo, "naming", screen, scheme)
    bo.page.keyboard.press("Escape")
    tunnel.cut()
    bo.sees("Connection lost")
    bo.says("I do, and I am on my way")
    bo.sees("Goes out when the connection is back.")
    picture(bo, "lost", screen, scheme)
    bo.page.get_by_role("button", name="Search messages").click()
    picture(bo, "searching", screen, scheme)


def picture(person: Person, name: str, screen: dict[str, Any], scheme: Scheme) -> None:
    width = person.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], f"{name} is wider than its screen"
    person.page.wait_for_timeout(800)  # what shows itself late is there
    person.page.screenshot(path=PICTURES / f"{name}-{screen['width']}-{scheme}.png")


def test_on_a_phone_rooms_and_people_are_a_tap_away(somebody: Somebody) -> None:
    bo = somebody(**PHONE).visits().takes_the_name("Bo")

    bo.page.get_by_role("button", name="People, 1 on").tap()
    expect(bo.page.get_by_role("dialog", name="People here")).to_contain_text("Bo (you)")
    bo.page.get_by_role("button", name="Close").tap()

    bo.page.get_by_role("button", name="Rooms").tap()
    bo.page.get_by_role("dialog", name="Rooms").get_by_role("link", name="lobby").tap()
    expect(bo.page.get_by_role("dialog")).to_have_count(0)


def test_a_chosen_theme_outlives_the_visit(somebody: Somebody) -> None:
    ada = somebody(color_scheme="light").visits()
    background = "getComputedStyle(document.body).backgroundColor"
    by_day = ada.page.evaluate(background)

    ada.page.get_by_role("button", name="Colours: auto").click()
    ada.page.get_by_role("button", name="Colours: light").click()
    by_night = ada.page.evaluate(background)
    assert by_night != by_day

    ada.page.reload()
    expect(ada.page.get_by_role("button", name="Colours: dark")).to_be_visible()
    assert ada.page.evaluate(background) == by_night


def test_the_keyboard_alone_is_enough(somebody: Somebody) -> None:
    ada = somebody().visits()
    keyboard = ada.page.keyboard
    ada.name_field.focus()
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

    ada.log.focus()
    keyboard.press("ArrowUp")
    expect(ada.message("One line")).to_be_focused()
    keyboard.press("Tab")
    expect(ada.page.get_by_role("button", name="React")).to_be_focused()
