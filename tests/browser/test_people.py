"""Ada looks who is there, who was, and who somebody is."""

from typing import Any

from playwright.sync_api import expect

from .axe import assert_nothing_found
from .conftest import Somebody

PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}

KNOWN = "async () => (await (await fetch('/api/channels/lobby/members')).json()).members.length"


def test_whoever_left_is_listed_as_offline_and_whoever_comes_again_is_not(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    expect(ada.people).to_contain_text(["Ada", "Bo"])
    expect(ada.people_gone).to_have_count(0)

    bo.page.context.close()
    expect(ada.people).to_have_count(1)
    expect(ada.people_gone).to_contain_text(["Bojust now"])

    somebody().visits().takes_the_name("Bo")
    expect(ada.people).to_have_count(2)
    expect(ada.people_gone).to_have_count(0)


def test_a_newcomer_sees_who_was_there_before(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("Anybody?")
    ada.sees_once("Anybody?")
    while not ada.page.evaluate(KNOWN):
        ada.page.wait_for_timeout(100)
    ada.page.context.close()

    bo = somebody().visits()
    expect(bo.people_gone).to_contain_text(["Ada"])


def test_a_card_says_who_somebody_is_and_mentions_them(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    bo.says("Good morning")
    ada.sees_once("Good morning")

    ada.message("Good morning").get_by_role("button", name="Bo").click()
    card = ada.page.get_by_role("dialog", name="Bo")
    expect(card).to_contain_text("Online since")
    assert_nothing_found(ada)
    card.get_by_role("button", name="Mention").click()
    expect(card).to_have_count(0)
    expect(ada.composer).to_have_value("@Bo ")
    expect(ada.composer).to_be_focused()

    bo.page.context.close()
    expect(ada.people).to_have_count(1)
    ada.people_gone.get_by_role("button", name="Bo").click()
    expect(card).to_contain_text("Last here just now")
    ada.page.keyboard.press("Escape")
    expect(card).to_have_count(0)


def test_one_renames_oneself_on_ones_own_card_unless_the_name_is_taken(somebody: Somebody) -> None:
    somebody().visits().takes_the_name("Bo")
    ada = somebody().visits().takes_the_name("Ada")
    card = ada.opens_own_card()
    card.get_by_label("New name").fill("bo")
    card.get_by_role("button", name="Rename").click()
    expect(card.get_by_role("alert")).to_have_text("That name is taken.")
    assert_nothing_found(ada)

    card.get_by_label("New name").fill("Ada_Lovelace")
    card.get_by_role("button", name="Rename").click()
    expect(card).to_have_count(0)
    expect(ada.people).to_contain_text(["Ada_Lovelace (you)", "Bo"])


def test_whoever_does_nothing_for_long_is_away_until_they_stir(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody()
    bo.page.clock.install()
    bo.visits().takes_the_name("Bo")
    expect(ada.people_group("Online").get_by_role("listitem")).to_contain_text(["Ada", "Bo"])

    bo.page.clock.run_for(5 * 60_000 + 1000)
    expect(ada.people_group("Away").get_by_role("listitem")).to_contain_text(["Bo"])

    bo.page.mouse.move(40, 40)
    expect(ada.people_group("Online").get_by_role("listitem")).to_contain_text(["Ada", "Bo"])


def test_many_who_type_are_two_names_and_a_number(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    writers = [somebody().visits().takes_the_name(name) for name in ("Bo", "Cem", "Dov", "Eli")]
    for writer in writers:
        writer.composer.fill("hm")
    expect(ada.page.get_by_text("others are typing")).to_be_visible()


def test_on_a_phone_nothing_moves_and_nothing_is_covered_when_a_message_is_tapped(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    for number in range(12):
        ada.says(f"Message number {number}")
    ada.sees_once("Message number 11")
    bo = somebody(**PHONE).visits().takes_the_name("Bo")
    row, last = bo.message("Message number 5"), bo.message("Message number 11")
    before = (row.bounding_box(), last.bounding_box())

    row.tap()
    react = row.get_by_role("button", name="React")
    expect(react).to_be_visible()
    assert (row.bounding_box(), last.bounding_box()) == before

    react.tap()
    picker = row.get_by_role("group", name="Choose a reaction")
    expect(picker).to_be_visible()
    assert (row.bounding_box(), last.bounding_box()) == before
    words, over = row.get_by_text("Message number 5").bounding_box(), picker.bounding_box()
    assert words is not None
    assert over is not None
    assert over["y"] + over["height"] <= words["y"] or over["y"] >= words["y"] + words["height"]

    picker.get_by_role("button", name="party").tap()
    expect(row.get_by_role("button", name="🎉, 1: Bo")).to_be_visible()
