"""Bo reads in a room in which fifty thousand things were said."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import Somebody
from .person import Person
from .server import Server

COUNT = 50_000
NODES = "document.querySelectorAll('*').length"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    archive = Path(__file__).with_name("archive.py")
    subprocess.run([sys.executable, str(archive), str(tmp_path / "chatter.db"), str(COUNT)], check=True)
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


def test_the_page_holds_what_is_near_the_eye_and_little_else(somebody: Somebody) -> None:
    bo = somebody().visits()
    expect(bo.message(f"{COUNT}. ")).to_be_in_viewport()
    devtools = bo.page.context.new_cdp_session(bo.page)
    nodes = bo.page.evaluate(NODES)

    bo.log.hover()
    for _ in range(600):
        bo.page.mouse.wheel(0, -2500)
        bo.page.wait_for_timeout(16)
        if oldest(bo) < COUNT - 4000:
            break
    assert oldest(bo) < COUNT - 4000
    assert bo.log.get_by_role("article").count() <= 150
    assert bo.page.evaluate(NODES) < 4 * nodes
    devtools.send("HeapProfiler.collectGarbage")
    assert devtools.send("Runtime.getHeapUsage")["usedSize"] < 30_000_000

    bo.page.get_by_role("button", name="Newest").click()
    expect(bo.message(f"{COUNT}. ")).to_be_in_viewport()


def oldest(reader: Person) -> int:
    return int(reader.log.locator("article p[dir=auto]").first.inner_text().partition(".")[0])


def test_a_found_message_is_shown_where_it_was_said_and_one_reads_on_from_there_both_ways(somebody: Somebody) -> None:
    bo = somebody().visits()
    bo.page.get_by_role("button", name="Search messages").click()
    bo.page.get_by_role("searchbox").fill("20000")
    bo.page.get_by_role("dialog").get_by_role("listitem").first.click()
    expect(bo.message("20000. ")).to_be_in_viewport()

    for way in (1, -1):
        bo.log.hover()
        for _ in range(25):
            bo.page.mouse.wheel(0, way * 1500)
            bo.page.wait_for_timeout(80)
        numbers = [int(text.partition(".")[0]) for text in bo.texts()]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert (numbers[0] > 20_000) == (way == 1)

    bo.page.get_by_role("button", name="Newest").click()
    expect(bo.message(f"{COUNT}. ")).to_be_in_viewport()
    bo.takes_the_name("Bo")
    bo.says("Caught up")
    bo.sees_once("Caught up")
