"""`Store.search`: every word, the last one as it is being typed, and no text that breaks it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatter.core.commands import Delete, Edit, Post
from chatter.stores.port import Store
from tests.contracts.conftest import OpenStore
from tests.contracts.people import ANN, BOB, says


async def found(store: Store, query: str, *, room: str | None = None, limit: int = 10) -> list[str]:
    return [hit.message.text for hit in await store.search(query, room=room, limit=limit)]


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("quick", True),
        ("QUICK", True),
        ("fox quick", True),
        ("quick br", True),
        ("br quick", False),
        ("rown", False),
        ("quick bear", False),
        ("creme brulee", True),
        ("CRÈME", True),
        ("don't", True),
        ("fox!!! ???", True),
        ("??? fox", True),
    ],
)
async def test_every_word_counts_and_the_last_one_is_a_prefix(store: Store, query: str, hit: bool) -> None:
    text = "The quick brown fox doesn't, don't like Crème Brûlée"
    await says(store, ANN, text)
    await says(store, BOB, "Something else")
    assert await found(store, query) == ([text] if hit else [])


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "!!!",
        "¿?",
        '"',
        '"""',
        "()",
        "*",
        "-",
        "\x00",
        "\ud800",
        "NEAR()",
        "^",
        ":",
        "+",
        "' or 1=1 --",
        "{a}:",
    ],
)
async def test_any_text_is_a_legal_query(store: Store, query: str) -> None:
    await says(store, ANN, "Hello")
    assert await found(store, query) == []
    assert await found(store, f"hello {query}") in ([], ["Hello"])


@pytest.mark.parametrize("query", ["hello OR nothing", "hello NOT nothing", "text:hello", "hello AND", "a*hello"])
async def test_no_word_is_an_operator(store: Store, query: str) -> None:
    await says(store, ANN, "hello")
    assert await found(store, query) == []


async def test_a_very_long_query_is_answered(store: Store) -> None:
    await says(store, ANN, "hello")
    assert await found(store, " ".join(f"word{n}" for n in range(5_000))) == []
    assert await found(store, "x" * 100_000) == []


@given(queries=st.lists(st.text(max_size=30), max_size=20))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_people_type_is_answered(open_store: OpenStore, queries: list[str]) -> None:
    async with open_store() as store:
        await says(store, ANN, "hello")
        for query in queries:
            assert set(await found(store, f"{query} hello")) <= {"hello"}
            assert set(await found(store, f"hello {query}")) <= {"hello"}


async def test_newest_come_first_up_to_the_limit(store: Store) -> None:
    await store.append("lobby", [Post(user=ANN, text=f"word {n}") for n in range(10)])
    assert await found(store, "word", limit=3) == ["word 9", "word 8", "word 7"]
    assert await found(store, "word", limit=0) == []


async def test_a_search_may_stay_in_one_room(store: Store) -> None:
    await store.create_room("kitchen", "")
    await says(store, ANN, "soup in the lobby")
    await says(store, ANN, "soup in the kitchen", room="kitchen")
    assert await found(store, "soup", room="kitchen") == ["soup in the kitchen"]
    assert [hit.room for hit in await store.search("soup", room=None, limit=5)] == ["kitchen", "lobby"]


async def test_whatever_was_acknowledged_is_found(store: Store) -> None:
    for number in range(5):
        await store.append("lobby", [Post(user=ANN, text=f"round{number} {n}") for n in range(700)])
        assert len(await found(store, f"round{number}", limit=1_000)) == 700


@pytest.mark.parametrize("indexed", [True, False], ids=["already indexed", "not indexed yet"])
async def test_an_edit_is_found_by_its_new_words_only(store: Store, indexed: bool) -> None:
    hello = await says(store, ANN, "old words")
    if indexed:
        assert await found(store, "old") == ["old words"]
    await store.append("lobby", [Edit(user=ANN, message_id=hello, text="new words")])
    assert await found(store, "new") == ["new words"]
    assert await found(store, "old") == []


@pytest.mark.parametrize("indexed", [True, False], ids=["already indexed", "not indexed yet"])
async def test_a_deleted_message_is_not_found(store: Store, indexed: bool) -> None:
    hello = await says(store, ANN, "secret words")
    await says(store, ANN, "other words")
    if indexed:
        assert await found(store, "secret") == ["secret words"]
    await store.append("lobby", [Delete(user=ANN, message_id=hello)])
    assert await found(store, "secret") == []
    assert await found(store, "words") == ["other words"]
