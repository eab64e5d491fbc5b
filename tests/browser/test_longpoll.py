"""Bo sits behind a middlebox that knows what is good for him, and WebSockets aren't."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from .conftest import Somebody
from .middlebox import Middlebox
from .person import Person
from .server import Server

Transports = list[str]


@pytest.fixture
def middlebox(server: Server) -> Iterator[Middlebox]:
    middlebox = Middlebox(server.port, lets_websockets_through=False)
    yield middlebox
    middlebox.close()


def transports(person: Person) -> Transports:
    """Grows by the name of what the page tries to talk over, each time that it does."""
    tried: Transports = []
    person.page.on("websocket", lambda _: tried.append("websocket"))
    person.page.on("request", lambda request: tried.append("longpoll") if "/socket/longpoll" in request.url else None)
    return tried


def test_people_talk_where_websockets_are_blocked(somebody: Somebody, middlebox: Middlebox) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().comes_through(middlebox)
    tried = transports(bo)
    bo.visits().takes_the_name("Bo")
    assert tried[0] == "websocket"
    assert "longpoll" in tried

    ada.says("Good morning, Bo")
    bo.sees("Good morning, Bo")
    for number in range(5):
        bo.says(f"Answer {number}")
    ada.sees_once("Answer 4")
    ada.composer.press_sequentially("Well")
    bo.sees("Ada is typing")
    bo.edits("Answer 0", "Good morning!")
    ada.sees("Good morning!")
    expect(bo.page.get_by_label("Edit message")).to_have_count(0)  # it closes with the answer, which comes by a poll
    expect(ada.people).to_contain_text(["Ada", "Bo"])
    assert ada.texts()[2:] == bo.texts()[2:] == [f"Answer {number}" for number in range(1, 5)]


def test_a_killed_server_costs_nothing_over_long_poll_either(
    somebody: Somebody, server: Server, middlebox: Middlebox
) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().comes_through(middlebox).visits().takes_the_name("Bo")
    bo.says("before")
    ada.sees("before")

    server.kill()
    bo.sees("Connection lost, trying again…")
    bo.says("written in the dark")
    bo.says("and one more")
    server.start()

    ada.sees_once("and one more")
    ada.says("after")
    bo.sees_once("after")
    assert ada.texts() == bo.texts() == ["before", "written in the dark", "and one more", "after"]


def test_a_tab_that_had_to_fall_back_remembers_it_and_loses_no_time_again(
    somebody: Somebody, middlebox: Middlebox
) -> None:
    bo = somebody().comes_through(middlebox).visits()
    tried = transports(bo)
    bo.page.reload()
    bo.visits()
    assert set(tried) == {"longpoll"}


def test_a_token_that_is_worth_nothing_is_forgotten_over_long_poll_too(
    somebody: Somebody, middlebox: Middlebox
) -> None:
    bo = somebody().comes_through(middlebox).visits().takes_the_name("Bo")
    bo.page.evaluate("localStorage.setItem('chatter.token', 'worthless')")
    bo.page.reload()
    bo.sees("You were away for long.")
    bo.takes_the_name("Bob")


def test_the_page_returns_to_websockets_once_they_get_through(somebody: Somebody, middlebox: Middlebox) -> None:
    bo = somebody().comes_through(middlebox)
    bo.page.clock.install()
    bo.visits().takes_the_name("Bo")
    middlebox.lets_websockets_through = True
    tried = transports(bo)

    bo.page.clock.run_for(61_000)
    bo.page.wait_for_function("() => sessionStorage.getItem('phx:fallback:LongPoll') === null")
    bo.says("That was quick")
    bo.sees_once("That was quick")
    polls = tried.count("longpoll")
    bo.says("And that")
    bo.sees_once("And that")
    assert "websocket" in tried
    assert tried.count("longpoll") == polls


def test_a_server_that_was_only_away_is_met_over_websockets_again(somebody: Somebody, server: Server) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    tried = transports(ada)
    server.kill()
    ada.sees("Connection lost, trying again…")
    ada.page.wait_for_timeout(3000)
    assert "longpoll" in tried  # phoenix.js did fall back, for a server that just wasn't there
    server.start()
    ada.says("Back?")
    ada.sees_once("Back?")
    assert ada.page.evaluate("sessionStorage.getItem('phx:fallback:LongPoll')") is None
    ada.page.wait_for_timeout(8000)  # if long-poll was the first to get through, the probe finds out by now
    tried.clear()
    ada.says("By WebSocket")
    ada.sees_once("By WebSocket")
    assert tried == []
