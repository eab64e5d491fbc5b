"""phoenix.js from here: each `Person` is one of its sockets, all in one Node process (see puppet.mjs).

Every wait ends: with what was waited for, or after `PATIENCE` with `trio.TooSlowError`.
"""

import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import attrs
import trio

from tests.flows.client import DURABLE, PATIENCE
from tests.node import PATH, WEB, program

PHOENIX: Final = WEB / "node_modules" / "phoenix" / "priv" / "static" / "phoenix.mjs"
PUPPET: Final = Path(__file__).with_name("puppet.mjs")
FLAGS: Final = ("--experimental-websocket", "--no-warnings")  # Node 20 has WebSocket, and hides it

Happening = dict[str, Any]


class Refused(Exception):
    """The answer was "error" or "timeout"."""

    def __init__(self, status: str, response: Any) -> None:
        super().__init__(f"{status}: {response}")
        self.status = status
        self.response = response
        self.reason = response.get("reason") if isinstance(response, dict) else None


class Stage:
    """The Node process. `url`: of the server that people come to."""

    def __init__(self, process: trio.Process, url: str) -> None:
        self.url = url
        self._process = process
        self._ids = count(1)
        self._turn = trio.Lock()
        self._people: dict[str, Person] = {}
        self._results: dict[int, Any] = {}
        self.news = trio.Event()

    async def listen(self) -> None:
        assert self._process.stdout is not None
        unread = b""
        async for data in self._process.stdout:
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))
            self.news.set()
            self.news = trio.Event()

    def _take(self, line: Happening) -> None:
        if "id" in line:
            self._results[line["id"]] = line["result"]
        else:
            self._people[line["socket"]].happened.append(line)

    async def order(self, socket: str, order: str, **how: Any) -> Any:
        """Give an order and wait for its result."""
        assert self._process.stdin is not None
        id = next(self._ids)
        line = json.dumps({"id": id, "socket": socket, "order": order, **how})
        async with self._turn:
            await self._process.stdin.send_all(line.encode() + b"\n")
        with trio.fail_after(PATIENCE):
            while id not in self._results:
                await self.news.wait()
        return self._results.pop(id)

    async def make(self, url: str = "", **options: Any) -> "Person":
        """A socket that is not connected yet; `longpoll` of its options says which transport."""
        person = Person(self, f"socket {len(self._people) + 1}")
        self._people[person.name] = person
        await self.order(person.name, "make", url=f"{url or self.url}/socket", options=options)
        return person

    async def connected(self, url: str = "", **options: Any) -> "Person":
        person = await self.make(url, **options)
        await person.connect()
        return person


@attrs.define(eq=False)
class Person:
    """One socket. `happened`: everything, oldest first; `next` walks along it, for each kind by itself."""

    stage: Stage
    name: str
    happened: list[Happening] = attrs.Factory(list)
    user: dict[str, Any] = attrs.Factory(dict)
    token: str = ""
    _seen: dict[tuple[Any, ...], int] = attrs.Factory(dict)

    async def order(self, order: str, **how: Any) -> Any:
        return await self.stage.order(self.name, order, **how)

    async def connect(self) -> Happening:
        await self.order("connect")
        return await self.next("open")

    async def join(self, topic: str, resume: bool = False, **payload: Any) -> Any:
        """The response; `Refused`."""
        return _response(await self.order("join", topic=topic, payload=payload, resume=resume))

    async def push(self, topic: str, event: str, **payload: Any) -> Any:
        """The response; `Refused`."""
        [answer] = await self.order("push", topic=topic, event=event, payloads=[payload])
        return _response(answer)

    async def say_all(self, topic: str, texts: list[str]) -> list[Any]:
        """The answers to messages that were all pushed at once."""
        payloads = [{"text": text, "client_id": f"{self.name}: {text}"} for text in texts]
        answers: list[Any] = await self.order("push", topic=topic, event="new_message", payloads=payloads)
        return answers

    async def say(self, topic: str, text: str) -> Any:
        [answer] = await self.say_all(topic, [text])
        return _response(answer)

    async def identify(self, topic: str, name: str) -> None:
        reply = await self.push(topic, "identify", name=name)
        self.user, self.token = reply["user"], reply["token"]

    async def sees(self, topic: str, expected: dict[str, list[str]]) -> None:
        """Wait until exactly those are there, as phoenix.js makes it out: by id, their name in each of their tabs."""

        def look() -> bool | None:
            syncs = self.all("sync", topic=topic)
            return True if syncs and syncs[-1]["people"] == expected else None

        await self._wait(look)

    async def next(self, what: str, **how: Any) -> Happening:
        """The oldest happening of this kind that was not returned yet."""
        key = (what, *how.items())
        begin = self._seen.get(key, 0)

        def look() -> Happening | None:
            for at in range(self._seen.get(key, begin), len(self.happened)):
                self._seen[key] = at + 1
                if self._fits(self.happened[at], what, how):
                    return self.happened[at]
            return None

        found: Happening = await self._wait(look)
        return found

    def all(self, what: str, **how: Any) -> list[Happening]:
        """What of this kind has happened so far."""
        return [happening for happening in self.happened if self._fits(happening, what, how)]

    def _fits(self, happening: Happening, what: str, how: dict[str, Any]) -> bool:
        return happening["what"] == what and all(happening.get(key) == value for key, value in how.items())

    async def hears(self, topic: str, event: str) -> Any:
        """The payload of the next such message."""
        return (await self.next("message", topic=topic, event=event))["payload"]

    def log(self, topic: str) -> list[tuple[int, str, str]]:
        """Every durable event of a room as it came, live and in replies to joins: seq, name, text."""
        told: list[tuple[int, str, str]] = []
        for happening in self.happened:
            if happening.get("topic") != topic:
                continue
            if happening["what"] == "message" and happening["event"] in DURABLE:
                told.append(_brief(happening["event"], happening["payload"]))
            elif happening["what"] == "join" and happening["status"] == "ok":
                response = happening["response"]
                told += [_brief("new_message", message) for message in response.get("messages", [])]
                told += [_brief(event, payload) for event, payload in response.get("events", [])]
        return told

    async def caught_up(self, topic: str, seq: int) -> list[tuple[int, str, str]]:
        """The log, once it has got so far."""
        log: list[tuple[int, str, str]] = await self._wait(
            lambda: log if (log := self.log(topic)) and log[-1][0] >= seq else None
        )
        return log

    async def _wait(self, look: Callable[[], Any]) -> Any:
        with trio.fail_after(PATIENCE):
            while (found := look()) is None:
                await self.stage.news.wait()
        return found


def _brief(event: str, payload: Any) -> tuple[int, str, str]:
    return payload["seq"], event, payload.get("text", "")


def _response(answer: Any) -> Any:
    if answer["status"] != "ok":
        raise Refused(answer["status"], answer.get("response"))
    return answer["response"]


@asynccontextmanager
async def staged(url: str) -> AsyncIterator[Stage]:
    """A Node that must not have stumbled when it ends."""
    command = [program("node"), *FLAGS, str(PUPPET), PHOENIX.as_uri()]
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PATH": PATH}
        )
        stage = Stage(process, url)
        nursery.start_soon(stage.listen)
        try:
            yield stage
        finally:
            with trio.CancelScope(shield=True):
                assert process.stdin is not None
                await process.stdin.aclose()
                with trio.move_on_after(5):
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        assert process.returncode == 0
