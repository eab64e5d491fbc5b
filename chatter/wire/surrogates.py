"""Halves of characters in JSON: `\\ud83d` alone is what browsers make of text that was cut within an emoji.

By JSON's grammar that is a string, but no text: strict parsers, ours among them, refuse the whole document for it.
"""

import re
from typing import Final

_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_REPLACEMENT: Final = rb"\ufffd"


def mended(text: bytes) -> bytes:
    """JSON `text` with the replacement character for each half that is escaped; the same `text` if there is none."""
    return _ESCAPE.sub(_mended, text)


def _mended(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape[1] is None else _REPLACEMENT
