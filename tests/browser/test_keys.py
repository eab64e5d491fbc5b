"""What can be done without a mouse, beside writing."""

import pytest
from playwright.sync_api import expect

from .conftest import Somebody


def test_a_question_mark_lists_the_keys_unless_it_is_written(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.composer.press("?")
    expect(ada.composer).to_have_value("?")
    ada.log.focus()
    ada.page.keyboard.press("?")
    help_dialog = ada.page.get_by_role("dialog", name="Keyboard and commands")
    expect(help_dialog.get_by_text("Edit the last message")).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(help_dialog).to_have_count(0)


def test_rooms_and_search_are_a_key_away(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.creates("garden")
    ada.page.keyboard.press("Alt+ArrowUp")
    expect(ada.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    ada.page.keyboard.press("Alt+ArrowUp")
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    ada.page.keyboard.press("Control+k")
    expect(ada.page.get_by_role("dialog", name="Search")).to_be_visible()
    ada.page.keyboard.press("Alt+ArrowUp")
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()


def test_a_message_is_answered_edited_and_deleted_by_a_key(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("The gate squeaks")
    ada.sees_once("The gate squeaks")
    ada.log.focus()
    ada.page.keyboard.press("ArrowUp")
    ada.page.keyboard.press("r")
    expect(ada.composer).to_be_focused()
    expect(ada.composer).to_have_value("> @Ada: The gate squeaks\n\n")
    ada.composer.fill("")

    ada.log.focus()
    ada.page.keyboard.press("End")
    ada.page.keyboard.press("e")
    expect(ada.page.get_by_label("Edit message")).to_be_focused()
    ada.page.keyboard.press("Escape")
    expect(ada.composer).to_be_focused()

    ada.log.focus()
    ada.page.keyboard.press("End")
    ada.page.keyboard.press("Delete")
    expect(ada.undo).to_be_focused()
    ada.page.keyboard.press("Enter")
    ada.sees_once("The gate squeaks")
    ada.page.keyboard.press("Escape")
    expect(ada.composer).to_be_focused()


@pytest.mark.parametrize("key", ["e", "Delete"])
def test_what_somebody_else_said_is_left_alone_by_keys(somebody: Somebody, key: str) -> None:
    somebody().visits().takes_the_name("Ada").says("The gate squeaks")
    bo = somebody().visits().takes_the_name("Bo")
    bo.sees_once("The gate squeaks")
    bo.log.focus()
    bo.page.keyboard.press("End")
    bo.page.keyboard.press(key)
    bo.page.keyboard.press("r")
    expect(bo.composer).to_be_focused()
    expect(bo.page.get_by_label("Edit message")).to_have_count(0)
    expect(bo.undo).to_have_count(0)


def test_what_is_typed_anywhere_is_written(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("The gate squeaks")
    ada.sees_once("The gate squeaks")
    ada.log.focus()
    ada.page.keyboard.type("Oil it")
    expect(ada.composer).to_have_value("Oil it")

    ada.page.get_by_role("button", name="New room").click()
    ada.page.keyboard.type("shed")
    expect(ada.page.get_by_label("Room name")).to_have_value("shed")
    expect(ada.composer).to_have_value("Oil it")


def test_a_found_message_has_the_focus_so_that_one_goes_on_from_there(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    for text in ("The gate squeaks", "Who has the key?"):
        ada.says(text)
        ada.sees_once(text)
    ada.page.keyboard.press("Control+k")
    ada.page.get_by_role("searchbox").fill("gate")
    expect(ada.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    ada.page.keyboard.press("ArrowDown")
    ada.page.keyboard.press("Enter")
    expect(ada.message("The gate squeaks")).to_be_focused()
    ada.page.keyboard.press("ArrowDown")
    expect(ada.message("Who has the key?")).to_be_focused()


def test_a_reaction_given_by_keys_leaves_the_focus_at_the_message(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("The gate squeaks")
    ada.sees_once("The gate squeaks")
    ada.log.focus()
    ada.page.keyboard.press("End")
    ada.message("The gate squeaks").get_by_role("button", name="React").press("Enter")
    ada.message("The gate squeaks").get_by_role("button", name="heart").press("Enter")
    expect(ada.message("The gate squeaks").get_by_label("Reactions")).to_be_visible()
    expect(ada.message("The gate squeaks")).to_be_focused()
