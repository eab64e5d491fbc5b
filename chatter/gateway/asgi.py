"""A request as ASGI has it, for the few that the gateway answers without a framework."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

Headers = Iterable[tuple[bytes, bytes]]

SAFE: Final = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class ClientGone(Exception):
    """The client hung up before its request was there."""


class TooLong(Exception):
    """The body has more bytes than it may."""


class Request:
    """`parameters`: those of the query, each with all its values. `gone`: `watch` has seen the client hang up."""

    def __init__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self.method = scope["method"]
        self.parameters = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        self.gone = False
        self._headers = list(scope["headers"])
        self._receive = receive
        self._send = send

    def headers(self, name: str) -> list[str]:
        """All values of a header, whose name is in lower case."""
        return [value.decode("latin-1") for key, value in self._headers if key == name.encode()]

    def header(self, name: str) -> str:
        """The first value of a header; nothing when it is not there."""
        return next(iter(self.headers(name)), "")

    async def body(self, most: int) -> bytes:
        """All of it. `TooLong`, `ClientGone`."""
        body = bytearray()
        while True:
            message: Any = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            body += message.get("body", b"")
            if len(body) > most:
                raise TooLong
            if not message.get("more_body", False):
                return bytes(body)

    async def watch(self, waiting: trio.CancelScope) -> None:
        """Cancel `waiting` when the client hangs up."""
        message: Any = {"type": None}
        while message["type"] != "http.disconnect":
            message = await self._receive()
        self.gone = True
        waiting.cancel()

    async def respond(self, status: int, body: bytes, headers: Headers = ()) -> None:
        length = (b"content-length", str(len(body)).encode())
        await self._send({"type": "http.response.start", "status": status, "headers": [length, *SAFE, *headers]})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
