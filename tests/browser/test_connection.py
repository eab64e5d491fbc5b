"""Ada's train goes through tunnels."""

from playwright.sync_api import expect

from .conftest import Somebody
from .server import Server

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


def test_leaving_makes_one_a_visitor_who_reads_on(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")

    ada.page.get_by_role("button", name="Leave").click()

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
