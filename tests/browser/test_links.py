"""Ada points at what was said; Bo follows the link, and finds his way back."""

from playwright.sync_api import Page, expect

from .conftest import Somebody
from .person import Person
from .test_reading import fill


def middle(person: Person, text: str) -> float:
    """How far down the log a message is, from 0 to 1."""
    row, log = person.message(text).bounding_box(), person.log.bounding_box()
    assert row is not None
    assert log is not None
    return (row["y"] + row["height"] / 2 - log["y"]) / log["height"]


def pages_asked_for(page: Page) -> list[str]:
    """The pages of a room that are asked for from now on."""
    asked: list[str] = []

    def sent(frame: str | bytes) -> None:
        if '"history"' in str(frame):
            asked.append(str(frame))

    page.on("websocket", lambda socket: socket.on("framesent", sent))
    return asked


def test_a_link_opens_a_message_of_long_ago_among_its_neighbours(somebody: Somebody) -> None:
    fill(ada := somebody(), 400)
    bo = somebody()
    asked = pages_asked_for(bo.page)
    bo.page.goto(f"{ada.url}#/lobby/150")

    expect(bo.message("Chapter 150.")).to_be_in_viewport()
    assert 0.1 < middle(bo, "Chapter 150.") < 0.6
    texts = bo.texts()
    assert "Chapter 149." in texts
    assert "Chapter 151." in texts
    assert len(asked) <= 2, "it and its neighbours come as one page, and the one before as one that is near the edge"
    assert '"before":200' in asked[0]
    expect(bo.page).to_have_url(f"{ada.url}#/lobby/150")


def test_from_a_message_of_long_ago_one_reads_on_in_both_directions(somebody: Somebody) -> None:
    fill(ada := somebody(), 600)
    bo = somebody()
    bo.page.goto(f"{ada.url}#/lobby/300")
    expect(bo.message("Chapter 300.")).to_be_in_viewport()
    bo.log.hover()
    seen = set(bo.texts())
    for way in [-1200] * 10 + [1200] * 20:
        bo.page.mouse.wheel(0, way)
        bo.page.wait_for_timeout(80)
        seen.update(bo.texts())
    numbers = sorted(int(text.removeprefix("Chapter ").rstrip(".")) for text in seen)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] < 230
    assert numbers[-1] > 370


def test_a_link_to_a_message_is_copied_followed_and_left_by_the_way_back(somebody: Somebody) -> None:
    ada = somebody(permissions=["clipboard-read", "clipboard-write"]).visits().takes_the_name("Ada")
    ada.says("The key is under the flowerpot")
    ada.sees_once("flowerpot")
    ada.posts(f"Small talk number {number}" for number in range(30))
    ada.sees_once("Small talk number 29")
    ada.message("flowerpot").scroll_into_view_if_needed()
    ada.picks("Copy link", "flowerpot")
    ada.sees_action("Link copied", "flowerpot")
    link = ada.page.evaluate("navigator.clipboard.readText()")

    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("garden")
    ada.page.get_by_role("button", name="Create room").click()
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    ada.says(f"See {link}")
    ada.log.get_by_role("link", name=link).click()

    expect(ada.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    expect(ada.message("flowerpot")).to_be_in_viewport()
    assert len(ada.page.context.pages) == 1

    ada.page.go_back()
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    ada.page.go_back()
    expect(ada.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    ada.page.go_forward()
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()


def test_a_link_to_nothing_says_so_kindly(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("first")
    ada.says("second")
    ada.sees_once("second")
    ada.deletes("second")
    bo = somebody()

    bo.page.goto(f"{ada.url}#/lobby/99")
    bo.sees("That message isn't there.")
    bo.sees_once("first")

    ada.page.reload()  # nobody can undo it any more
    bo.page.goto(f"{ada.url}#/lobby/2")
    bo.sees("That message was deleted.")


def test_a_link_to_a_message_of_a_room_that_is_not_there_offers_the_lobby(somebody: Somebody) -> None:
    bo = somebody()
    bo.page.goto(f"{bo.url}#/atlantis/7")
    bo.sees("There is no room called atlantis.")
    bo.page.get_by_role("link", name="Go to the lobby").click()
    expect(bo.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()


def test_what_is_unread_stays_unread_while_one_looks_at_a_link(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("the old days")
    ada.sees_once("the old days")
    ada.page.wait_for_function("() => localStorage.getItem('chatter.read.lobby') === '1'")
    ada.page.goto("about:blank")
    fill(somebody(), 150)

    ada.page.goto(f"{ada.url}#/lobby/1")
    expect(ada.message("the old days")).to_be_in_viewport()
    expect(ada.page).to_have_title("(150) lobby · chatter")
    ada.page.get_by_role("button", name="150 new").click()
    expect(ada.page).to_have_title("lobby · chatter")
    expect(ada.page).to_have_url(f"{ada.url}#/lobby")
