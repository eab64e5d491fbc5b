"""A long-poll client that does exactly what it is told."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from tests.gateway.client import Client, Response

Dial = Callable[[], Awaitable[Client]]

PATH: Final = "/socket/longpoll"
BATCH: Final = "application/x-ndjson"


class LongPollClient:
    """One request at a time, each on the connection that `dial` then returns, which is its `client`.

    `query`: the socket's parameters, to which the session's `token` is added, as phoenix.js does.
    """

    client: Client

    def __init__(self, dial: Dial, query: str = "vsn=2.0.0", **headers: str) -> None:
        self._dial = dial
        self.query = query
        self.headers = headers
        self.token = ""

    async def begin(self) -> Any:
        """What the first request is answered with."""
        answer = await self.get()
        self.token = answer.get("token", "")
        return answer

    async def get(self) -> Any:
        await self.start_get()
        return await self.answer()

    async def poll(self) -> list[str]:
        """The messages that a poll brings; it must bring some."""
        answer = await self.get()
        assert answer["status"] == 200, answer
        messages: list[str] = answer["messages"]
        return messages

    async def post(self, body: bytes | Sequence[bytes], content_type: str = BATCH) -> int:
        """The status it is answered with."""
        await self.start_post(body, content_type)
        status: int = (await self.answer())["status"]
        return status

    async def answer(self) -> Any:
        response = await self.client.response()
        assert response.status == 200, response
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert response.headers["access-control-allow-origin"] == "*"
        return json.loads(response.body)

    async def start_get(self) -> None:
        await self._send(self.request("GET"))

    async def start_post(self, body: bytes | Sequence[bytes], content_type: str = BATCH) -> None:
        data = body if isinstance(body, bytes) else b"\n".join(body)
        await self._send(self.request("POST", len(data), content_type) + data)

    async def start_slowly(self, length: int, data: bytes) -> None:
        """Post `length` bytes, of which only `data` comes at once."""
        await self._send(self.request("POST", length, BATCH) + data)

    async def ask(self, method: str, **headers: str) -> Response:
        await self._send(self.request(method, 0, BATCH, **headers))
        return await self.client.response()

    async def _send(self, data: bytes) -> None:
        self.client = await self._dial()
        await self.client.send(data)

    def request(self, method: str, length: int = 0, content_type: str = BATCH, **headers: str) -> bytes:
        """The head of a request."""
        target = f"{PATH}?{self.query}" + (f"&token={self.token}" if self.token else "")
        fixed = {"host": "chat.example", "content-length": str(length), "content-type": content_type}
        lines = [f"{name}: {value}" for name, value in {**fixed, **self.headers, **headers}.items()]
        return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")
