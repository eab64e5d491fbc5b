"""The few responses that the gateway gives by itself, and how it leaves after a refusal."""

from http import HTTPStatus
from typing import Final

import msgspec
import trio
from trio.abc import Stream

from chatter.gateway.tls import half_closeable

SECONDS_TO_LEAVE: Final = 2.0


class Refusal(Exception):
    """A request is turned down; `response` says why, and ends the connection."""

    def __init__(self, status: int, reason: str, message: str, *headers: str) -> None:
        super().__init__(message)
        self.response = refusal(status, reason, message, *headers)


class TryPollingLater(Refusal):
    """In words in which phoenix.js understands it: on anything else than its protocol, it would stop for good."""

    def __init__(self) -> None:
        Exception.__init__(self)
        self.response = _last(503, b'{"status":500}', "Access-Control-Allow-Origin: *")


def refusal(status: int, reason: str, message: str, *headers: str) -> bytes:
    """A whole response that ends the connection; its body is that of a REST error."""
    return _last(status, msgspec.json.encode({"error": {"reason": reason, "message": message}}), *headers)


def _last(status: int, body: bytes, *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def switching(accept: str, subprotocol: str | None) -> bytes:
    """101: from here on it's WebSocket."""
    chosen = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n{chosen}\r\n"
    ).encode("ascii")


async def send_and_leave(stream: Stream, response: bytes) -> None:
    """Send it and close, once the client has seen it: closing with bytes unread would destroy what it has not."""
    try:
        with trio.move_on_after(SECONDS_TO_LEAVE):
            await stream.send_all(response)
            if (half := half_closeable(stream)) is not None:
                await half.send_eof()
                while await stream.receive_some(64 * 1024):
                    pass
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    finally:
        await trio.aclose_forcefully(stream)
