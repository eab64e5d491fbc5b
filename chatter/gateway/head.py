"""The head of an HTTP/1.1 request (RFC 9112): read within limits, taken apart strictly.

Strictly, since what two parsers understand differently can be smuggled past the first. Every connection's first
request comes by here; its path decides who answers.
"""

import re
from typing import Final
from urllib.parse import parse_qs

import attrs
import trio
from trio.abc import Stream

from chatter.gateway.limits import MAX_HEAD, MAX_HEADERS

READ_SIZE: Final = 16 * 1024

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/1\.([01])")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_END: Final = b"\r\n\r\n"


class BadHead(Exception):
    """A request head that is answered with `status`, 400 or 431, and nothing else."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@attrs.frozen
class Head:
    """A request without its body. Names of headers are in lower case; text is Latin-1, as HTTP has it."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        """Of the target, which may also be a whole address (RFC 9112, 3.2.2), and end with a slash."""
        path = self.target.partition("?")[0]
        if "://" in path:
            path = "/" + path.partition("://")[2].partition("/")[2]
        return path.rstrip("/")

    def parameter(self, name: str) -> str | None:
        """The last of this name in the query. `ValueError` when there are too many of any."""
        query = self.target.partition("?")[2]
        values = parse_qs(query, keep_blank_values=True, max_num_fields=MAX_HEADERS).get(name)
        return values[-1] if values else None

    def values(self, name: str) -> list[str]:
        return [value for other, value in self.headers if other == name]

    def value(self, name: str) -> str | None:
        """The header of this name, if there is exactly one."""
        values = self.values(name)
        return values[0] if len(values) == 1 else None

    def has_token(self, name: str, token: str) -> bool:
        """Whether `token` is among the comma-separated ones of this header, in any case."""
        return any(token == part.strip().lower() for value in self.values(name) for part in value.split(","))


def parse_head(data: bytes) -> Head:
    """`data`: from the request line to the empty line. Raises `BadHead`."""
    request, *fields = data.removesuffix(_END).split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(request)
    if line is None:
        raise BadHead(400, "not an HTTP/1.1 request line")
    if len(fields) > MAX_HEADERS:
        raise BadHead(431, f"more than {MAX_HEADERS} headers")
    method, target, minor = (part.decode("latin-1") for part in line.groups())
    headers = tuple(map(_field, fields))
    if sum(name == "host" for name, _ in headers) != 1 and (minor == "1" or "host" in dict(headers)):
        raise BadHead(400, "one Host header, and one only, is needed")
    return Head(method, target, f"1.{minor}", headers)


def _field(line: bytes) -> tuple[str, str]:
    field = _FIELD.fullmatch(line)
    if field is None:
        raise BadHead(400, "not a header")
    name, value = field.groups()
    return name.decode("ascii").lower(), value.decode("latin-1")


async def read_head(stream: Stream, already: bytes = b"") -> tuple[bytes, bytes]:
    """The bytes of a whole head, and those behind it. Both are empty when the stream ends before the head does.

    Raises `BadHead` when it grows too large, or can't become one. The caller limits the time.
    """
    data = bytearray(already)
    while (end := data.find(_END)) < 0:
        if len(data) > MAX_HEAD:
            raise BadHead(431, f"a head of more than {MAX_HEAD} bytes")
        if data and not _may_begin(data):
            raise BadHead(400, "not HTTP")
        try:
            more = await stream.receive_some(READ_SIZE)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            more = b""
        if not more:
            return b"", b""
        data += more
        if data.startswith(b"\r\n"):  # RFC 9112, 2.2: one empty line before the request is no offence
            del data[:2]
    end += len(_END)
    if end > MAX_HEAD:
        raise BadHead(431, f"a head of more than {MAX_HEAD} bytes")
    return bytes(data[:end]), bytes(data[end:])


def _may_begin(data: bytearray) -> bool:
    """TLS, and whatever else is not HTTP, is not waited for."""
    return data[:1].isalpha() or data == b"\r"
