"""Ada's train goes through a tunnel while the others talk on, and change what they said."""

from playwright.sync_api import expect

from .conftest import Somebody
from .middlebox import Middlebox
from .person import Person
from .test_reading import FILL

LOST = "Connection lost, trying again…"
LOBBY = "/api/channels/lobby/messages"


def divider(person: Person) -> str:
    """What stands right below the line "New"."""
    below: str = person.log.locator("[data-key=new] ~ article").first.inner_text()
    return below


def test_changes_made_while_one_was_away_are_made_good(somebody: Somebody, tunnel: Middlebox) -> None:
    ada = somebody().comes_through(tunnel).visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    for text in ("to be edited", "to be deleted", "to be liked"):
        bo.says(text)
    ada.sees_once("to be liked")
    tunnel.cut()
    ada.sees(LOST)

    bo.edits("to be edited", "edited")
    bo.deletes("to be deleted")
    bo.reacts("to be liked", "party")
    bo.says("new")
    bo.says("new and gone")
    bo.deletes("new and gone")
    bo.sees_no("new and gone")
    tunnel.mend()

    ada.sees_once("new")
    ada.sees_no(LOST)
    expect(ada.page.get_by_text("message deleted")).to_have_count(2)
    expect(ada.page.get_by_role("button", name="🎉, 1: Bo")).to_be_visible()
    assert [text.split("(")[0].strip() for text in ada.texts()] == ["edited", "to be liked", "new"]


def _ada_in_the_tunnel(somebody: Somebody, tunnel: Middlebox) -> tuple[Person, Person]:
    """She has heard what Bo said before, and hears no more until it is mended."""
    ada = somebody().comes_through(tunnel).visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    bo.says("before the tunnel")
    ada.sees_once("before the tunnel")
    tunnel.cut()
    ada.sees(LOST)
    return ada, bo


def test_the_line_new_stands_where_one_left(somebody: Somebody, tunnel: Middlebox) -> None:
    ada, bo = _ada_in_the_tunnel(somebody, tunnel)
    bo.posts(f"tunnel {number}" for number in range(40))
    bo.sees_once("tunnel 39")
    tunnel.mend()

    expect(ada.log.get_by_text("New", exact=True)).to_be_in_viewport()
    assert "tunnel 0" in divider(ada)
    expect(ada.page).to_have_title("(40) lobby · chatter")
    ada.page.get_by_role("button", name="40 new").click()
    expect(ada.message("tunnel 39")).to_be_in_viewport()
    expect(ada.page).to_have_title("lobby · chatter")
    ada.sees_once("tunnel 39")


def test_after_a_very_long_absence_one_reads_on_where_one_left(somebody: Somebody, tunnel: Middlebox) -> None:
    ada, bo = _ada_in_the_tunnel(somebody, tunnel)
    bo.page.evaluate(FILL, [LOBBY, 1100])  # more than the server keeps for those who resume
    bo.says("after the tunnel")
    bo.sees_once("after the tunnel")
    tunnel.mend()

    expect(ada.log.get_by_text("New", exact=True)).to_be_in_viewport()
    assert "Chapter 1." in divider(ada)
    expect(ada.page).to_have_title("(1101) lobby · chatter")
    ada.page.get_by_role("button", name="1101 new").click()
    expect(ada.message("after the tunnel")).to_be_in_viewport()
    expect(ada.page).to_have_title("lobby · chatter")
    assert len(ada.texts()) == len(set(ada.texts())) <= 201


def test_whoever_reads_far_back_stays_there(somebody: Somebody, tunnel: Middlebox) -> None:
    ada = somebody().comes_through(tunnel)
    ada.page.goto(ada.url)
    ada.page.evaluate(FILL, [LOBBY, 300])
    ada.visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.log.hover()
    for _ in range(8):
        ada.page.mouse.wheel(0, -1500)
        ada.page.wait_for_timeout(150)
    seen = ada.texts()[len(ada.texts()) // 2]
    where = ada.message(seen).bounding_box()
    tunnel.cut()
    ada.sees(LOST)
    bo.says("elsewhere")
    bo.sees_once("elsewhere")
    tunnel.mend()

    ada.sees("1 new")
    ada.sees_no(LOST)
    assert ada.message(seen).bounding_box() == where


def test_whoever_opens_the_page_again_reads_on_where_they_left(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    bo.says("before")
    ada.sees_once("before")
    ada.page.wait_for_function("() => localStorage.getItem('chatter.read.lobby') === '1'")
    ada.page.goto("about:blank")
    bo.page.evaluate(FILL, [LOBBY, 150])

    ada.visits()

    expect(ada.log.get_by_text("New", exact=True)).to_be_in_viewport()
    assert "Chapter 1." in divider(ada)
    expect(ada.page).to_have_title("(150) lobby · chatter")
    ada.page.get_by_role("button", name="150 new").click()
    expect(ada.message("Chapter 150.")).to_be_in_viewport()
    expect(ada.page).to_have_title("lobby · chatter")
