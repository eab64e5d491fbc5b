"""A real browser in front of a real server. Without a Chromium these tests are skipped, in CI they fail."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from .middlebox import Middlebox
from .person import Person
from .server import Server

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Somebody = Callable[..., Person]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("No Chromium, and in CI there has to be one.")
        pytest.skip("no Chromium on this machine")
    arguments = ["--disable-background-networking"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    # trio-asyncio, which tests of PostgreSQL import, would give Playwright one of its own loops in this thread.
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    # A page waits up to six seconds before it connects again, and the machine may be busy.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tunnel(server: Server) -> Iterator[Middlebox]:
    """A way to the server that can be cut and mended, while the server goes on."""
    middlebox = Middlebox(server.port)
    yield middlebox
    middlebox.close()


@pytest.fixture
def somebody(browser: Browser, server: Server) -> Iterator[Somebody]:
    """Makes people, each with a browser profile of their own; none of their pages may have thrown an error."""
    people: list[Person] = []

    def make(width: int = 1280, height: int = 800, **options: Any) -> Person:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        people.append(Person(context.new_page(), server.url))
        return people[-1]

    yield make
    for person in people:
        person.page.context.close()
    assert [person.troubles for person in people if person.troubles] == []
