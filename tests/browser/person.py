"""Somebody in front of the page, who does and sees what people do and see."""

from collections.abc import Iterable

from playwright.sync_api import Locator, Page, expect

from .middlebox import Middlebox

KEPT = """([room, messages]) => new Promise((answer) => {
  const opening = indexedDB.open('chatter')
  opening.onsuccess = () => {
    const asked = opening.result.transaction('rooms').objectStore('rooms').get(room)
    asked.onsuccess = () => answer((asked.result?.messages.length ?? null) === messages)
    opening.result.close()
  }
})"""


class Person:
    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    # what they do

    def visits(self, room: str = "lobby") -> "Person":
        self.page.goto(f"{self.url}#/{room}")
        expect(self.page.get_by_role("heading", name=room, level=1)).to_be_visible()
        expect(self.log).to_have_attribute("aria-busy", "false")
        return self

    def takes_the_name(self, name: str) -> "Person":
        self.asks_for_the_name(name)
        expect(self.composer).to_be_visible()
        return self

    def asks_for_the_name(self, name: str) -> None:
        self.name_field.fill(name)
        self.page.get_by_role("button", name="Join").click()

    def says(self, text: str) -> None:
        self.composer.fill(text)
        self.page.get_by_role("button", name="Send").click()

    def posts(self, texts: Iterable[str]) -> None:
        """As a script of theirs would: by REST, at once, and in whatever room the page is in."""
        token = self.page.evaluate("localStorage.getItem('chatter.token')")
        room = self.page.get_by_role("heading", level=1).inner_text()
        for text in texts:
            answer = self.page.context.request.post(
                f"{self.url}api/channels/{room}/messages",
                data={"text": text},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status == 201, answer.text()

    def picks(self, action: str, message: str) -> None:
        row = self.message(message)
        row.hover()
        row.get_by_role("button", name=action).click()

    def reacts(self, message: str, emoji_name: str) -> None:
        self.picks("React", message)
        self.message(message).get_by_role("button", name=emoji_name).click()

    def edits(self, message: str, text: str) -> None:
        self.picks("Edit", message)
        self.page.get_by_label("Edit message").fill(text)
        self.page.keyboard.press("Enter")

    def deletes(self, message: str) -> None:
        """For good: they wait until it can't be undone."""
        self.picks("Delete", message)
        undo = self.message("message deleted").get_by_role("button", name="Undo")
        expect(undo.first).to_be_visible()
        expect(undo).to_have_count(0)

    def creates(self, room: str) -> None:
        self.page.get_by_role("button", name="New room").click()
        self.page.get_by_label("Room name").fill(room)
        self.page.get_by_role("button", name="Create room").click()
        expect(self.page.get_by_role("heading", name=room, level=1)).to_be_visible()

    def opens_own_card(self) -> Locator:
        self.page.get_by_role("button", name=", you").click()
        return self.page.get_by_role("dialog")

    def leaves(self) -> None:
        self.opens_own_card().get_by_role("button", name="Leave").click()

    def opens_another_tab(self) -> "Person":
        return Person(self.page.context.new_page(), self.url)

    def may_go_offline(self) -> "Person":
        """The browser has kept the page, so that it opens without a server."""
        self.waits_until("async () => (await caches.match('/')) !== undefined")
        return self

    def comes_through(self, middlebox: Middlebox) -> "Person":
        self.url = middlebox.url
        return self

    def swipes(self, down: int) -> None:
        """With one finger, over the middle of the log, so fast that it scrolls on by itself for a while."""
        box = self.log.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + (box["height"] - down) / 2
        devtools = self.page.context.new_cdp_session(self.page)
        steps = [{"x": x, "y": y + down * step / 12} for step in range(13)]
        for kind, points in [("Start", steps[:1]), *(("Move", [step]) for step in steps[1:]), ("End", [])]:
            devtools.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
            self.page.wait_for_timeout(16)
        devtools.detach()

    def enters(self, room: str) -> None:
        self.page.get_by_role("link", name=room).click()

    def keeps(self, room: str, messages: int | None) -> None:
        """So many messages of a room in the browser, once it has got round to it; None is no room at all."""
        self.waits_until(KEPT, [room, messages])

    def waits_until(self, condition: str, argument: object = None) -> None:
        """Unlike `wait_for_function`, for a condition that is a promise."""
        again = "await new Promise((next) => setTimeout(next, 50))"
        self.page.evaluate(f"async (argument) => {{ while (!(await ({condition})(argument))) {again} }}", argument)

    # what they see

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def name_field(self) -> Locator:
        return self.page.get_by_role("form", name="Pick a name").get_by_role("textbox")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_label("Message to")

    @property
    def undo(self) -> Locator:
        return self.log.get_by_role("button", name="Undo")

    @property
    def people(self) -> Locator:
        """Those who are there."""
        return self.people_group("Online").or_(self.people_group("Away")).get_by_role("listitem")

    @property
    def people_gone(self) -> Locator:
        return self.people_group("Offline").get_by_role("listitem")

    def people_group(self, name: str) -> Locator:
        return self.page.get_by_role("complementary", name="People here").get_by_role("region", name=name)

    def message(self, text: str) -> Locator:
        return self.log.get_by_role("article").filter(has_text=text)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def sees_once(self, text: str) -> None:
        """Once, and not as a post that is still on its way."""
        expect(self.message(text)).to_have_count(1)
        expect(self.message(text)).not_to_have_attribute("aria-busy", "true")

    def sees_no(self, text: str) -> None:
        expect(self.page.get_by_text(text)).to_have_count(0)

    def sees_action(self, action: str, message: str) -> None:
        expect(self.message(message).get_by_role("button", name=action)).to_be_visible()

    def texts(self) -> list[str]:
        return self.log.locator("article p[dir=auto]").all_inner_texts()
