"""Ada writes a lot and exactly; Bo answers late, from his phone; Mallory tries things."""

from playwright.sync_api import expect

from .conftest import Somebody


def test_a_visitor_reads_at_once_and_needs_no_name(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.says("Is anybody reading this?")
    ada.sees_once("Is anybody reading this?")

    visitor = somebody().visits()

    visitor.sees("Is anybody reading this?")
    expect(visitor.name_field).to_be_visible()
    expect(visitor.composer).to_have_count(0)


def test_two_browsers_talk(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")

    ada.says("Good morning, Bo")
    bo.sees("Good morning, Bo")
    bo.says("Good morning!")
    ada.sees("Good morning!")

    ada.sees_once("Good morning, Bo")
    assert ada.texts() == bo.texts() == ["Good morning, Bo", "Good morning!"]


def test_everybody_sees_who_is_on(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    expect(ada.people).to_contain_text(["Ada", "Bo"])

    bo.leaves()

    expect(ada.people).to_contain_text(["Ada"])
    expect(ada.people).to_have_count(1)
    ada.sees("Only you are here right now.")


def test_a_name_that_somebody_has_is_refused_kindly(somebody: Somebody) -> None:
    somebody().visits().takes_the_name("Ada")
    mallory = somebody().visits()

    mallory.asks_for_the_name("ada")

    mallory.sees("ada is taken. Try another one.")
    mallory.takes_the_name("Mallory")


def test_a_name_survives_a_reload(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    ada.page.reload()
    expect(ada.composer).to_be_visible()
    expect(ada.people).to_contain_text(["Ada (you)"])


def test_typing_is_shown_to_the_others_and_ends_with_the_message(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")

    ada.composer.press_sequentially("Let me think")
    bo.sees("Ada is typing")
    expect(ada.page.get_by_text("is typing")).to_have_count(0)

    ada.page.keyboard.press("Enter")
    bo.sees_once("Let me think")
    bo.sees_no("Ada is typing")


def test_editing_reacting_and_deleting_reach_the_others(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    bo = somebody().visits().takes_the_name("Bo")
    ada.says("Teh tomatoes are in")
    bo.sees("Teh tomatoes are in")

    ada.edits("Teh tomatoes are in", "The tomatoes are in")
    bo.sees("The tomatoes are in")
    bo.sees("(edited)")
    bo.sees_no("Teh tomatoes")
    for number in range(8):  # whoever is quick replaces the text, and does not add to it
        ada.edits("The tomatoes are in", f"The tomatoes are in {number}")
        bo.sees_once(f"The tomatoes are in {number}")
        assert [text.split("(")[0].strip() for text in bo.texts()] == [f"The tomatoes are in {number}"]
    ada.edits("The tomatoes are in 7", "The tomatoes are in")

    bo.reacts("The tomatoes are in", "party")
    chip = ada.page.get_by_role("button", name="🎉, 1: Bo")
    expect(chip).to_be_visible()
    chip.click()
    expect(bo.page.get_by_role("button", name="🎉, 2: Bo, Ada")).to_be_visible()

    ada.deletes("The tomatoes are in")
    bo.sees("message deleted")
    bo.sees_no("The tomatoes are in")


def test_nobody_is_offered_to_change_what_others_said(somebody: Somebody) -> None:
    ada = somebody().visits().takes_the_name("Ada")
    mallory = somebody().visits().takes_the_name("Mallory")
    ada.says("Mine")
    mallory.message("Mine").hover()
    expect(mallory.message("Mine").get_by_role("button", name="React")).to_be_visible()
    expect(mallory.message("Mine").get_by_role("button", name="Edit")).to_have_count(0)
    expect(mallory.message("Mine").get_by_role("button", name="Delete")).to_have_count(0)


def test_hostile_text_stays_text(somebody: Somebody) -> None:
    mallory = somebody().visits().takes_the_name("Mallory")
    ada = somebody().visits().takes_the_name("Ada")
    hostile = [
        "<script>document.title='gone'</script>",
        "<img src=x onerror=\"document.title='gone'\">",
        "javascript:document.title='gone'",
        "<a href=\"javascript:document.title='gone'\">click</a>",
    ]

    for text in hostile:
        mallory.says(text)
    ada.sees_once(hostile[-1])

    assert ada.texts() == hostile
    expect(ada.log.locator("article [dir=auto] :is(a, img, script, iframe)")).to_have_count(0)
    assert "gone" not in ada.page.title()


def test_the_page_asks_nobody_but_its_own_server(somebody: Somebody) -> None:
    ada = somebody()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    ada.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    ada.visits().takes_the_name("Ada")

    assert asked
    assert [address for address in asked if not address.startswith(ada.url)] == []
    assert complaints == []
