"""The server's sessions crash while Ada types, and she doesn't notice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Somebody
from .server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, [str(Path(__file__).with_name("fragile.py"))])
    server.start()
    yield server
    server.stop()


def test_a_session_that_crashes_while_one_types_is_not_noticed(somebody: Somebody, tmp_path: Path) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    sockets: list[str] = []
    ada.page.on("websocket", lambda socket: sockets.append(socket.url))

    for number in range(4):
        ada.composer.press_sequentially(f"line {number}", delay=30)
        bo.sees("Ada is typing")
        ada.page.keyboard.press("Enter")
        bo.sees_once(f"line {number}")
        ada.page.wait_for_timeout(1700)  # sessions that crash more often than three times in five seconds are given up

    assert (tmp_path / "crashes").read_text().count("crash") >= 4
    assert sockets == []
    ada.sees_no("Connection lost, trying again…")
    assert ada.texts() == bo.texts() == [f"line {number}" for number in range(4)]
