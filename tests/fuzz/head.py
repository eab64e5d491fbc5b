"""HTTP request heads: read the same however they are cut, refused or understood, and understood as h11 does.

Hypercorn, behind our door, reads every head once more with h11. What the two understood differently could be smuggled
past the first.
"""

from collections.abc import Iterator
from typing import Any, Final

import h11

from chatter.gateway.handshake import is_handshake, shake_hands
from chatter.gateway.head import Head, parse_head, read_head
from chatter.gateway.limits import MAX_HEAD
from chatter.gateway.origins import Origins
from chatter.gateway.responses import Refusal
from tests.gateway.client import upgrade_request

ORIGINS: Final = Origins(["//*.friend.example", "https://other.example"])

WORDS: Final = (
    *(
        b"\r\n",
        b"\r\n\r\n",
        b": ",
        b"GET ",
        b"POST ",
        b" HTTP/1.1\r\n",
        b" HTTP/1.0\r\n",
        b"http://",
        b"/socket/websocket",
    ),
    *(b"Host: a\r\n", b"host: b\r\n", b"Connection: Upgrade\r\n", b"Upgrade: websocket\r\n", b"Origin: null\r\n"),
    *(b"Origin: https://a.friend.example\r\n", b"Sec-WebSocket-Version: 13\r\n", b"Content-Length: 0\r\n", b"[::1]"),
    *(
        b"Sec-WebSocket-Protocol: phoenix\r\n",
        b"base64url.bearer.phx.",
        b"?vsn=2.0.0",
        b"&token=",
        b"%zz",
        b"\t",
        b"\x80",
    ),
    *(b"Transfer-Encoding: chunked\r\n", b"Sec-WebSocket-Key: ", b"dGhlIHNhbXBsZSBub25jZQ==", b":80", b"@", b"#", b","),
)

SEEDS: Final = (
    b"\x00GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n",
    b"\x07GET /a/b/?c=d&c=e&f HTTP/1.1\r\nHost: chat.example\r\nX-Many:\t one \r\nx-many: two, THREE\r\nEmpty:\r\n\r\n",
    b"\x10POST /api/guests HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n",
    b"\x01GET http://chat.example:4000/socket/websocket/?vsn=2.0.0 HTTP/1.0\r\n\r\n",
    b"\x00" + upgrade_request(),
    b"\x03" + upgrade_request(origin="https://sub.friend.example:8443", cookie="a=b; c=d"),
    b"\x05" + upgrade_request("/socket/websocket?token=x%20y&vsn=1.0.0", connection="keep-alive, Upgrade"),
    b"\x09" + upgrade_request(sec_websocket_protocol="phoenix, base64url.bearer.phx.YW5uJ3MgdG9rZW4"),
    b"\x02\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"\x04GET / HTTP/1.1\r\nHost: [::1]:4000\r\nOrigin: http://[::1\r\nUpgrade: h2c, WebSocket\r\n\r\n",
    b"\x00\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


class Pieces:
    """A stream that has everything already: nobody waits."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size
        self.unread = 0

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        piece = self._data[self.unread : self.unread + self._size]
        self.unread += len(piece)
        return piece


def check(data: bytes) -> None:
    size, data = data[0] if data else 0, data[1:]
    cut, whole = read(data, size or 1), read(data, len(data) or 1)
    assert cut[:2] == whole[:2]
    if cut[1] is None and cut[0]:
        assert cut[2] == whole[2]
        understand(cut[0])


def read(data: bytes, size: int) -> tuple[bytes, bytes | None, bytes]:
    """The head, the status of its refusal, and whatever follows it in the stream."""
    stream: Any = Pieces(data, size)
    try:
        read_head(stream, b"").send(None)
    except StopIteration as done:
        head, behind = done.value
        return head, None, behind + data[stream.unread :]
    except Refusal as refusal:
        return b"", status(refusal), b""
    raise AssertionError("it waits for more than there is")


def understand(data: bytes) -> None:
    assert len(data) <= MAX_HEAD
    try:
        head = parse_head(data)
    except Refusal as refusal:
        refused(refusal, b"400", b"431")
        return
    try:
        if is_handshake(head):
            assert shake_hands(head, ORIGINS).response.startswith(b"HTTP/1.1 101 ")
    except Refusal as refusal:
        refused(refusal, b"400", b"403", b"426")
    agree(head, data)


def agree(head: Head, data: bytes) -> None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    try:
        request = connection.next_event()
    except h11.RemoteProtocolError:  # it refuses more than we do, and may
        return
    assert isinstance(request, h11.Request)
    assert request.method.decode() == head.method
    assert request.target.decode() == head.target
    assert request.http_version.decode() == head.version
    assert sorted(request.headers) == sorted(listed(head))


def listed(head: Head) -> Iterator[tuple[bytes, bytes]]:
    for name, values in head.headers.items():
        for value in values:
            yield name.encode(), value.encode("latin-1")


def refused(refusal: Refusal, *how: bytes) -> None:
    assert status(refusal) in how


def status(refusal: Refusal) -> bytes:
    head, _, body = refusal.response.partition(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head
    return head[9:12]
