"""A small Phoenix client on trio-websocket, v2 and v1: what a good client does, and nothing that helps the server.

Every wait ends: with what was waited for, with `Closed`, or after `PATIENCE` with `trio.TooSlowError`.
"""

import json
from collections import defaultdict, deque
from collections.abc import Sequence
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import trio
from trio.abc import Stream
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection, wrap_client_stream

PATIENCE: Final = 20.0
V1: Final = "1.0.0"
V2: Final = "2.0.0"

Payload = dict[str, Any]


@attrs.frozen
class Message:
    """As it came, from either version. v1 does not say `join_ref`."""

    join_ref: str | None
    ref: str | None
    topic: str
    event: str
    payload: Any
    text: str


class Refusal(Exception):
    """The reply was `error`."""

    def __init__(self, response: Payload) -> None:
        super().__init__(str(response))
        self.response = response
        self.reason: str = response["reason"]


class Closed(Exception):
    """The socket is closed; `code` is None when nobody said goodbye."""

    def __init__(self, code: int | None) -> None:
        super().__init__(str(code))
        self.code = code


class Client:
    """One socket. What came and was not asked for yet waits in `unread`, by topic and event."""

    def __init__(self, socket: WebSocketConnection, vsn: str) -> None:
        self.socket = socket
        self.vsn = vsn
        self.heard: list[Message] = []
        self.closed: Closed | None = None
        self._unread: defaultdict[tuple[str, str], deque[Message]] = defaultdict(deque)
        self._replies: dict[str, Payload] = {}
        self._news = trio.Event()
        self._refs = 0

    async def listen(self) -> None:
        """Take in what comes, until the socket is closed."""
        try:
            while True:
                self._take(await self.socket.get_message())
        except ConnectionClosed as error:
            self._end(error)

    def _end(self, error: ConnectionClosed) -> Closed:
        self.closed = Closed(error.reason.code if error.reason is not None else None)
        self._news.set()
        return self.closed

    def _take(self, text: str | bytes) -> None:
        assert isinstance(text, str), "The server never says anything binary."
        message = self._decoded(text)
        self.heard.append(message)
        if message.event == "phx_reply" and message.ref is not None:
            assert message.ref not in self._replies, f"A second reply: {text}"
            self._replies[message.ref] = message.payload
        else:
            self._unread[message.topic, message.event].append(message)
        self._news.set()
        self._news = trio.Event()

    def _decoded(self, text: str) -> Message:
        if self.vsn == V1:
            fields = json.loads(text)
            return Message(None, fields["ref"], fields["topic"], fields["event"], fields["payload"], text)
        join_ref, ref, topic, event, payload = json.loads(text)
        return Message(join_ref, ref, topic, event, payload, text)

    # -- saying

    def new_ref(self) -> str:
        self._refs += 1
        return str(self._refs)

    async def send(self, topic: str, event: str, payload: Any, *, ref: str, join_ref: str | None = None) -> None:
        """Say it, and expect nothing."""
        fields: Any = [join_ref, ref, topic, event, payload]
        if self.vsn == V1:
            fields = {"topic": topic, "event": event, "payload": payload, "ref": ref}
        await self.send_raw(json.dumps(fields))

    async def send_raw(self, data: str | bytes) -> None:
        try:
            with trio.fail_after(PATIENCE):
                await self.socket.send_message(data)
        except ConnectionClosed as error:
            raise self._end(error) from None

    async def ask(self, topic: str, event: str, payload: Any, *, join_ref: str | None = None) -> Any:
        """Say it, and return the response of the reply; `Refusal`."""
        ref = self.new_ref()
        await self.send(topic, event, payload, ref=ref, join_ref=join_ref)
        return await self.answer(ref)

    async def answer(self, ref: str) -> Any:
        """The response of the reply to `ref`; `Refusal`."""
        reply = await self._wait(lambda: self._replies.get(ref))
        if reply["status"] != "ok":
            raise Refusal(reply["response"])
        return reply["response"]

    def answered(self, ref: str) -> bool:
        return ref in self._replies

    async def heartbeat(self) -> None:
        """Whatever the session was told before, it has looked at when this returns."""
        assert await self.ask("phoenix", "heartbeat", {}) == {}

    async def join(self, topic: str, **payload: Any) -> "Place":
        ref = self.new_ref()
        await self.send(topic, "phx_join", payload, ref=ref, join_ref=ref)
        return Place(self, topic, ref, await self.answer(ref))

    # -- hearing

    async def next(self, topic: str, event: str) -> Message:
        """The oldest such message that was not taken yet."""
        unread = self._unread[topic, event]
        message: Message = await self._wait(lambda: unread.popleft() if unread else None)
        return message

    def unread(self, topic: str, event: str) -> list[Any]:
        """The payloads of what came, and was not taken."""
        return [message.payload for message in self._unread[topic, event]]

    async def closing_sometime(self) -> None:
        """Wait until the socket is closed, for as long as the test lasts."""
        while self.closed is None:
            await self._news.wait()

    async def closing(self) -> int | None:
        """Wait until the socket is closed; the code with which."""
        with trio.fail_after(PATIENCE):
            await self.closing_sometime()
        assert self.closed is not None
        return self.closed.code

    async def _wait(self, look: Any) -> Any:
        with trio.fail_after(PATIENCE):
            while (found := look()) is None:
                if self.closed is not None:
                    raise self.closed
                await self._news.wait()
        return found

    async def leave(self) -> None:
        """Close the socket, politely if that is quick."""
        with trio.move_on_after(2):
            await self.socket.aclose()


