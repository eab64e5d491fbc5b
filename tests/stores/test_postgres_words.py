"""Words are cut as SQLite's index cuts them, and what a server is given is always in its notation."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatter.stores.postgres.words import lexemes, query, words

# Beyond Latin, SQLite keeps what Unicode calls a diacritic (the breve of й, say); here nobody has to type it.
LETTERS = st.sampled_from("abcstAXYZ019éèüöñçåÉÜÑøæ日本語првет'\"-_.,:;!?&|()<>*#@ \n\t👋")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The quick brown fox", ["the", "quick", "brown", "fox"]),
        ("don't", ["don", "t"]),
        ("snake_case and CamelCase", ["snake", "case", "and", "camelcase"]),
        ("Crème Brûlée", ["creme", "brulee"]),
        ("Straße", ["strasse"]),
        ("1.5e10, -3", ["1", "5e10", "3"]),
        ("ann@example.com <b>a/b?c=d</b>", ["ann", "example", "com", "b", "a", "b", "c", "d", "b"]),
        ("Привет, мир", ["привет", "мир"]),
        ("日本語", ["日本語"]),
        ("👋 !!! ---", []),
        ("", []),
        ("x" * 4_000, ["x" * 255]),
    ],
)
def test_a_text_has_these_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_the_rooms_name_is_a_word_that_no_text_holds() -> None:
    assert lexemes("lobby", "hi #lobby, hi") == "'#lobby' hi:1 lobby:2 hi:3"
    assert query("#lobby", None) == "(lobby:*)"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("hello", "(hello:*)"),
        ("hello world", "(hello) & (world:*)"),
        ("don't", "(don <-> t:*)"),
        ("hello hello", "(hello:*)"),
        ("!!! hello ???", "(hello:*)"),
        ("a & b | !c", "(a) & (b) & (c:*)"),
        ("!!!", None),
        ("\x00\ud800", None),
    ],
)
def test_a_query_wants_every_word_and_the_last_as_a_prefix(asked: str, expected: str | None) -> None:
    assert query(asked, None) == expected
    assert query(asked, "lobby") == (None if expected is None else f"'#lobby' & {expected}")


@given(text=st.text(alphabet=LETTERS, max_size=40), asked=st.text(alphabet=LETTERS, min_size=1, max_size=4))
def test_a_word_is_found_where_sqlite_finds_it(text: str, asked: str) -> None:
    wanted = words(asked)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create virtual table s using fts5(text, tokenize = 'unicode61 remove_diacritics 2')")
        database.execute("insert into s values (?)", (text,))
        hits = database.execute("select count(*) from s where s match ?", ('"' + " ".join(wanted) + '"',)).fetchone()
    said = words(text)
    places = range(len(said) - len(wanted) + 1)
    found = bool(wanted) and any(said[place : place + len(wanted)] == wanted for place in places)
    assert bool(hits[0]) == found
