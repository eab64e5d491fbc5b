"""Bo comes back to a room in which much was said."""

from playwright.sync_api import expect

from .conftest import Somebody
from .person import Person

WHERE_I_AM = """() => {
  const log = document.querySelector('[role=log]')
  const edge = log.getBoundingClientRect().top + 40
  const row = [...log.querySelectorAll('article')].find((row) => row.getBoundingClientRect().bottom > edge)
  return [row.dataset.key, Math.round(row.getBoundingClientRect().top)]
}"""
FILL = """async ([url, count]) => {
  const headers = { 'content-type': 'application/json' }
  const guest = { method: 'POST', headers, body: JSON.stringify({ name: 'Chronicler' }) }
  const { token } = await (await fetch('/api/guests', guest)).json()
  headers.authorization = `Bearer ${token}`
  for (let number = 1; number <= count; number++)
    await fetch(url, { method: 'POST', headers, body: JSON.stringify({ text: `Chapter ${number}.` }) })
}"""


def fill(person: Person, count: int) -> None:
    person.page.goto(person.url)
    person.page.evaluate(FILL, ["/api/channels/lobby/messages", count])
    person.page.goto("about:blank")


Place = tuple[str, int]


def place(person: Person) -> Place:
    """The message at the top, and how far down it is."""
    key, top = person.page.evaluate(WHERE_I_AM)
    return key, top


def assert_not_moved(person: Person, before: Place) -> None:
    """Half a pixel may be rounded the other way."""
    key, top = place(person)
    assert key == before[0]
    assert abs(top - before[1]) <= 1


def test_the_newest_is_shown_first_and_the_beginning_can_be_reached(somebody: Somebody) -> None:
    bo = somebody()
    fill(bo, 250)
    bo.visits()
    expect(bo.message("Chapter 250.")).to_be_in_viewport()

    bo.log.hover()
    seen: set[str] = set()
    for _ in range(100):
        seen.update(bo.texts())
        if bo.page.get_by_text("This is where it began.").is_visible():
            break
        bo.page.mouse.wheel(0, -1500)
        bo.page.wait_for_timeout(100)

    expect(bo.page.get_by_text("This is where it began.")).to_be_visible()
    assert seen == {f"Chapter {number}." for number in range(1, 251)}
    assert bo.texts()[:50] == [f"Chapter {number}." for number in range(1, 51)]


def test_nothing_moves_under_the_eye_when_older_or_newer_messages_come(somebody: Somebody) -> None:
    bo = somebody()
    fill(bo, 250)
    bo.visits()
    assert "Chapter 100." not in bo.texts()
    bo.log.hover()
    for way in [-500] * 12 + [500] * 6:
        bo.page.mouse.wheel(0, way)
        bo.page.wait_for_timeout(50)
        before = place(bo)
        bo.page.wait_for_timeout(250)
        assert_not_moved(bo, before)
    assert "Chapter 100." in bo.texts()

    before = place(bo)
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("Something new")
    bo.sees("1 new")
    assert_not_moved(bo, before)

    bo.page.get_by_role("button", name="1 new").click()
    expect(bo.message("Something new")).to_be_in_viewport()
