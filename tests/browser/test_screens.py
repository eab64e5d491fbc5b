"""Every screen and state, on a phone, a tablet and a desk, by day and by night; axe looks at each as well."""

from typing import Any

import pytest
from playwright.sync_api import expect

from .camera import Camera
from .conftest import Somebody
from .correspondent import Correspondent
from .middlebox import Middlebox
from .person import Person
from .server import Server

DESK: dict[str, Any] = {"width": 1280, "height": 800}
TABLET: dict[str, Any] = {"width": 768, "height": 1024, "has_touch": True}
PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
ODD = (
    "a-very-long-word-" * 30,
    "See [the plan](https://example.org/plan), https://example.org/" + "allotment/" * 12,
    "- seeds\n- water\n  - from the river\n- patience",
    "> > > Who began this?\n> > Not me.\n> Nor me.\n\nLet us ~~argue~~ dig.",
    "```py\nfor row in garden:\n    water(row, litres=2)  # too long a line for any phone and for a desk\n```",
    "مرحبا بالجميع، كيف حالكم اليوم؟ هل رأيتم **المفتاح**؟",
    "🎉🎉",
    "Who has the **key**? `gate.open()` says _no_, @Bo.",
)


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
def screen(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def test_every_screen_fits(somebody: Somebody, server: Server, screen: dict[str, Any], scheme: str) -> None:
    bo = somebody(color_scheme=scheme, **screen).visits()
    with Camera(bo, f"{screen['width']}-{scheme}") as camera:
        camera.takes("visitor")
        bo.asks_for_the_name("B o")
        expect(bo.name_field).to_have_attribute("aria-invalid", "true")
        camera.takes("bad-name")
        bo.takes_the_name("Bo")
        camera.takes("alone")

        ada = Correspondent(server.url, "Ada_Lovelace")
        ada.opens("garden", "What grows, what doesn't, and who waters it while the others are away in summer")
        ada.says("Good morning! The allotment gate is fixed, finally.")
        bo.says("Wonderful, thank you Ada")
        bo.sees_once("Wonderful")
        camera.takes("talk")
        bo.message("Wonderful").click()
        camera.takes("actions")
        bo.message("Wonderful").get_by_role("button", name="React").click()
        camera.takes("reacting")
        bo.message("Wonderful").get_by_role("button", name="heart").click()
        bo.picks("Edit", "Wonderful")
        camera.takes("editing")
        bo.page.keyboard.press("Escape")
        somebody().visits().takes_the_name("Grace")
        bo.composer.press_sequentially("Who has it, @")
        expect(bo.page.get_by_role("option", name="Grace")).to_be_visible()
        camera.takes("naming")
        bo.composer.fill("Very long. " * 360)
        camera.takes("writing")
        bo.composer.fill("")

        searching(bo, camera)
        panes(bo, camera, screen["width"])
        panels(bo, camera)
        bo.page.goto(f"{bo.url}#/cellar")
        bo.sees("There is no room called cellar.")
        camera.takes("missing")


def searching(bo: Person, camera: Camera) -> None:
    bo.page.get_by_role("button", name="Search messages").click()
    camera.takes("search")
    bo.page.get_by_role("searchbox").fill("gate")
    expect(bo.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    camera.takes("found")
    bo.page.get_by_role("searchbox").fill("gatecrasher")
    bo.sees("Nothing found")
    camera.takes("nothing-found")
    bo.page.get_by_role("button", name="Close").click()


def panels(bo: Person, camera: Camera) -> None:
    bo.log.focus()
    bo.page.keyboard.press("?")
    expect(bo.page.get_by_role("dialog", name="Keyboard and commands")).to_be_visible()
    camera.takes("help")
    bo.page.keyboard.press("Escape")
    bo.log.focus()
    bo.page.keyboard.press("End")
    bo.page.keyboard.press("Delete")
    expect(bo.undo).to_be_focused()
    camera.takes("undo")
    bo.page.keyboard.press("Enter")


def panes(bo: Person, camera: Camera, width: int) -> None:
    if width < 768:
        bo.page.get_by_role("button", name="Rooms", exact=True).click()
        camera.takes("rooms")
    bo.page.get_by_role("button", name="Settings").click()
    camera.takes("settings")
    bo.page.keyboard.press("Escape")
    if width < 768 and bo.page.get_by_role("dialog", name="Rooms").count() == 0:
        bo.page.get_by_role("button", name="Rooms", exact=True).click()
    bo.page.get_by_role("button", name="New room").click()
    camera.takes("new-room")
    bo.page.get_by_role("button", name="Cancel").click()
    if width < 768:
        bo.page.keyboard.press("Escape")
    if width < 1088:
        bo.page.get_by_role("button", name="People, ").click()
    bo.page.get_by_role("button", name="Bo (you)").click()
    camera.takes("card")
    bo.page.keyboard.press("Escape")
    if width < 1088:
        camera.takes("people")
        bo.page.keyboard.press("Escape")


def test_whatever_people_write_looks_right(
    somebody: Somebody, server: Server, tunnel: Middlebox, screen: dict[str, Any], scheme: str
) -> None:
    long = Correspondent(server.url, "a-name-as-long-as-it-may-be-which-is-fifty-letters")
    long.says("Morning all", *ODD)
    bo = somebody(color_scheme=scheme, **screen).comes_through(tunnel).visits().takes_the_name("Bo")
    with Camera(bo, f"{screen['width']}-{scheme}") as camera:
        expect(bo.log.locator("pre .hljs-comment")).to_be_visible()
        camera.takes("odd")
        long.says("4,000 letters: " + "It was said at length, and then once more. " * 92)
        bo.log.hover()
        bo.sees("4,000 letters")
        camera.takes("long")

        tunnel.cut()
        bo.sees("Connection lost")
        bo.says("I do, and I am on my way")
        bo.sees("Goes out when the connection is back.")
        camera.takes("lost")


@pytest.mark.parametrize(
    ("looks", "options"),
    [
        ("1280-german", {**DESK, "locale": "de"}),
        ("360-german-dark", {**PHONE, "locale": "de", "color_scheme": "dark"}),
        ("1280-contrast", {**DESK, "contrast": "more"}),
        ("1280-contrast-dark", {**DESK, "contrast": "more", "color_scheme": "dark"}),
        ("1280-forced", {**DESK, "forced_colors": "active"}),
    ],
)
def test_other_languages_and_other_eyes(
    somebody: Somebody, server: Server, looks: str, options: dict[str, Any]
) -> None:
    Correspondent(server.url, "Ada").says("Good morning! https://example.org", *ODD[2:])
    bo = somebody(**options)
    bo.page.goto(bo.url)
    with Camera(bo, looks) as camera:
        expect(bo.log.locator("pre .hljs-comment")).to_be_visible()
        camera.takes("visitor")
        bo.page.locator("main form input").fill("Bo")
        bo.page.locator("main form button[type=submit]").click()
        bo.page.locator("#composer").fill("Hallo")
        bo.page.keyboard.press("Enter")
        camera.takes("talk")
        bo.message("@Bo").click()
        camera.takes("actions")


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
