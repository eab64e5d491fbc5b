"""Ada looks elsewhere, and hears it when somebody calls her."""

from playwright.sync_api import Page, expect

from .conftest import Somebody
from .person import Person

QUESTION = "Somebody mentioned you."

LISTENING = """
  window.chimes = 0
  window.asked = 0
  const start = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (when) { window.chimes++; start.call(this, when) }
  const request = Notification.requestPermission
  Notification.requestPermission = () => { window.asked++; return request.call(Notification) }
"""
LOOKS_AWAY = """away => {
  Object.defineProperty(document, 'hidden', { get: () => away, configurable: true })
  Object.defineProperty(document, 'visibilityState', { get: () => away ? 'hidden' : 'visible', configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}"""
SHOWN = """async () => {
  const shown = await (await navigator.serviceWorker.ready).getNotifications()
  return shown.map(({ title, body }) => [title, body])
}"""
CLICK = """async () => {
  const [notification] = await self.registration.getNotifications()
  self.dispatchEvent(new NotificationEvent('notificationclick', { notification }))
}"""


def _ada_and_bo(somebody: Somebody) -> tuple[Person, Person]:
    ada = somebody(permissions=["notifications"])
    ada.page.add_init_script(LISTENING)
    ada.visits().takes_the_name("Ada").may_go_offline()
    return ada, somebody().visits().takes_the_name("Bo")


def _looks_away(page: Page, away: bool = True) -> None:
    page.evaluate(LOOKS_AWAY, away)


def _shown(ada: Person) -> list[list[str]]:
    found: list[list[str]] = ada.page.evaluate(SHOWN)
    return found


def _sees_so_many(ada: Person, notifications: int) -> None:
    ada.waits_until(f"async () => (await ({SHOWN})()).length === {notifications}")


def test_nobody_is_asked_before_they_were_mentioned(somebody: Somebody) -> None:
    ada, bo = _ada_and_bo(somebody)
    bo.says("Adam and @Adam are not you")
    ada.sees_once("Adam and @Adam are not you")
    ada.sees_no(QUESTION)
    assert ada.page.evaluate("window.asked") == 0

    bo.says("But this is for you, @ada")

    ada.sees(QUESTION)
    assert ada.page.evaluate("window.asked") == 0
    ada.page.get_by_role("button", name="Yes, please").click()
    ada.sees_no(QUESTION)
    assert ada.page.evaluate("window.asked") == 1


def test_a_mention_is_told_to_somebody_who_looks_elsewhere_and_leads_there(somebody: Somebody) -> None:
    ada, bo = _ada_and_bo(somebody)
    bo.says("Hello @Ada")
    ada.page.get_by_role("button", name="Yes, please").click()
    ada.sees_no(QUESTION)
    bo.says("You can see this, @Ada")
    ada.sees_once("You can see this, @Ada")
    assert (_shown(ada), ada.page.evaluate("window.chimes")) == ([], 0)
    ada.creates("garden")

    _looks_away(ada.page)
    bo.says("Nothing to see")
    bo.says("@Ada, the **gate** squeaks <b>again</b>")

    ada.waits_until("() => window.chimes > 0")
    expect(ada.page.get_by_role("link", name="lobby")).to_contain_text("2")
    _sees_so_many(ada, 1)
    assert _shown(ada) == [["Bo · lobby", "@Ada, the **gate** squeaks <b>again</b>"]]
    _looks_away(ada.page, away=False)
    ada.page.context.service_workers[0].evaluate(CLICK)
    expect(ada.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    ada.sees("squeaks")
    assert ada.page.evaluate("location.hash").startswith("#/lobby/")
    _sees_so_many(ada, 0)


def test_both_can_be_switched_off(somebody: Somebody) -> None:
    ada, bo = _ada_and_bo(somebody)
    ada.page.get_by_role("button", name="Settings").click()
    ada.page.get_by_label("Show a notification").check()
    expect(ada.page.get_by_label("Show a notification")).to_be_checked()
    ada.page.get_by_role("button", name="Close").click()
    _looks_away(ada.page)
    bo.says("First, @Ada")
    expect(ada.page).to_have_title("(1) lobby · chatter")
    _sees_so_many(ada, 1)
    assert ada.page.evaluate("window.chimes") == 0

    _looks_away(ada.page, away=False)
    ada.page.get_by_role("button", name="Settings").click()
    ada.page.get_by_label("Show a notification").uncheck()
    ada.page.get_by_label("Play a sound").check()
    ada.waits_until("() => window.chimes === 2")
    ada.page.get_by_role("button", name="Close").click()
    _looks_away(ada.page)
    bo.says("Second, @Ada")

    ada.waits_until("() => window.chimes === 4")
    assert [body for _, body in _shown(ada)] == ["First, @Ada"]


def test_a_no_is_remembered(somebody: Somebody) -> None:
    ada, bo = _ada_and_bo(somebody)
    bo.says("Hello @Ada")
    ada.page.get_by_role("button", name="No, thanks").click()
    ada.sees_no(QUESTION)
    ada.page.reload()
    bo.says("Hello again @Ada")
    ada.sees_once("Hello again @Ada")
    ada.sees_no(QUESTION)
    assert ada.page.evaluate("window.asked") == 0