@attrs.define(eq=False)
class Place:
    """A topic that was joined. `user` and `token`: who one is, since one identified."""

    client: Client
    topic: str
    join_ref: str
    welcome: Payload
    user: Payload = attrs.Factory(dict)
    token: str = ""

    @property
    def room(self) -> str:
        return self.topic.partition(":")[2]

    async def push(self, event: str, **payload: Any) -> Any:
        """The response; `Refusal`."""
        return await self.push_any(event, payload)

    async def push_any(self, event: str, payload: Any) -> Any:
        return await self.client.ask(self.topic, event, payload, join_ref=self.join_ref)

    async def rejoin(self) -> None:
        """Join anew, here."""
        again = await self.client.join(self.topic)
        self.join_ref, self.welcome = again.join_ref, again.welcome

    async def send(self, event: str, **payload: Any) -> str:
        """Push and don't wait: the ref, for `client.answer`."""
        ref = self.client.new_ref()
        await self.client.send(self.topic, event, payload, ref=ref, join_ref=self.join_ref)
        return ref

    async def identify(self, name: str) -> None:
        reply = await self.push("identify", name=name)
        self.user, self.token = reply["user"], reply["token"]

    async def say(self, text: str, **more: Any) -> Any:
        return await self.push("new_message", text=text, **more)

    async def next(self, event: str) -> Any:
        """The payload of the oldest such message that was not taken yet."""
        return (await self.client.next(self.topic, event)).payload

    def unread(self, event: str) -> list[Any]:
        return self.client.unread(self.topic, event)

    async def caught_up(self, seq: int) -> list[tuple[str, Any]]:
        """Wait for the event `seq`; name and payload of every durable event heard live so far."""
        await self.client._wait(lambda: True if any(p["seq"] == seq for _, p in self.events()) else None)
        return self.events()

    def events(self) -> list[tuple[str, Any]]:
        heard = self.client.heard
        return [(m.event, m.payload) for m in heard if m.topic == self.topic and m.event in DURABLE]


DURABLE: Final = frozenset({"new_message", "message_edited", "message_deleted", "reaction"})


class TurnedAway(Exception):
    """The handshake was refused with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@attrs.frozen(kw_only=True)
class Handshake:
    """How to connect; `query` instead of what `vsn` would say."""

    vsn: str = V2
    query: str | None = None
    headers: Sequence[tuple[bytes, bytes]] = ()
    subprotocols: Sequence[str] = ()
    tls: SSLContext | None = None


async def connect(nursery: trio.Nursery, url: str, handshake: Handshake) -> Client:
    """A client of the socket at `url`, which listens in `nursery`; `TurnedAway`."""
    with trio.fail_after(PATIENCE):
        client: Client = await nursery.start(_live, url, handshake)
    return client


async def _live(url: str, handshake: Handshake, task_status: trio.TaskStatus[Client]) -> None:
    asked = f"vsn={handshake.vsn}" if handshake.query is None else handshake.query
    parts = urlsplit(f"{url}?{asked}" if asked else url)
    stream = _Line(await _open(parts.hostname or "", parts.port or 0, handshake.tls))
    try:
        async with trio.open_nursery() as nursery:
            with stream.shaking_hands:
                socket = await wrap_client_stream(
                    nursery,
                    stream,  # type: ignore[arg-type]
                    parts.netloc,
                    f"{parts.path}?{parts.query}" if parts.query else parts.path,
                    extra_headers=list(handshake.headers),
                    subprotocols=list(handshake.subprotocols),
                    max_message_size=2**24,
                    receive_buffer_size=2**16,
                    message_queue_size=64,
                )
            if stream.shaking_hands.cancelled_caught:
                raise Closed(None)
            client = Client(socket, handshake.vsn)
            task_status.started(client)
            await client.listen()
    except* ConnectionRejected as rejected:
        [rejection] = rejected.exceptions
        raise TurnedAway(getattr(rejection, "status_code", 0)) from None
    except* Closed:
        raise Closed(None) from None
    finally:
        await trio.aclose_forcefully(stream)


class _Line(Stream):
    """A stream that ends `shaking_hands` when it ends, for which trio-websocket would wait for ever."""

    def __init__(self, inner: Stream) -> None:
        self.shaking_hands = trio.CancelScope()
        self._inner = inner

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        try:
            data = await self._inner.receive_some(max_bytes)
        except trio.BrokenResourceError:
            data = b""
        if not data:
            self.shaking_hands.cancel()
        return data

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _open(host: str, port: int, tls: SSLContext | None) -> Stream:
    plain = await trio.open_tcp_stream(host, port)
    if tls is None:
        return plain
    return trio.SSLStream(plain, tls, server_hostname=host, https_compatible=True)


async def says_last(place: Place, *others: Place) -> int:
    """Say something that all have heard when this returns, so that what they did not hear before was never said."""
    seq: int = (await place.say("that is all"))["seq"]
    for somebody in (place, *others):
        await somebody.caught_up(seq)
    return seq
