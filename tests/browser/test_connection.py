"""Ada's train goes through tunnels."""

from playwright.sync_api import expect

from .conftest import Somebody
from .middlebox import Middlebox
from .server import Server

HIDE = """() => {
  Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
  Object.defineProperty(document, 'hidden', { get: () => true })
  document.dispatchEvent(new Event('visibilitychange'))
}"""
LOST = "Connection lost, trying again…"


def test_a_killed_server_that_returns_costs_nothing_and_doubles_nothing(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("before")
    bo.sees("before")

    server.kill()
    ada.sees(LOST)
    ada.says("written in the dark")
    ada.says("and one more")
    server.start()

    bo.sees_once("and one more")
    ada.sees_no(LOST)
    expect(ada.people).to_have_count(2)
    bo.says("after")
    ada.sees_once("after")
    assert ada.texts() == bo.texts() == ["before", "written in the dark", "and one more", "after"]


def test_a_restart_is_over_in_seconds_and_costs_nothing(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("before")
    bo.sees("before")

    server.stop()
    ada.sees(LOST)
    ada.says("meanwhile")
    server.start()

    bo.sees_once("meanwhile")
    ada.sees_no(LOST)
    bo.says("after")
    ada.sees_once("after")
    assert ada.texts() == bo.texts() == ["before", "meanwhile", "after"]


def test_what_was_said_in_the_tunnel_is_there_after_it(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.page.context.set_offline(True)
    ada.page.evaluate("dispatchEvent(new Event('offline'))")

    for number in range(5):
        bo.says(f"tunnel {number}")
    bo.sees_once("tunnel 4")
    ada.page.context.set_offline(False)

    ada.sees_once("tunnel 4")
    assert ada.texts() == [f"tunnel {number}" for number in range(5)]


def test_a_hidden_page_comes_back_too_and_sends_what_waited(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    server.kill()
    ada.says("sent from behind another window")
    ada.sees(LOST)
    ada.page.evaluate(HIDE)

    server.start()

    bo.sees_once("sent from behind another window")
    bo.says("counted while nobody looks")
    expect(ada.page).to_have_title("(1) lobby · chatter")
    assert ada.page.evaluate("document.visibilityState") == "hidden"


def test_a_connection_that_died_without_a_word_is_found_out(somebody: Somebody, tunnel: Middlebox) -> None:
    ada = somebody().comes_through(tunnel).visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    tunnel.swallow()
    bo.says("into the void")
    ada.page.wait_for_timeout(1000)
    ada.sees_no("into the void")

    ada.page.evaluate("dispatchEvent(new Event('online'))")  # as when a laptop wakes up

    expect(ada.message("into the void")).to_have_count(1, timeout=15_000)
    ada.says("and back")
    bo.sees_once("and back")


def test_leaving_makes_one_a_visitor_who_reads_on(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")

    ada.leaves()

    expect(ada.name_field).to_be_visible()
    expect(bo.people).to_have_count(1)
    bo.says("Is she gone?")
    ada.sees("Is she gone?")


def test_a_token_that_is_worth_nothing_is_forgotten(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.page.evaluate("localStorage.setItem('chatter.token', 'worthless')")

    ada.page.reload()

    ada.sees("You were away for long.")
    expect(ada.name_field).to_be_visible(timeout=20_000)
    expect(ada.log).to_have_attribute("aria-busy", "false")
