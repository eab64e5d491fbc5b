"""What the page costs before one can talk, and whom it asks for anything."""

import gzip

from playwright.sync_api import Response, expect

from .conftest import Somebody

MOST_SCRIPT = 60_000


def test_the_script_for_the_first_paint_is_small(somebody: Somebody) -> None:
    ada = somebody()
    heard: list[Response] = []
    ada.page.on("response", lambda response: heard.append(response))
    ada.visits().takes_the_name("Ada")
    scripts = [response.body() for response in heard if response.request.resource_type == "script"]
    assert len(scripts) >= 1
    assert 20_000 < sum(len(gzip.compress(script)) for script in scripts) < MOST_SCRIPT


def test_nobody_else_is_ever_asked_for_anything(somebody: Somebody) -> None:
    ada = somebody()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.visits().takes_the_name("Ada")
    ada.says("See https://example.org/picture.png and ![this](https://example.org/picture.png)")
    ada.says("```python\nprint('hello')\n```")
    expect(ada.log.locator(".hljs-string")).to_have_text("'hello'")
    ada.page.get_by_role("button", name="Settings").click()
    ada.page.get_by_role("radio", name="Deutsch").check()
    ada.page.get_by_role("button", name="Tasten und Befehle").click()
    expect(ada.page.get_by_role("heading", name="Tasten und Befehle")).to_be_visible()
    assert any("german" in url for url in asked)
    assert [url for url in asked if not url.startswith(ada.url)] == []
