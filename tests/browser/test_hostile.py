"""Mallory writes what makes other pages do his bidding; here it is only something that he wrote."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from .conftest import Somebody
from .hostile import ASKING, ELSEWHERE, HTML, MARKDOWN, SCHEMES, everywhere
from .person import Person
from .server import Server

MARKED = Path(__file__).parents[2] / "web" / "node_modules" / "marked" / "lib" / "marked.umd.js"

# Runs in the page before anything else, and sees all that is ever put into it.
WATCHING = """
  window.fired = []
  window.fire = () => void window.fired.push('fire')
  window.alert = window.confirm = window.prompt = window.fire
  document.addEventListener('securitypolicyviolation', ({ blockedURI }) => window.fired.push(`blocked ${blockedURI}`))

  const known = new Set(`html head body div span p a button ul ol li section h1 h2 h3 header nav aside main form input
    textarea label time article svg path circle rect line polyline blockquote pre code strong em del br dialog mark
    dl dt dd kbd fieldset legend link noscript`.split(/\\s+/))
  const isWeb = (address) => ['http:', 'https:'].includes(new URL(address, location.href).protocol)
  const wrong = (element) => {
    if (!known.has(element.localName)) return `<${element.localName}>`
    const found = [...element.attributes].find(({ name, value }) => {
      if (/^on|^srcdoc$|action$|^src$|^xlink:/.test(name)) return true
      return name === 'href' && !isWeb(value)
    })
    return found && `<${element.localName} ${found.name}="${found.value}">`
  }
  window.unexpected = []
  const look = (element) => wrong(element) && window.unexpected.push(wrong(element))
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes)
      if (type === 'attributes') look(target)
      else for (const node of addedNodes) if (node.nodeType === 1 && document.body?.contains(node)) {
        look(node)
        node.querySelectorAll('*').forEach(look)
      }
  }).observe(document, { subtree: true, childList: true, attributes: true })
