"""Halves of characters in JSON: `\\ud83d` alone is what browsers make of text that was cut within an emoji.

By JSON's grammar that is a string, but no text: strict parsers, ours among them, refuse the whole document for it.
"""

import re
from typing import Final

LONGEST: Final = 64 * 1024

_SURROGATE: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)\\u(?:[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|([dD][89a-fA-F][0-9a-fA-F]{2}))"
)
_REPLACEMENT: Final = rb"\ufffd"


def mended(text: bytes) -> bytes:
    """JSON `text` with the replacement character for each half that is escaped; the same `text` if there is none.

    Text of more than `LONGEST` bytes is not looked into: it would take too long.
    """
    return _SURROGATE.sub(_mended, text) if len(text) <= LONGEST else text


def _mended(surrogate: re.Match[bytes]) -> bytes:
    backslashes, half = surrogate.groups()
    return surrogate[0] if half is None else backslashes + _REPLACEMENT
