"""Words of a text, as the index has them: runs of letters and digits of any script, without case and diacritics.

`don't` is two words, next to each other. A word may be as long as a text; of the longest only the beginning counts.
Lexemes and queries are made here, in PostgreSQL's own notation, so no dictionary of the server's touches them.
"""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 255  # characters; PostgreSQL takes 2,046 bytes
_MOST: Final = 50  # in a query


def words(text: str) -> list[str]:
    """In order, and as often as they are said."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).casefold()
    return [word[:_LONGEST] for word in _WORD.findall(text.lower())]


def lexemes(room: str, text: str) -> str:
    """The text as a `tsvector`, with the room's name as a word that no text can hold."""
    said = [f"{word}:{place}" for place, word in enumerate(words(text), 1)]
    return " ".join([_room(room), *said])


def query(text: str, room: str | None) -> str | None:
    """A `tsquery` for every word of the text, the last one as a prefix; None when it has no words.

    What is written together has to stand together: `don't` does not find "don and t".
    """
    clean = text.encode("utf-8", "replace").decode().replace("\x00", " ")
    phrases = [found for part in dict.fromkeys(clean.split()) if (found := words(part))][:_MOST]
    if not phrases:
        return None
    *others, last = [" <-> ".join(phrase) for phrase in phrases]
    wanted = [f"({phrase})" for phrase in [*others, f"{last}:*"]]
    return " & ".join(wanted if room is None else [_room(room), *wanted])


def _room(name: str) -> str:
    return f"'#{name}'"