"""

# Puts each text into a document of its own as if it were HTML, and touches whatever there is to touch.
UNSAFE = """async ([texts, asMarkdown]) => {
  const fired = texts.map(() => 0)
  const frames = texts.map((text, at) => {
    const frame = document.createElement('iframe')
    document.body.append(frame)
    frame.contentWindow.fire = () => { fired[at]++ }
    frame.contentDocument.open()
    frame.contentDocument.write(asMarkdown ? marked.parse(text) : text)
    frame.contentDocument.close()
    return frame
  })
  const touch = () => frames.forEach(({ contentDocument }) => {
    for (const it of contentDocument?.querySelectorAll('a:not([href^=http]), button') ?? [])
      it.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))
  })
  for (let tries = 0; tries < 100 && fired.includes(0); tries++) {
    await new Promise((next) => setTimeout(next, 100))
    if (tries % 10 === 0) touch()
  }
  return texts.filter((_, at) => fired[at] === 0)
}"""


@pytest.fixture
def bare(browser: Browser, server: Server) -> Any:
    """A page without any policy of its own, on the same server."""
    page = browser.new_page()
    page.route("**/bare", lambda route: route.fulfill(body="<body>", content_type="text/html"))
    page.goto(f"{server.url}bare")
    page.add_script_tag(content=MARKED.read_text())
    yield page
    page.close()


@pytest.mark.parametrize(("texts", "as_markdown"), [(HTML, False), (MARKDOWN, True)], ids=["HTML", "Markdown"])
def test_each_of_them_does_fire_in_a_page_that_is_careless(bare: Page, texts: list[str], as_markdown: bool) -> None:
    assert bare.evaluate(UNSAFE, [texts, as_markdown]) == []


def test_each_of_those_that_ask_does_ask_elsewhere(bare: Page) -> None:
    bare.route(f"{ELSEWHERE}**", lambda route: route.abort())
    address = bare.url
    for text in ASKING:
        with bare.expect_request(f"{ELSEWHERE}**"):
            bare.evaluate("text => { document.body.innerHTML = marked.parse(text) }", text)
        bare.goto(address)
        bare.add_script_tag(content=MARKED.read_text())


@pytest.fixture
def ada(somebody: Somebody, server: Server) -> Any:
    """Somebody whose page must never do anything but show what was written."""
    ada = somebody()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.page.add_init_script(WATCHING)
    yield ada
    assert ada.page.evaluate("window.fired") == []
    assert ada.page.evaluate("window.unexpected") == []
    assert [url for url in asked if not url.startswith(server.url)] == []
    assert len(asked) > 3


def _mallory(ada: Person) -> Callable[[str], None]:
    """Writes what he likes, by the door for scripts."""
    ask = ada.page.context.request
    token = ask.post(f"{ada.url}api/guests", data={"name": "Mallory"}).json()["token"]

    def write(text: str) -> None:
        address = f"{ada.url}api/channels/lobby/messages"
        answer = ask.post(address, data={"text": text}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 201, answer.text()

    return write


def _reads_all(ada: Person) -> None:
    """From the last message up to the first one."""
    ada.log.focus()
    expect(ada.log.get_by_text("That is all.")).to_be_visible()
    while not ada.log.get_by_text("This is where it began.").is_visible():
        ada.page.keyboard.press("PageUp")
        ada.page.evaluate("() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))")


def test_it_is_only_text_in_a_message(ada: Person) -> None:
    write = _mallory(ada)
    for text in HTML + ASKING:
        write(text)
        write(everywhere(text))
    write("That is all.")
    ada.visits().takes_the_name("Ada")
    _reads_all(ada)
    ada.page.keyboard.press("End")
    expect(ada.log.locator("code", has_text=ASKING[0])).to_have_count(2)


def test_links_lead_to_web_pages_only(ada: Person) -> None:
    write = _mallory(ada)
    for text in MARKDOWN:
        write(text)
    for address in SCHEMES:
        write(f"[click]({address}) or <{address}> or {address}")
    write("[click](https://example.org) That is all.")
    ada.visits().takes_the_name("Ada")
    _reads_all(ada)
    ada.page.keyboard.press("End")
    expect(ada.log.get_by_role("link", name="click")).to_have_attribute("href", "https://example.org")


def test_it_is_only_text_wherever_a_message_is_shown_again(ada: Person) -> None:
    write = _mallory(ada)
    ada.visits().takes_the_name("Ada")
    write(f"@Ada findme {HTML[8]} {HTML[16]}")
    row = ada.message("findme")
    expect(row).to_be_visible()
    row.hover()
    row.get_by_role("button", name="Reply").click()
    ada.page.keyboard.press("Enter")
    expect(ada.log.locator("blockquote")).to_contain_text(HTML[8])
    ada.page.keyboard.press("ArrowUp")
    expect(ada.page.get_by_label("Edit message")).to_be_focused()
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.press("Control+k")
    ada.page.get_by_role("dialog").locator("input[type=search]").fill("findme onerror fire")
    expect(ada.page.get_by_role("dialog").locator("mark").first).to_be_visible()
    ada.page.keyboard.press("Escape")


@pytest.mark.parametrize("vector", [HTML[0], HTML[5], HTML[8], HTML[33], "javascript:fire()", "__proto__"])
def test_it_is_only_text_as_a_name_a_topic_or_a_room(somebody: Somebody, ada: Person, vector: str) -> None:
    """The server lets no such name pass; the page doesn't count on it."""
    mallory = somebody().visits().takes_the_name("Mallory")
    mallory.says("Hello")
    mallory.sees_once("Hello")
    hostile = json.dumps(vector)

    def rewrite(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: socket.send(str(frame).replace('"Mallory"', hostile)))

    def list_rooms(route: Route) -> None:
        rooms = [{"name": vector, "topic": vector, "last_seq": 1}, {"name": "lobby", "topic": vector, "last_seq": 1}]
        route.fulfill(json={"channels": rooms})

    ada.page.route_web_socket("**/socket/websocket*", rewrite)
    ada.page.route("**/api/channels", list_rooms)
    ada.visits().takes_the_name("Ada")
    mallory.composer.press_sequentially("Hm")
    expect(ada.page.get_by_text(f"{vector} is typing…")).to_be_visible()
    expect(ada.message("Hello")).to_contain_text(vector)
    expect(ada.people.filter(has_text=vector)).to_have_count(1)
    expect(ada.page.get_by_role("link", name=vector).first).to_be_visible()


@pytest.mark.parametrize(
    "deed",
    [
        "document.body.innerHTML = '<b>x</b>'",
        "document.head.append(Object.assign(document.createElement('script'), { text: 'fire()' }))",
        "setTimeout('fire()')",
        "new Worker('/shell.js')",
        "trustedTypes.createPolicy('another', {})",
    ],
)
def test_even_the_page_itself_cannot_make_a_script_of_a_string(somebody: Somebody, deed: str) -> None:
    ada = somebody()
    ada.page.add_init_script("window.fire = () => { window.fired = true }")
    ada.visits()
    told = ada.page.evaluate(f"() => {{ try {{ {deed} }} catch (error) {{ return error.name }} }}")
    assert told == "TypeError"
    assert ada.page.evaluate("window.fired") is None
