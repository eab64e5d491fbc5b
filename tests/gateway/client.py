"""A WebSocket and HTTP client that does exactly what it is told, wrong things too."""

import json
from typing import Any, Final

import attrs
import trio
from trio.abc import HalfCloseableStream, Stream

from chatter.actors.exits import Exit

KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT: Final = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
MASK: Final = b"\x12\x34\x56\x78"

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


@attrs.frozen
class Response:
    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def error(self) -> Any:
        return json.loads(self.body)["error"]


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, mask: bytes | None = MASK, rsv: int = 0) -> bytes:
    """A client's frame."""
    size = len(payload)
    masked = 0x80 if mask is not None else 0
    if size < 126:
        length = bytes([masked | size])
    elif size < 65536:
        length = bytes([masked | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([masked | 127]) + size.to_bytes(8, "big")
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode]) + length
    return head + (payload if mask is None else mask + masking(payload, mask))


def masking(data: bytes, mask: bytes) -> bytes:
    size = len(data)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def close_payload(code: int, reason: str = "") -> bytes:
    return code.to_bytes(2, "big") + reason.encode()


def upgrade_request(path: str = "/socket/websocket?vsn=2.0.0", **headers: str | None) -> bytes:
    """The right one; `headers` (with underscores) replace its own, None leaves them out."""
    all_headers: dict[str, str | None] = {
        "host": "chat.example",
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-key": KEY,
        "sec-websocket-version": "13",
    }
    all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in all_headers.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


class Client:
    """Over any stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._unread = bytearray()

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def send_text(self, text: str) -> None:
        await self.send(frame(TEXT, text.encode()))

    async def send_eof(self) -> None:
        assert isinstance(self.stream, HalfCloseableStream)
        await self.stream.send_eof()

    async def aclose(self) -> None:
        await self.stream.aclose()

    async def upgrade(self, path: str = "/socket/websocket?vsn=2.0.0", **headers: str) -> Response:
        await self.send(upgrade_request(path, **headers))
        response = await self.response()
        assert response.status == 101, response
        assert response.headers["sec-websocket-accept"] == ACCEPT
        return response

    async def refused(self, request: bytes) -> Response:
        """Send `request`; the response after which the server closes."""
        await self.send(request)
        response = await self.response()
        assert await self.at_end()
        await self.aclose()
        return response

    async def response(self) -> Response:
        head = await self._until(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await self._exactly(int(headers.get("content-length", "0")))
        return Response(int(status.split()[1]), headers, body)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame from the server."""
        first, second = await self._exactly(2)
        assert first & 0x70 == 0
        assert second & 0x80 == 0
        size = second
        if size == 126:
            size = int.from_bytes(await self._exactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self._exactly(8), "big")
        return first & 0x0F, await self._exactly(size)

    async def text(self) -> str:
        opcode, payload = await self.frame()
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    async def close_code(self) -> int:
        """The code of the server's close frame, whatever comes before it."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")

    async def closed_with(self) -> int:
        """As `close_code`; says goodbye as well, and sees the server hang up."""
        code = await self.close_code()
        await self.send(frame(CLOSE, close_payload(code)))
        assert await self.at_end()
        return code

    async def at_end(self) -> bool:
        """Whether nothing more comes."""
        return not self._unread and not await self._more()

    async def _until(self, end: bytes) -> bytes:
        while (at := self._unread.find(end)) < 0:
            await self._need_more()
        return self._take(at + len(end))

    async def _exactly(self, count: int) -> bytes:
        while len(self._unread) < count:
            await self._need_more()
        return self._take(count)

    def _take(self, count: int) -> bytes:
        data = bytes(self._unread[:count])
        del self._unread[:count]
        return data

    async def _need_more(self) -> None:
        if not await self._more():
            raise EOFError(f"the server closed; unread: {bytes(self._unread)!r}")

    async def _more(self) -> bool:
        try:
            data = await self.stream.receive_some(64 * 1024)
        except trio.BrokenResourceError:
            return False
        self._unread += data
        return bool(data)


def unexpected(_connection: object, crash: Exit) -> None:
    """What to do with a crash of a connection where none is expected."""
    raise crash.error or AssertionError(crash)
