"""Ada changes her mind."""

from playwright.sync_api import expect

from .conftest import Somebody
from .server import Server


def test_a_message_that_is_brought_back_was_never_gone_for_the_others(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("The gate squeaks")
    ada.says("The well is dry")
    bo.sees_once("The well is dry")

    ada.picks("Delete", "The gate squeaks")
    ada.sees_no("The gate squeaks")
    expect(ada.undo).to_be_focused()
    ada.page.keyboard.press("Enter")
    ada.sees_once("The gate squeaks")
    ada.deletes("The well is dry")

    bo.sees_no("The well is dry")
    bo.sees_once("The gate squeaks")
    expect(bo.page.get_by_text("message deleted")).to_have_count(1)


def test_an_edit_is_undone(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("The gate squeaks")
    ada.edits("The gate squeaks", "The goat speaks")
    bo.sees_once("The goat speaks")

    ada.undo.click()

    bo.sees_once("The gate squeaks")
    bo.sees_no("The goat speaks")
    expect(ada.undo).to_have_count(0)


def test_a_tab_that_is_closed_right_after_keeps_its_word(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("The gate squeaks")
    bo.sees_once("The gate squeaks")
    ada.picks("Delete", "The gate squeaks")
    expect(ada.undo).to_be_visible()

    ada.page.goto("about:blank")

    expect(bo.page.get_by_text("message deleted")).to_be_visible(timeout=4000)


def test_a_message_that_was_deleted_offline_is_deleted_in_the_end(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada").may_go_offline()
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("The gate squeaks")
    bo.sees_once("The gate squeaks")
    server.kill()
    ada.sees("Connection lost")
    ada.picks("Delete", "The gate squeaks")
    expect(ada.undo).to_be_visible()
    ada.page.reload()

    server.start()

    bo.sees("message deleted")
    ada.sees("message deleted")
