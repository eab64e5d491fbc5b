"""The head of an HTTP/1.1 request (RFC 9112): read within limits, taken apart strictly.

Strictly, since what two parsers understand differently can be smuggled past the first. Every connection's first
request comes by here; its path decides who answers.
"""

import re
from typing import Final
from urllib.parse import parse_qs

import attrs
import trio
from trio.abc import ReceiveStream

from chatter.gateway.limits import MAX_HEAD, MAX_HEADERS
from chatter.gateway.responses import Refusal

READ_SIZE: Final = 16 * 1024

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE: Final = re.compile(rb"(%b) ([\x21-\x7e]+) HTTP/1\.([01])\r\n" % _TOKEN)
_FIELDS: Final = re.compile(rb"(?:%b:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n" % _TOKEN)
_END: Final = b"\r\n\r\n"


@attrs.frozen
class Head:
    """A request without its body. Names of headers are in lower case; text is Latin-1, as HTTP has it."""

    method: str
    target: str
    version: str
    headers: dict[str, list[str]]

    @property
    def path(self) -> str:
        """Of the target, which may also be a whole address (RFC 9112, 3.2.2), and end with a slash."""
        path = self.target.partition("?")[0]
        if "://" in path:
            path = "/" + path.partition("://")[2].partition("/")[2]
        return path.rstrip("/")

    def parameters(self) -> dict[str, str]:
        """Of the query; the last of each name. `ValueError` when there are too many."""
        query = self.target.partition("?")[2]
        parsed = parse_qs(query, keep_blank_values=True, max_num_fields=MAX_HEADERS)
        return {name: values[-1] for name, values in parsed.items()}

    def values(self, name: str) -> list[str]:
        return self.headers.get(name, [])

    def value(self, name: str) -> str | None:
        """The header of this name, if there is exactly one."""
        values = self.values(name)
        return values[0] if len(values) == 1 else None

    def elements(self, name: str) -> list[str]:
        """The elements of a comma-separated header."""
        return [part.strip() for value in self.values(name) for part in value.split(",")]

    def has_token(self, name: str, token: str) -> bool:
        """Whether `token` is among the elements of this header, in any case."""
        return any(token == element.lower() for element in self.elements(name))


def parse_head(data: bytes) -> Head:
    """`data`: from the request line to the empty line. Raises `Refusal`."""
    line = _REQUEST_LINE.match(data)
    if line is None:
        raise Refusal(400, "invalid", "Not an HTTP/1.1 request.")
    if not _FIELDS.fullmatch(data, line.end()):
        raise Refusal(400, "invalid", "Not an HTTP header.")
    method, target, minor = (part.decode("ascii") for part in line.groups())
    fields = data[line.end() :].decode("latin-1").split("\r\n")[:-2]
    if len(fields) > MAX_HEADERS:
        raise Refusal(431, "too_long", f"More than {MAX_HEADERS} headers.")
    headers: dict[str, list[str]] = {}
    for field in fields:
        name, _, value = field.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    hosts = len(headers.get("host", []))
    if hosts > 1 or (minor == "1" and not hosts):
        raise Refusal(400, "invalid", "One Host header, and one only, is needed.")
    return Head(method, target, f"1.{minor}", headers)


def split_head(data: bytes | bytearray) -> tuple[bytes, bytes] | None:
    """The bytes of a whole head, and those behind it; None when more must come.

    Raises `Refusal` of a large one, and of what can't become one: TLS, and whatever else is not HTTP, is not waited
    for. Empty lines before it are no offence (RFC 9112, 2.2), but count.
    """
    begin = 0
    while data.startswith(b"\r\n", begin):
        begin += 2
    if not data[begin : begin + 1].isalpha() and data[begin:] not in (b"", b"\r"):
        raise Refusal(400, "invalid", "Not an HTTP/1.1 request.")
    found = data.find(_END, begin)
    end = len(data) if found < 0 else found + len(_END)
    if end > MAX_HEAD:
        raise Refusal(431, "too_long", f"A request head of more than {MAX_HEAD} bytes.")
    return None if found < 0 else (bytes(data[begin:end]), bytes(data[end:]))


async def read_head(stream: ReceiveStream, already: bytes) -> tuple[bytes, bytes]:
    """As `split_head`, for what is there already and what `stream` brings. Both are empty when it ends too early.

    Raises `Refusal`. The caller limits the time.
    """
    data = bytearray(already)
    while True:
        if (split := split_head(data)) is not None:
            return split
        try:
            more = await stream.receive_some(READ_SIZE)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            more = b""
        if not more:
            return b"", b""
        data += more
