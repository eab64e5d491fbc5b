"""The long-poll transport: requests as a script dictates, for a session or for none, while a bystander watches.

Each step is a byte for its kind, a byte for its size, and so many bytes.
"""

import base64
import json
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import attrs
import trio
from trio.testing import wait_all_tasks_blocked

from chatter.actors.connection import Connection
from chatter.actors.mailbox import Ref
from chatter.core.model import User
from chatter.gateway import Limits
from chatter.gateway.door import Rules
from chatter.gateway.longpoll import BATCH, LongPoll
from chatter.gateway.origins import Origins
from tests.actors.stage import Stage
from tests.fuzz.sessions import EVENTS, chosen, push, step
from tests.fuzz.theatre import Theatre, chat, check_said, lasting

LIMITS: Final = Limits(window=1.0, message=600, post=2000)
STATUSES: Final = {200, 204, 403, 408, 410, 413, 500}

BEGIN, POLL, PUSHES, BATCHED, WHOLE, BINARY, ASTRAY, ODD = range(8)
V2, V1 = 0, 1


def seed(flags: int, *steps: bytes) -> bytes:
    return bytes([flags]) + b"".join(steps)


JOIN: Final = step(PUSHES, b"\x00\x00{}")
WORDS: Final = (
    *(step(PUSHES, bytes([event, 0]), b'{"text":"x","id":"x","name":"Bob"}') for event in range(len(EVENTS))),
    *(step(POLL), step(BEGIN), step(BATCHED, b"[]\n{}\n"), step(WHOLE, b"[]"), step(BINARY, b"\x00\x00\x00\x00\x00")),
    *(b"\n", b"\r\n", b"AAAA", b"=", b"token=", b"vsn=1.0.0", b"&", b"%00"),
)
SEEDS: Final = (
    seed(V2, step(BEGIN), JOIN, step(POLL), step(PUSHES, b"\x03\x00", b'{"name":"Bob"}'), step(POLL), step(POLL)),
    seed(V1, step(BEGIN), JOIN, step(PUSHES, b"\x04\x00", b'{"text":"hello"}'), step(POLL)),
    seed(V2, step(BEGIN), step(BATCHED, b'["1","1","chat:lobby","phx_join",{}]\n[null,"2","phoenix","heartbeat",{}]')),
    seed(
        V2, step(BEGIN), step(WHOLE, b'["1","1","chat:lobby","phx_join",{}]'), step(BINARY, b"\x00\x01\x01\x01\x01abcd")
    ),
    seed(V2, step(BEGIN), step(WHOLE, b"not JSON"), step(POLL), step(POLL)),
    seed(V2, step(POLL), step(ASTRAY, b"vsn=3.0.0&token=x"), step(ODD, b"\x01"), step(BEGIN), step(BEGIN), step(POLL)),
    seed(V2, step(BEGIN), step(BATCHED, b"[" * 250), step(POLL)),
    seed(V2, step(BEGIN), step(WHOLE, b"\xff\xfe[]"), step(POLL)),
)


@attrs.frozen
class Asked:
    method: str
    query: bytes
    body: bytes = b""
    kind: str = BATCH


class Guests:
    """The part of a house that strangers get to see."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def authenticate(self, token: str) -> User:
        return self._stage.tokens.user(token)

    def welcome(self, connection: Connection, user: User | None) -> Ref[Any]:
        return self._stage.sessions.welcome(connection, user)


class Polls:
    """Each script is a client, of one session or several."""

    def __init__(self, stage: Stage) -> None:
        house: Any = Guests(stage)
        ids = count(1)
        rules = Rules(house, Origins(), LIMITS, None, lambda: f"stranger{next(ids)}", no_socket)
        self._stage = stage
        self._app = LongPoll(rules, stage.sweeper, nowhere, lambda: False)

    async def play(self, data: bytes) -> None:
        stage, v1, token = self._stage, bool(data[:1] and data[0] & V1), b""
        before = set(stage.sweeper.connections)
        for asked in script(data):
            query = asked.query + (b"&token=" + token if token and asked.query.startswith(b"vsn") else b"")
            answer = await self._answer(attrs.evolve(asked, query=query))
            if answer is not None:
                token = answer.get("token", "").encode() or token
                for message in answer.get("messages", []):
                    check_said(json.loads(message), v1=v1)
        for connection in set(stage.sweeper.connections) - before:
            connection.hang_up()
        await wait_all_tasks_blocked()
        assert not len(self._app)

    async def _answer(self, asked: Asked) -> Any:
        """The JSON of an answer that has any."""
        said = iter([{"type": "http.request", "body": asked.body, "more_body": False}])
        heard: list[Any] = []
        scope: Any = {
            "type": "http",
            "method": asked.method,
            "path": "/socket/longpoll",
            "query_string": asked.query,
            "headers": [(b"host", b"chat.example"), (b"content-type", asked.kind.encode("latin-1"))],
        }

        async def say() -> Any:
            return next(said, None) or await trio.sleep_forever()

        async def hear(event: Any) -> None:
            heard.append(event)

        await self._app(scope, say, hear)
        start, body = heard
        assert start["status"] == 200 or (start["status"], body["body"]) == (400, b"")
        if not body["body"]:
            assert asked.method not in ("GET", "POST")
            return None
        answer = json.loads(body["body"])
        assert answer["status"] in STATUSES
        return answer


def no_socket(_: Any) -> Any:
    raise AssertionError("there are none")


async def nowhere(*_: Any) -> None:
    raise AssertionError("it is not for anybody else")


def script(data: bytes) -> Iterator[Asked]:
    at, ref = 1, 0
    vsn = b"vsn=1.0.0" if data[:1] and data[0] & V1 else b"vsn=2.0.0"
    while at + 2 <= len(data):
        kind, size = data[at] % 8, data[at + 1]
        said = data[at + 2 : at + 2 + size]
        at += 2 + size
        ref += 1
        yield asked_for(kind, said, ref, vsn)


def asked_for(kind: int, said: bytes, ref: int, vsn: bytes) -> Asked:
    match kind:
        case 0:
            return Asked("GET", vsn.replace(b"vsn", b"&vsn"))
        case 1:
            return Asked("GET", vsn)
        case 2:
            return Asked("POST", vsn, push(said, ref, "1", v1=vsn == b"vsn=1.0.0"))
        case 3:
            return Asked("POST", vsn, (said + b"\n") * 9)
        case 4:
            return Asked("POST", vsn, said, "application/json")
        case 5:
            event, topic, payload = chosen(said)
            head = [b"1", b"%d" % ref, topic.encode(), event.encode()]
            framed = b"\x00" + bytes(map(len, head)) + b"".join(head) + payload
            return Asked("POST", vsn, base64.b64encode(said if ref % 2 else framed))
        case 6:
            return Asked("GET" if ref % 2 else "POST", said)
        case _:
            return Asked(("OPTIONS", "PUT", "HEAD")[ref % 3], vsn, said, said.decode("latin-1"))


def theatre() -> Theatre:
    return Theatre(lambda: chat(Polls))


def check(data: bytes) -> None:
    """On the one theatre of this process."""
    lasting(theatre).check(data)
