"""A long-poll client on httpx, v2 and v1, as Phoenix's has it: one poll after the other, posts beside them."""

import json
from collections.abc import Sequence
from typing import Any, Final

import httpx
import trio

from .client import PATIENCE, V1, V2, Payload, Refusal

BATCH: Final = {"Content-Type": "application/x-ndjson"}


class Gone(Exception):
    """The server answered with this status, which is none to go on with."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Poller:
    """A session. `heard`: all that came, as it came; `query`: the socket's parameters."""

    def __init__(self, client: httpx.AsyncClient, vsn: str = V2, **query: str) -> None:
        self.client = client
        self.vsn = vsn
        self.query = {"vsn": vsn, **query}
        self.token = ""
        self.heard: list[Any] = []
        self._refs = 0

    async def begin(self) -> None:
        answer = await self.get()
        if answer["status"] != 410:
            raise Gone(answer["status"])
        self.token = answer["token"]

    async def get(self) -> Any:
        return self._told(await self.client.get("/socket/longpoll", params=self._query()))

    async def post(self, body: str, headers: dict[str, str] = BATCH) -> int:
        """The status."""
        answer = await self.client.post("/socket/longpoll", params=self._query(), content=body, headers=headers)
        status: int = self._told(answer)["status"]
        return status

    def _query(self) -> list[tuple[str, str | int | float | bool | None]]:
        return [*self.query.items(), *([("token", self.token)] if self.token else [])]

    def _told(self, response: httpx.Response) -> Any:
        assert response.status_code == 200, response.text
        assert response.headers["access-control-allow-origin"] == "*"
        return response.json()

    async def poll(self) -> None:
        """Hear what there is, waiting for it at most as long as the server does; `Gone`."""
        answer = await self.get()
        if answer["status"] not in (200, 204):
            raise Gone(answer["status"])
        assert answer["token"] == self.token
        self.heard += [self._decoded(text) for text in answer["messages"]]

    def _decoded(self, text: str) -> dict[str, Any]:
        if self.vsn == V1:
            message: dict[str, Any] = json.loads(text)
            return message
        return dict(zip(("join_ref", "ref", "topic", "event", "payload"), json.loads(text), strict=True))

    def encoded(self, topic: str, event: str, payload: Any, join_ref: str | None = None) -> tuple[str, str]:
        """A ref, and the message that has it."""
        self._refs += 1
        ref = str(self._refs)
        if self.vsn == V1:
            return ref, json.dumps({"topic": topic, "event": event, "payload": payload, "ref": ref})
        join_ref = ref if event == "phx_join" else join_ref
        return ref, json.dumps([join_ref, ref, topic, event, payload])

    async def push(self, topic: str, event: str, **payload: Any) -> Any:
        """Push, and poll until it is answered: the response, or `Refusal`."""
        ref, message = self.encoded(topic, event, payload, self._join_ref(topic))
        if (status := await self.post(message)) != 200:
            raise Gone(status)
        return await self.answer(ref)

    def _join_ref(self, topic: str) -> str | None:
        joins = [said["join_ref"] for said in self.heard if said["topic"] == topic and said.get("join_ref")]
        return joins[-1] if joins else None

    async def answer(self, ref: str) -> Any:
        def find() -> Payload | None:
            replies = [said["payload"] for said in self.heard if (said["event"], said["ref"]) == ("phx_reply", ref)]
            return replies[0] if replies else None

        reply = await self._until(find)
        if reply["status"] != "ok":
            raise Refusal(reply["response"])
        return reply["response"]

    async def ending(self) -> int:
        """Poll until there is nothing to go on with; the status that says so."""
        with trio.fail_after(PATIENCE):
            while True:
                try:
                    await self.poll()
                except Gone as gone:
                    return gone.status

    async def texts(self, topic: str, count: int) -> list[str]:
        """Poll until so many messages were heard: all of them."""

        def find() -> Sequence[str] | None:
            texts = [said["payload"]["text"] for said in self.events(topic, "new_message")]
            return texts if len(texts) >= count else None

        return list(await self._until(find))

    def events(self, topic: str, event: str) -> list[Any]:
        return [said for said in self.heard if (said["topic"], said["event"]) == (topic, event)]

    async def _until(self, find: Any) -> Any:
        with trio.fail_after(PATIENCE):
            while (found := find()) is None:
                await self.poll()
        return found
