"""The page without a server: it opens, and shows what was there last time."""

from playwright.sync_api import expect

from .conftest import Somebody
from .server import Server

KEPT = "No connection. This is what was here last time."
WAITS = "Goes out when the connection is back."


def test_without_a_connection_one_reads_what_was_there_last_time(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada").may_go_offline()
    ada.says("The gate squeaks")
    ada.says("The well is **dry**")
    ada.sees_once("The well is dry")
    ada.creates("garden")
    ada.says("Tomatoes!")
    ada.sees_once("Tomatoes!")
    ada.keeps("garden", messages=1)
    ada.keeps("lobby", messages=2)
    server.kill()

    ada.page.reload()

    ada.sees("Tomatoes!")
    ada.sees(KEPT)
    ada.sees_no("Nobody with a name is here yet.")
    ada.enters("lobby")
    ada.sees("The gate squeaks")
    expect(ada.message("The well is").locator("strong")).to_have_text("dry")
    ada.says("Is anybody there?")
    ada.sees(WAITS)

    server.start()

    ada.sees_once("Is anybody there?")
    ada.sees_no(KEPT)
    assert ada.texts() == ["The gate squeaks", "The well is dry", "Is anybody there?"]


def test_whoever_leaves_leaves_nothing_behind(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada").may_go_offline()
    ada.says("My diary is under the pillow")
    ada.sees_once("My diary is under the pillow")
    ada.keeps("lobby", messages=1)
    ada.creates("garden")
    ada.leaves()
    ada.keeps("lobby", messages=None)


def test_a_newer_page_is_offered_after_the_server_was_away(somebody: Somebody, server: Server) -> None:
    ada = somebody()
    ada.page.clock.install()
    ada.visits().takes_the_name("Ada")
    ada.composer.fill("half a thou")
    server.kill()
    ada.sees("Connection lost")
    ada.page.route("**/", lambda route: route.fulfill(body='<script src="/assets/newer.js"></script>'))
    server.start()
    ada.sees_no("Connection lost")
    ada.page.clock.fast_forward(60_000)

    ada.sees("There is a newer version of this page.")
    ada.page.unroute("**/")
    ada.page.get_by_role("button", name="Reload").click()
    expect(ada.composer).to_have_value("half a thou")
    ada.sees_no("There is a newer version of this page.")


def test_the_same_page_is_not_offered_anew(somebody: Somebody, server: Server) -> None:
    ada = somebody()
    ada.page.clock.install()
    ada.visits().takes_the_name("Ada")
    server.kill()
    ada.sees("Connection lost")
    server.start()
    ada.sees_no("Connection lost")
    with ada.page.expect_response(lambda response: response.url == ada.url) as looked:
        ada.page.clock.fast_forward(60_000)
    assert looked.value.ok
    ada.says("Still the same")
    ada.sees_once("Still the same")
    ada.sees_no("There is a newer version of this page.")


def test_ones_own_language_is_there_without_a_connection_after_one_visit(somebody: Somebody, server: Server) -> None:
    greta = somebody(locale="de").visits().may_go_offline()
    greta.sees("Wähl einen Namen, um mitzureden.")
    greta.waits_until(
        "async () => (await (await caches.open('shell')).keys()).some(({ url }) => url.includes('german'))"
    )
    server.kill()
    greta.page.reload()
    greta.sees("Verbindung verloren, neuer Versuch läuft…")
    greta.sees("Wähl einen Namen, um mitzureden.")
