"""Ada makes rooms, Bo finds them."""

from playwright.sync_api import expect

from .axe import assert_nothing_found
from .conftest import Somebody
from .correspondent import Correspondent
from .server import Server


def test_a_room_is_created_entered_and_found_by_its_link(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("Book Club")
    ada.page.get_by_label("Topic").fill("One book a month")
    ada.page.get_by_role("button", name="Create room").click()

    expect(ada.page.get_by_role("heading", name="book-club", level=1)).to_be_visible()
    ada.sees("It's quiet in here.")
    ada.sees("One book a month")
    ada.sees("Only you are here right now.")

    link = ada.page.get_by_label("Link to this room").input_value()
    bo = somebody()
    bo.page.goto(link)
    bo.takes_the_name("Bo")
    bo.says("Found it")
    ada.sees_once("Found it")
    ada.sees_no("Only you are here right now.")


def test_a_room_says_what_it_is_about_and_hands_out_its_link(somebody: Somebody) -> None:
    ada = somebody(permissions=["clipboard-read", "clipboard-write"]).visits().takes_the_name("Ada")
    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("garden")
    ada.page.get_by_label("Topic").fill("What grows")
    ada.page.get_by_role("button", name="Create room").click()

    ada.page.get_by_role("heading", name="garden", level=1).get_by_role("button").click()
    card = ada.page.get_by_role("dialog", name="About this room")
    expect(card).to_contain_text("What grows")
    expect(card).to_contain_text("1 person here now")
    assert_nothing_found(ada)
    card.get_by_role("button", name="Copy").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    assert ada.page.evaluate("navigator.clipboard.readText()") == f"{ada.url}#/garden"


def test_rooms_that_one_has_been_to_count_what_is_new_after_a_reload(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("garden")
    ada.page.get_by_role("button", name="Create room").click()
    ada.says("It rains")
    ada.sees_once("It rains")
    ada.page.wait_for_function("() => localStorage.getItem('chatter.read.lobby') !== null")
    ada.page.goto("about:blank")
    bo = somebody().visits().takes_the_name("Bo")
    bo.says("Anybody here?")
    bo.sees_once("Anybody here?")

    ada.visits("garden")
    expect(ada.page.get_by_role("link", name="lobby 1 new message")).to_be_visible()
    expect(ada.page).to_have_title("(1) garden · chatter")
    bo.says("I found somebody")
    expect(ada.page).to_have_title("(2) garden · chatter")


def test_a_room_that_is_not_there_says_so(somebody: Somebody) -> None:
    ada = somebody()
    ada.page.goto(f"{ada.url}#/atlantis")
    ada.sees("There is no room called atlantis.")
    ada.page.get_by_role("link", name="Go to the lobby").click()
    expect(ada.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()


def test_what_is_said_elsewhere_is_counted_and_marked(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("garden")
    ada.page.get_by_role("button", name="Create room").click()
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()

    bo.says("Ada, are you there?")
    expect(ada.page.get_by_role("link", name="lobby 1 new message")).to_be_visible()
    expect(ada.page).to_have_title("(1) garden · chatter")

    ada.enters("lobby")
    expect(ada.page.get_by_text("New", exact=True)).to_be_visible()
    expect(ada.page).to_have_title("lobby · chatter")

    ada.says("Here I am")
    bo.sees("Here I am")
    expect(ada.page.get_by_text("New", exact=True)).to_have_count(0)


def test_a_message_is_found_by_its_words_and_shown_in_its_place(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("The key is under the flowerpot")
    ada.sees_once("flowerpot")
    for number in range(30):
        ada.says(f"Small talk number {number}")
    ada.sees_once("Small talk number 29")
    expect(ada.message("flowerpot")).not_to_be_in_viewport()

    ada.page.get_by_role("button", name="Search messages").click()
    ada.page.get_by_role("searchbox").fill("flowerpot")
    ada.page.get_by_role("dialog").get_by_role("listitem").first.click()

    expect(ada.message("flowerpot")).to_be_in_viewport()


def test_a_new_room_can_be_thought_better_of(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    new = ada.page.get_by_role("button", name="New room")
    form = ada.page.get_by_role("form", name="New room")
    new.click()
    expect(form.get_by_label("Room name")).to_be_focused()
    ada.page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(new).to_be_focused()

    new.click()
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_have_count(0)


def test_a_room_made_just_now_is_in_the_list_that_one_opens(somebody: Somebody, server: Server) -> None:
    bo = somebody(width=360, height=740, has_touch=True, is_mobile=True).visits()
    rooms = bo.page.get_by_role("button", name="Rooms")
    dialog = bo.page.get_by_role("dialog", name="Rooms")
    rooms.tap()
    expect(dialog.get_by_role("link", name="lobby")).to_be_visible()
    expect(dialog.get_by_role("link", name="garden")).to_have_count(0)
    bo.page.keyboard.press("Escape")

    Correspondent(server.url, "Ada").opens("garden")
    rooms.tap()
    expect(dialog.get_by_role("link", name="garden")).to_be_visible()
