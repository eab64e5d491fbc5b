"""What a client of each family says: how it joins the room, takes a name, and posts a text.

Every family marks success with `"status":"ok"` and a broadcast with `"new_message"`, so the rest of the generator
counts those two and knows nothing of the protocol.
"""

import json
from dataclasses import dataclass
from typing import Protocol

from bench.wire import client_frame

OK = b'"status":"ok"'
REFUSED = b'"status":"error"'
NEW_MESSAGE = b'"new_message"'


@dataclass(frozen=True)
class Step:
    """Say `frame` (or nothing), then wait until `answer` has been heard."""

    frame: bytes
    answer: bytes


class Dialect(Protocol):
    @property
    def path(self) -> str: ...

    @property
    def join(self) -> tuple[Step, ...]: ...

    @property
    def heartbeat(self) -> bytes:
        """Empty when the server needs none."""

    def identify(self, name: str) -> tuple[Step, ...]: ...

    def post(self, text: str) -> bytes: ...


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


@dataclass(frozen=True)
class Phoenix:
    """Phoenix Channels v2 on `chat:lobby`: chatter, and every peer that speaks plain WebSocket."""

    path: str = "/socket/websocket?vsn=2.0.0"
    topic: str = "chat:lobby"
    heartbeat: bytes = client_frame('[null,"9","phoenix","heartbeat",{}]')

    @property
    def join(self) -> tuple[Step, ...]:
        return (Step(self._push("1", "phx_join", {"limit": 0}), OK),)

    def identify(self, name: str) -> tuple[Step, ...]:
        return (Step(self._push("2", "identify", {"name": name}), OK),)

    def post(self, text: str) -> bytes:
        return self._push("3", "new_message", {"text": text})

    def _push(self, ref: str, event: str, payload: object) -> bytes:
        return client_frame(_compact(["1", ref, self.topic, event, payload]))


@dataclass(frozen=True)
class SocketIO:
    """Socket.IO 4 over engine.io's WebSocket transport; the server is told to ping rarely enough for any window."""

    path: str = "/socket.io/?EIO=4&transport=websocket"
    join: tuple[Step, ...] = (
        Step(b"", b"0{"),
        Step(client_frame("40"), b"40{"),
        Step(client_frame('421["join",{}]'), OK),
    )
    heartbeat: bytes = b""

    def identify(self, name: str) -> tuple[Step, ...]:
        return ()

    def post(self, text: str) -> bytes:
        return client_frame("423" + _compact(["new_message", {"text": text}]))


PHOENIX = Phoenix()
SOCKET_IO = SocketIO()
