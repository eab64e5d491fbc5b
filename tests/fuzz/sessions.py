"""A whole session: bytes into its socket, while a bystander watches.

The input is a script, so that what gets past the handshake and the JSON is not left to chance: each step is a byte for
its kind, a byte for its size, and so many bytes. Whatever comes back must be well-formed frames, a close the last.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import trio
from trio.abc import Stream
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from chatter.core.model import User
from chatter.gateway import Limits, StreamConnection
from chatter.wire.phoenix import WEBSOCKET_V1, WEBSOCKET_V2
from tests.actors.stage import LOBBY, Stage
from tests.fuzz.theatre import Theatre, chat, check_said, lasting
from tests.gateway.client import BINARY, CONTINUATION, PING, PONG, TEXT, close_payload, frame

ANN: Final = User("u-ann", "Ann")
EVENTS: Final = (
    *("phx_join", "phx_leave", "heartbeat", "identify", "new_message", "edit_message", "delete_message"),
    *("react", "typing", "status", "history", "read", "phx_reply", "nonsense"),
)
TOPICS: Final = (LOBBY, "text_channel:lobby", "chat:nowhere", "phoenix", "chat:", "")

RAW, SAY, PUSH, LATE, BYTES, CONTROL, FRAGMENTS, BINARY_PUSH = range(8)


def step(kind: int, *said: bytes) -> bytes:
    """For seeds: a step of a script."""
    data = b"".join(said)
    return bytes([kind, len(data)]) + data


def pushed(event: str, payload: str, topic: int = 0) -> bytes:
    return step(PUSH, bytes([EVENTS.index(event), topic]), payload.encode())


MEMBER, _V1, _VISITOR = 0, 1, 2


def seed(flags: int, *steps: bytes) -> bytes:
    return bytes([flags]) + b"".join(steps)


JOIN: Final = pushed("phx_join", "{}")

WORDS: Final = (
    *(pushed(event, payload) for event in EVENTS for payload in ("{}", '{"text":"x","id":"x","name":"Bob","seq":1}')),
    *(pushed("react", '{"id":"x","emoji":"+","on":true}'), pushed("history", '{"before":1,"limit":1}')),
    *(b'"text":"', b'"id":"', b'"typing":true', b'"status":"away"', b'"limit":', b'"after":0', b'"client_id":"1"'),
    *(step(RAW, frame(PING)), step(CONTROL, b"\x09"), step(FRAGMENTS, b"[]"), step(SAY, b"[]"), step(BYTES, b"\x00")),
)

SEEDS: Final = (
    seed(MEMBER, JOIN, pushed("new_message", '{"text":"hello","client_id":"1"}')),
    seed(MEMBER, pushed("phx_join", '{"limit":1}'), pushed("react", '{"id":"x","emoji":"+","on":true}')),
    seed(MEMBER, pushed("phx_join", '{"after":0}'), pushed("history", '{"before":9,"limit":1}')),
    seed(MEMBER, JOIN, pushed("typing", '{"typing":true}'), pushed("status", '{"status":"away"}')),
    seed(MEMBER, pushed("phx_join", "{}", 1), pushed("new_message", '{"content":"\\ud800"}', 1)),
    seed(MEMBER, JOIN, pushed("read", '{"seq":1}'), pushed("phx_leave", "{}"), JOIN),
    seed(_VISITOR, JOIN, pushed("identify", '{"name":"Bob"}'), pushed("delete_message", '{"id":"x"}')),
    seed(_V1, JOIN, pushed("edit_message", '{"id":"x","text":"y"}'), pushed("heartbeat", "{}", 3)),
    seed(MEMBER, step(SAY, b'["1","1","chat:lobby","phx_join",{}]'), step(LATE, b"\x00\x00{}")),
    seed(MEMBER, step(BINARY_PUSH, b"\x04\x00raw"), step(BYTES, b"\x00\x00\x00\x00\x00")),
    seed(MEMBER, step(CONTROL, b"\x09ping"), step(FRAGMENTS, b'["1","1","chat:lobby",', b'"phx_join",{}]')),
    seed(MEMBER, step(RAW, frame(TEXT, b"[]", rsv=1)), step(CONTROL, b"\x08" + close_payload(1000))),
)


def script(data: bytes) -> Iterator[bytes]:
    """The frames, or what looks like it, that a script asks for."""
    at, ref = 1, 0
    while at + 2 <= len(data):
        kind, size = data[at] % 8, data[at + 1]
        said = data[at + 2 : at + 2 + size]
        at += 2 + size
        ref += 1
        if said or kind != RAW:
            yield framed(kind, said, ref, v1=bool(data[0] & _V1))


def framed(kind: int, said: bytes, ref: int, *, v1: bool) -> bytes:
    match kind:
        case 0:
            return said
        case 1:
            return frame(TEXT, said)
        case 2 | 3:
            return frame(TEXT, push(said, ref, join_ref="1" if kind == PUSH else "0", v1=v1))
        case 4:
            return frame(BINARY, said)
        case 5:
            return frame(said[0] & 0x0F | 0x08, said[1:126]) if said else frame(PING)
        case 6:
            half = len(said) // 2
            return frame(TEXT, said[:half], fin=False) + frame(PONG) + frame(CONTINUATION, said[half:])
        case _:
            event, topic, payload = chosen(said)
            head = [b"1", b"%d" % ref, topic.encode(), event.encode()]
            return frame(BINARY, b"\x00" + bytes(map(len, head)) + b"".join(head) + payload)


def push(said: bytes, ref: int, join_ref: str, *, v1: bool) -> bytes:
    event, topic, payload = chosen(said)
    if v1:
        return b'{"topic":"%b","event":"%b","payload":%b,"ref":"%d"}' % (topic.encode(), event.encode(), payload, ref)
    return b'["%b","%d","%b","%b",%b]' % (join_ref.encode(), ref, topic.encode(), event.encode(), payload)


def chosen(said: bytes) -> tuple[str, str, bytes]:
    event, topic = (*said[:2], 0, 0)[:2]
    return EVENTS[event % len(EVENTS)], TOPICS[topic % len(TOPICS)], said[2:] or b"{}"


class Sessions:
    """Each script is a socket."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._played = 0

    async def play(self, data: bytes) -> None:
        stage, flags = self._stage, data[0] if data else 0
        self._played += 1
        theirs, ours = memory_stream_pair()
        codec = WEBSOCKET_V1 if flags & _V1 else WEBSOCKET_V2
        connection = StreamConnection(ours, b"", f"stranger{self._played}", codec, stage.sweeper, Limits())
        connection.open(stage.sessions.welcome(connection, None if flags & _VISITOR else ANN), b"")
        heard = bytearray()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.run)
            nursery.start_soon(listen, theirs, heard)
            for piece in script(data):
                await send(theirs, piece)
            await wait_all_tasks_blocked()
            await theirs.send_stream.aclose()
        check_heard(bytes(heard), v1=bool(flags & _V1))


