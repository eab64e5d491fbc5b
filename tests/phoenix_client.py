"""A Phoenix client of a few lines, on any Trio stream: for tests that look at every message.

It reads all the time, so what has arrived is in `received`, oldest first; `expect` takes the oldest message that fits
out of it, waiting for one. Nothing is dropped silently: a test that cares asks for `received` itself.
"""

import json
from collections.abc import Callable
from typing import Any

import attrs
import trio
from trio.abc import Stream
from wsproto import ConnectionType
from wsproto.connection import Connection, ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, TextMessage

PATIENCE = 5.0


@attrs.frozen
class Said:
    """A message from the server. v1 has no `join_ref`."""

    join_ref: Any
    ref: Any
    topic: str
    event: str
    payload: Any

    @property
    def status(self) -> Any:
        """A reply's."""
        return self.payload["status"]

    @property
    def response(self) -> Any:
        """A reply's."""
        return self.payload["response"]


class PhoenixClient:
    """`vsn` is 1 or 2. `closed`: the server's close code, once it came; 1006 when the stream just ended."""

    def __init__(self, stream: Stream, vsn: int = 2) -> None:
        self.received: list[Said] = []
        self.closed: int | None = None
        self.join_refs: dict[str, Any] = {}
        self._stream = stream
        self._sending = trio.Lock()  # what is said, and what the socket answers by itself
        self._vsn = vsn
        self._socket = Connection(ConnectionType.CLIENT)
        self._text = ""
        self._refs = 0
        self._news = trio.Event()

    async def run(self) -> None:
        """Read until the server closes."""
        try:
            while self.closed is None and (data := await self._stream.receive_some()):
                self._socket.receive_data(bytes(data))
                for event in self._socket.events():
                    await self._take(event)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.closed = self.closed or 1006
            self._news.set()

    async def _take(self, event: Event) -> None:
        match event:
            case TextMessage(data=data, message_finished=finished):
                self._text += data
                if finished:
                    text, self._text = self._text, ""
                    self._hear(json.loads(text))
            case Ping():
                await self._send(event.response())
            case CloseConnection(code=code):
                self.closed = int(code)
                if self._socket.state is ConnectionState.REMOTE_CLOSING:
                    await self._send(event.response())

    def _hear(self, message: Any) -> None:
        if self._vsn == 1:
            said = Said(None, message["ref"], message["topic"], message["event"], message["payload"])
        else:
            said = Said(*message)
        self.received.append(said)
        news, self._news = self._news, trio.Event()
        news.set()

    async def _send(self, event: Event) -> None:
        await self.send_raw(self._socket.send(event))

    async def send_text(self, text: str) -> None:
        """Any text message."""
        await self._send(Message(data=text))

    async def send_binary(self, data: bytes) -> None:
        await self._send(BytesMessage(data=data))

    async def send_raw(self, data: bytes) -> None:
        """Any bytes at all, beneath the WebSocket."""
        async with self._sending:
            await self._stream.send_all(data)

    async def close(self, code: int = 1000) -> None:
        """Say goodbye as a browser does."""
        await self._send(CloseConnection(code=code))

    async def vanish(self) -> None:
        """Go without a word."""
        await trio.aclose_forcefully(self._stream)

    # -- Phoenix

    def next_ref(self) -> str:
        self._refs += 1
        return str(self._refs)

    async def push(self, topic: str, event: str, payload: Any = None, *, join_ref: Any = ...) -> str:
        """Send a push, of the topic's last join unless told otherwise, and do not wait; its ref."""
        ref = self.next_ref()
        join_ref = self.join_refs.get(topic) if join_ref is ... else join_ref
        await self.send_text(self.encoded(topic, event, {} if payload is None else payload, ref, join_ref))
        return ref

    def encoded(self, topic: str, event: str, payload: Any, ref: Any, join_ref: Any = None) -> str:
        if self._vsn == 1:
            return json.dumps({"topic": topic, "event": event, "payload": payload, "ref": ref})
        return json.dumps([join_ref, ref, topic, event, payload])

    async def ask(self, topic: str, event: str, payload: Any = None, *, join_ref: Any = ...) -> Said:
        """Push and wait for the reply."""
        return await self.reply(await self.push(topic, event, payload, join_ref=join_ref))

    async def ok(self, topic: str, event: str, payload: Any = None) -> Any:
        """Push and wait for a reply that must be `ok`; its response."""
        reply = await self.ask(topic, event, payload)
        assert reply.status == "ok", reply
        return reply.response

    async def refused(self, topic: str, event: str, payload: Any = None) -> str:
        """Push and wait for a reply that must be `error`; its reason."""
        reply = await self.ask(topic, event, payload)
        assert reply.status == "error", reply
        reason: str = reply.response["reason"]
        return reason

    async def start_join(self, topic: str, payload: Any = None) -> str:
        """Send a join, and do not wait; its ref, which is its join_ref as well."""
        ref = self.join_refs[topic] = str(self._refs + 1)
        assert await self.push(topic, "phx_join", payload) == ref
        return ref

    async def join(self, topic: str, **payload: Any) -> Any:
        """Join, which must succeed; the response."""
        reply = await self.reply(await self.start_join(topic, payload))
        assert reply.status == "ok", reply
        return reply.response

    async def heartbeat(self) -> None:
        reply = await self.ask("phoenix", "heartbeat")
        assert (reply.status, reply.response) == ("ok", {})

    # -- what came

    async def reply(self, ref: str) -> Said:
        return await self._first(lambda said: said.event == "phx_reply" and said.ref == ref, f"a reply to {ref}")

    async def expect(self, event: str, topic: str | None = None) -> Any:
        """The payload of the oldest such event, which is taken out of `received`."""
        said = await self._first(lambda said: said.event == event and topic in (None, said.topic), event)
        return said.payload

    async def _first(self, fits: Callable[[Said], bool], what: str) -> Said:
        with trio.move_on_after(PATIENCE):
            while True:
                for said in self.received:
                    if fits(said):
                        self.received.remove(said)
                        return said
                if self.closed is not None:
                    break
                await self._news.wait()
        raise AssertionError(f"{what} did not come; closed: {self.closed}; received: {self.received}")

    async def expect_close(self) -> int:
        with trio.fail_after(PATIENCE):
            while self.closed is None:
                await self._news.wait()
        return self.closed

    def heard(self, event: str) -> list[Any]:
        """The payloads of all such events that have arrived, which stay in `received`."""
        return [said.payload for said in self.received if said.event == event]
