"""Ada writes with care: drafts, names, a little markup."""

from playwright.sync_api import expect

from .conftest import Somebody

HOSTILE = [
    "**<img src=x onerror=\"document.title='gone'\">**",
    "[click](javascript:document.title='gone')",
    "`<script>document.title='gone'</script>`",
    "> " * 1900,
    "*a_" * 1300,
]


def test_a_draft_is_kept_per_room_and_through_a_reload(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.page.get_by_role("button", name="New room").click()
    ada.page.get_by_label("Room name").fill("garden")
    ada.page.get_by_role("button", name="Create room").click()
    expect(ada.page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    ada.composer.fill("about the garden")
    ada.enters("lobby")
    expect(ada.composer).to_have_value("")
    ada.composer.fill("about the lobby")

    ada.page.reload()

    expect(ada.composer).to_have_value("about the lobby")
    ada.enters("garden")
    expect(ada.composer).to_have_value("about the garden")
    ada.page.get_by_role("button", name="Send").click()
    ada.sees_once("about the garden")
    ada.page.reload()
    expect(ada.composer).to_have_value("")


def test_a_name_after_an_at_sign_is_finished_from_who_is_here(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    somebody().visits().takes_the_name("Bonnie")
    expect(ada.people).to_have_count(3)

    ada.composer.press_sequentially("Hello @bo")
    expect(ada.page.get_by_role("option")).to_have_text(["BBo", "BBonnie"])
    ada.page.keyboard.press("ArrowDown")
    ada.page.keyboard.press("ArrowUp")
    ada.page.keyboard.press("Enter")
    expect(ada.composer).to_have_value("Hello @Bo ")
    expect(ada.page.get_by_role("option")).to_have_count(0)
    ada.page.keyboard.type("and @")
    expect(ada.page.get_by_role("option")).to_have_count(2)
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.press("Enter")

    bo.sees_once("Hello @Bo and @")


def test_a_little_markup_is_shown_as_it_was_meant(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("This is **bold**, this is `code`, and [this](https://example.org/) leads away")

    for person in (ada, bo):
        row = person.message("leads away")
        expect(row.locator("strong")).to_have_text("bold")
        expect(row.locator("code")).to_have_text("code")
        expect(row.get_by_role("link", name="this")).to_have_attribute("href", "https://example.org/")


def test_hostile_markup_stays_text_and_the_page_alive(somebody: Somebody) -> None:
    mallory = somebody().visits().takes_the_name("Mallory")
    ada = somebody().visits().takes_the_name("Ada")
    for text in HOSTILE:
        mallory.says(text)
    mallory.says("Still **there**?")

    expect(ada.message("Still there?").locator("strong")).to_have_text("there")
    expect(ada.log.locator("article [dir=auto] :is(a, img, script, iframe)")).to_have_count(0)
    assert "gone" not in ada.page.title()
    ada.says("Yes")
    mallory.sees_once("Yes")


def test_the_arrow_up_edits_the_last_thing_one_said_wherever_it_is(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("Teh gate squeaks")
    ada.sees_once("Teh gate squeaks")
    bo.posts(f"Small talk {number}" for number in range(80))
    ada.sees_once("Small talk 79")

    ada.composer.focus()
    ada.page.keyboard.press("ArrowUp")
    field = ada.page.get_by_label("Edit message")
    expect(field).to_be_in_viewport()
    field.fill("The gate squeaks")
    ada.page.keyboard.press("Enter")
    ada.sees("The gate squeaks")
    expect(ada.composer).to_be_focused()


def test_an_answer_quotes_what_it_answers(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("Who has the key?")
    bo.sees("Who has the key?")

    bo.picks("Reply", "Who has the key?")
    expect(bo.composer).to_be_focused()
    expect(bo.composer).to_have_value("> @Ada: Who has the key?\n\n")
    bo.page.keyboard.type("Not me.")
    bo.page.keyboard.press("Enter")

    expect(ada.message("Not me.").locator("blockquote")).to_have_text("@Ada: Who has the key?")


def test_a_line_that_begins_with_a_slash_is_done_and_not_said(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")

    ada.says("/nick Grace")
    expect(bo.people).to_contain_text(["Bo", "Grace"])
    ada.says("/nick Bo")
    ada.sees("That name is taken.")
    ada.says("/dance")
    ada.sees("There is no /dance.")
    expect(ada.composer).to_have_value("/dance")
    ada.says("/help")
    ada.sees_no("There is no /dance.")
    ada.sees("/nick name, /join room")
    expect(ada.composer).to_have_value("")
    ada.says("/me waves :tada")
    expect(bo.message("waves").locator("em")).to_have_text("waves :tada")
    ada.sees_no("/nick name, /join room")
    assert len(bo.texts()) == 1

    ada.says("/join garden")
    ada.sees("There is no room called garden.")


def test_a_shortcode_becomes_its_emoji_while_one_writes(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.composer.press_sequentially("Well done :tada: everybody")
    expect(ada.composer).to_have_value("Well done 🎉 everybody")


def test_what_is_pasted_keeps_its_lines_and_may_be_too_long_for_now(somebody: Somebody) -> None:
    ada = somebody(permissions=["clipboard-read", "clipboard-write"]).visits().takes_the_name("Ada")
    low = ada.composer.bounding_box()
    ada.composer.focus()
    ada.page.evaluate("() => navigator.clipboard.writeText('one\\ntwo\\n' + 'x'.repeat(4000))")
    ada.page.keyboard.press("Control+v")
    expect(ada.composer).to_have_value("one\ntwo\n" + "x" * 4000)
    high = ada.composer.bounding_box()
    assert low is not None
    assert high is not None
    assert high["height"] > 2 * low["height"]
    ada.sees("-8")
    expect(ada.page.get_by_role("button", name="Send")).to_be_disabled()
    for _ in range(8):
        ada.page.keyboard.press("Backspace")
    ada.page.keyboard.press("Enter")
    ada.sees_once("two")
    expect(ada.composer).to_have_value("")


def test_an_emoji_is_chosen_into_the_midst_of_what_one_writes(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.composer.press_sequentially("Well done everybody")
    for _ in "everybody":
        ada.page.keyboard.press("ArrowLeft")
    choose = ada.page.get_by_role("button", name="Choose an emoji")
    choice = ada.page.get_by_role("group", name="Choose an emoji")
    choose.click()
    choice.get_by_role("button", name="party").click()
    expect(choice).to_have_count(0)
    expect(ada.composer).to_be_focused()
    ada.page.keyboard.type(" ")
    expect(ada.composer).to_have_value("Well done 🎉 everybody")

    choose.focus()
    ada.page.keyboard.press("Enter")
    expect(choice.get_by_role("button", name="thumbs up")).to_be_focused()
    ada.page.keyboard.press("Escape")
    expect(choice).to_have_count(0)
    expect(ada.composer).to_be_focused()
