"""What Ada wrote goes out once, in order, whatever happens to the server, the network, and her tab."""

from playwright.sync_api import expect

from .conftest import Somebody
from .server import Server

WAITS = "Goes out when the connection is back."


def test_a_reload_without_a_connection_keeps_what_was_written(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada").may_go_offline()
    bo = somebody().visits().takes_the_name("Bo")
    server.kill()
    ada.says("written before the reload")
    ada.sees(WAITS)

    ada.page.reload()

    ada.sees("written before the reload")
    ada.says("and after it")
    expect(ada.page.get_by_text(WAITS)).to_have_count(2)

    server.start()
    bo.sees_once("and after it")
    ada.sees_once("and after it")
    assert ada.texts() == bo.texts() == ["written before the reload", "and after it"]
    ada.page.reload()
    ada.sees_once("and after it")
    assert ada.texts() == bo.texts()


def test_what_waits_in_another_room_goes_out_though_nobody_goes_there(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada").may_go_offline()
    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("garden")
    ada.page.get_by_role("button", name="Create room").click()
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    bo = somebody().visits("garden")
    server.kill()
    ada.says("to the garden")
    ada.sees(WAITS)
    ada.page.goto(f"{ada.url}#/lobby")
    ada.page.reload()
    expect(ada.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()

    server.start()

    bo.sees_once("to the garden")


def test_a_closed_tab_loses_nothing_that_was_written_in_it(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    server.kill()
    ada.says("Don't forget the seeds")
    ada.sees(WAITS)
    tab = ada.opens_another_tab()
    ada.page.close()

    server.start()
    tab.visits()

    tab.sees_once("Don't forget the seeds")
    assert tab.texts() == ["Don't forget the seeds"]


def test_whoever_writes_while_the_server_dies_again_and_again_is_heard_once(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    said = [f"line {number}" for number in range(40)]
    for number, text in enumerate(said):
        ada.says(text)
        if number % 8 == 3:
            server.kill()
        if number % 8 == 6:
            server.start()

    ada.sees_once(said[-1])
    bo.sees_once(said[-1])
    assert ada.texts() == bo.texts() == said


def test_a_reload_in_the_middle_of_sending_loses_and_doubles_nothing(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    said = [f"line {number}" for number in range(20)]
    for number, text in enumerate(said):
        ada.says(text)
        if number % 5 == 4:
            ada.page.reload()

    bo.sees_once(said[-1])
    ada.sees_once(said[-1])
    assert ada.texts() == bo.texts() == said


def test_two_tabs_of_one_person_send_one_message_for_each_that_was_written(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada").may_go_offline()
    bo = somebody().visits().takes_the_name("Bo")
    server.kill()
    ada.says("from the first tab")
    ada.sees(WAITS)
    tab = ada.opens_another_tab()
    tab.page.goto(tab.url)
    tab.sees("from the first tab")
    tab.says("from the second tab")

    server.start()

    for person in (ada, tab, bo):
        person.sees_once("from the second tab")
        assert sorted(person.texts()) == ["from the first tab", "from the second tab"]
    assert ada.texts() == tab.texts() == bo.texts()


def test_what_is_discarded_in_one_tab_is_gone_in_the_other(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada").may_go_offline()
    bo = somebody().visits().takes_the_name("Bo")
    server.kill()
    ada.says("Better not")
    ada.says("Better so")
    tab = ada.opens_another_tab()
    tab.page.goto(tab.url)
    tab.sees("Better not")

    tab.message("Better not").get_by_role("button", name="Discard").click()

    ada.sees_no("Better not")
    server.start()
    bo.sees_once("Better so")
    assert bo.texts() == ["Better so"]


def test_one_browser_is_one_person_in_all_its_tabs(somebody: Somebody) -> None:
    ada = somebody().visits()
    tab = ada.opens_another_tab().visits()
    ada.takes_the_name("Ada")
    expect(tab.composer).to_be_visible()
    expect(tab.people).to_contain_text(["Ada (you)"])
    expect(tab.people).to_have_count(1)
    tab.says("It's me")
    ada.sees_once("It's me")

    tab.leaves()

    expect(ada.name_field).to_be_visible()
    expect(ada.page.get_by_text("Nobody with a name is here yet.")).to_be_visible()


def test_what_was_read_in_one_tab_is_read_in_the_other(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("garden")
    ada.page.get_by_role("button", name="Create room").click()
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    bo.says("in the lobby")
    expect(ada.page).to_have_title("(1) garden · chatter")

    ada.opens_another_tab().visits().sees_once("in the lobby")

    expect(ada.page).to_have_title("garden · chatter")
