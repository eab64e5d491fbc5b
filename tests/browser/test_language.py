"""The page speaks the language of the browser, or the one that somebody chose."""

from playwright.sync_api import expect

from .conftest import Somebody


def test_it_speaks_the_language_of_the_browser(somebody: Somebody) -> None:
    greta = somebody(locale="de-AT")
    greta.visits()
    greta.sees("Wähl einen Namen, um mitzureden.")
    expect(greta.page.locator("html")).to_have_attribute("lang", "de-AT")
    expect(greta.page.locator("html")).to_have_attribute("dir", "ltr")


def test_a_refusal_is_told_in_ones_own_language(somebody: Somebody) -> None:
    somebody().visits().takes_the_name("Ada")
    greta = somebody(locale="de").visits()
    greta.page.get_by_placeholder("Dein Name").fill("Ada")
    greta.page.get_by_role("button", name="Mitreden").click()
    greta.sees("Ada ist vergeben. Versuch einen anderen.")


def test_german_comes_only_when_somebody_wants_it_and_then_stays(somebody: Somebody) -> None:
    ada = somebody(locale="en-GB")
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.visits()
    assert any("/assets/index-" in url for url in asked)
    assert not any("german" in url for url in asked)
    ada.page.get_by_role("button", name="Settings").click()
    ada.page.get_by_role("radio", name="Deutsch").check()
    expect(ada.page.get_by_role("heading", name="Einstellungen")).to_be_visible()
    ada.page.get_by_role("button", name="Schließen").click()
    ada.sees("Wähl einen Namen, um mitzureden.")
    assert any("german" in url for url in asked)
    ada.page.reload()
    ada.sees("Wähl einen Namen, um mitzureden.")
    expect(ada.page.locator("html")).to_have_attribute("lang", "de")
    ada.page.get_by_role("button", name="Einstellungen").click()
    ada.page.get_by_role("radio", name="English").check()
    ada.page.get_by_role("button", name="Close").click()
    ada.sees("Pick a name to join in.")