async def send(stream: Stream, data: bytes) -> None:
    with suppress(trio.BrokenResourceError):  # it was closed already
        await stream.send_all(data)


async def listen(stream: Stream, heard: bytearray) -> None:
    while data := await stream.receive_some():
        heard += data


def check_heard(data: bytes, *, v1: bool) -> None:
    """Server's frames, of which a close is the last."""
    at, closed = 0, False
    while at < len(data):
        assert not closed
        first, size = data[at], data[at + 1]
        start = at + (4 if size == 126 else 10 if size == 127 else 2)
        if size > 125:
            size = int.from_bytes(data[at + 2 : start], "big")
        payload = data[start : start + size]
        assert len(payload) == size
        at = start + size
        match first:
            case 0x81:
                check_said(json.loads(payload), v1=v1)
            case 0x88:
                closed = True
                assert not payload or is_good_code(int.from_bytes(payload[:2], "big"))
                payload[2:].decode()
            case _:
                assert first == 0x8A


def is_good_code(code: int) -> bool:
    return code in range(1000, 1004) or code in range(1007, 1016) or code in range(3000, 5000)


def theatre() -> Theatre:
    return Theatre(lambda: chat(Sessions))


def check(data: bytes) -> None:
    """On the one theatre of this process."""
    lasting(theatre).check(data)
