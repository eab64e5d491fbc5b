"""phoenix.js 1.8: its Socket, Channel, Push, Timer and Presence, function by function, on a browser of ours.

Left out is what the page does not use: long-polling, binary frames, hidden pages, replaced transports.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tests.simulation.agenda import Appointment
from tests.simulation.browser import CLOSED, CONNECTING, OPEN, Browser, WebSocket

TIMEOUT = 10.0
HEARTBEAT = 30.0
REJOIN_AFTER = (1.0, 2.0, 5.0)

Hook = Callable[[Any], None]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Timer:
    def __init__(self, browser: Browser, callback: Callable[[], None], delay: Callable[[int], float]) -> None:
        self.tries = 0
        self._browser = browser
        self._callback = callback
        self._delay = delay
        self._timer: Appointment | None = None

    def reset(self) -> None:
        self.tries = 0
        self.clear()

    def clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def schedule_timeout(self) -> None:
        self.clear()
        self._timer = self._browser.set_timeout(self._ring, self._delay(self.tries + 1))

    def _ring(self) -> None:
        self.tries += 1
        self._callback()


class Push:
    def __init__(self, channel: "Channel", event: str, payload: Callable[[], Any]) -> None:
        self.ref: str | None = None
        self.sent = False
        self._channel = channel
        self._event = event
        self._payload = payload
        self._received: dict[str, Any] | None = None
        self._hooks: list[tuple[str, Hook]] = []
        self._timer: Appointment | None = None

    def resend(self) -> None:
        self.reset()
        self.send()

    def send(self) -> None:
        if self._received is not None and self._received["status"] == "timeout":
            return
        self.start_timeout()
        self.sent = True
        channel = self._channel
        channel.socket.push(channel.topic, self._event, self._payload(), self.ref, channel.join_ref, channel)

    def receive(self, status: str, hook: Hook) -> "Push":
        if self._received is not None and self._received["status"] == status:
            hook(self._received["response"])
        self._hooks.append((status, hook))
        return self

    def reset(self) -> None:
        self._forget_reply()
        self.ref = None
        self._received = None
        self.sent = False

    def start_timeout(self) -> None:
        self.cancel_timeout()
        self._forget_reply()
        self.ref = self._channel.socket.make_ref()
        self._channel.replies[self.ref] = self._replied
        self._timer = self._channel.socket.browser.set_timeout(self._timed_out, TIMEOUT)

    def cancel_timeout(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def trigger(self, status: str, response: Any) -> None:
        hook = self._channel.replies.get(self.ref or "")
        if hook is not None:
            hook({"status": status, "response": response})

    def _timed_out(self) -> None:
        self.trigger("timeout", {})

    def _forget_reply(self) -> None:
        if self.ref is not None:
            self._channel.replies.pop(self.ref, None)

    def _replied(self, payload: dict[str, Any]) -> None:
        self._forget_reply()
        self.cancel_timeout()
        self._received = payload
        for status, hook in list(self._hooks):
            if status == payload["status"]:
                hook(payload["response"])


class Channel:
    """`state`: closed, errored, joined, joining or leaving."""

    def __init__(self, topic: str, params: Callable[[], Any], socket: "Socket") -> None:
        self.state = "closed"
        self.topic = topic
        self.socket = socket
        self.replies: dict[str, Hook] = {}
        self.join_push = Push(self, "phx_join", params)
        self._bindings: dict[str, list[Callable[[Any], None]]] = {}
        self._buffer: list[Push] = []
        self.rejoin_timer = Timer(
            socket.browser, self._rejoin_if_connected, lambda tries: (*REJOIN_AFTER, *[10.0] * tries)[tries - 1]
        )
        self.join_push.receive("ok", self._join_ok)
        self.join_push.receive("error", self._join_refused)
        self.on("phx_close", self._on_close)
        self.on("phx_error", self._on_error)
        self.join_push.receive("timeout", self._join_timed_out)

    @property
    def join_ref(self) -> str | None:
        return self.join_push.ref

    def socket_opened(self) -> None:
        self.rejoin_timer.reset()
        if self.state == "errored":
            self.rejoin()

    def _rejoin_if_connected(self) -> None:
        if self.socket.connected:
            self.rejoin()

    def _join_ok(self, _response: Any) -> None:
        self.state = "joined"
        self.rejoin_timer.reset()
        buffer, self._buffer = self._buffer, []
        for push in buffer:
            push.send()

    def _join_refused(self, _response: Any) -> None:
        self.state = "errored"
        if self.socket.connected:
            self.rejoin_timer.schedule_timeout()

    def _on_close(self, _payload: Any) -> None:
        self.rejoin_timer.reset()
        self.state = "closed"
        self.socket.remove(self)

    def _on_error(self, _payload: Any) -> None:
        if self.state == "joining":
            self.join_push.reset()
        self.state = "errored"
        if self.socket.connected:
            self.rejoin_timer.schedule_timeout()

    def _join_timed_out(self, _response: Any) -> None:
        Push(self, "phx_leave", dict).send()
        self.state = "errored"
        self.join_push.reset()
        if self.socket.connected:
            self.rejoin_timer.schedule_timeout()

    def join(self) -> Push:
        self.rejoin()
        return self.join_push

    def on(self, event: str, callback: Callable[[Any], None]) -> None:
        self._bindings.setdefault(event, []).append(callback)

    @property
    def can_push(self) -> bool:
        return self.socket.connected and self.state == "joined"

    def push(self, event: str, payload: Any) -> Push:
        push = Push(self, event, lambda: payload)
        if self.can_push:
            push.send()
        else:
            push.start_timeout()
            self._buffer.append(push)
        return push

    def leave(self) -> None:
        self.rejoin_timer.reset()
        self.join_push.cancel_timeout()
        self.state = "leaving"
        push = Push(self, "phx_leave", dict)
        push.receive("ok", lambda _: self.trigger("phx_close", "leave"))
        push.send()
        push.trigger("ok", {})  # phoenix.js asks `canPush`, which is never so while leaving

    def is_member(self, topic: str, join_ref: str | None) -> bool:
        return self.topic == topic and not (join_ref and join_ref != self.join_ref)

    def rejoin(self) -> None:
        if self.state == "leaving":
            return
        self.socket.leave_open_topic(self.topic)
        self.state = "joining"
        self.join_push.resend()

    def trigger(self, event: str, payload: Any, ref: str | None = None) -> None:
        if event == "phx_reply":
            hook = self.replies.get(ref or "")
            if hook is not None:
                hook(payload)
            return
        for callback in self._bindings.get(event, ()):
            callback(payload)


class Connection:
    """Of the socket over one transport."""

    def __init__(self, socket: "Socket", transport: WebSocket) -> None:
        self.transport = transport
        self.closing = False
        self.ended = False
        self.channels_errored = False
        self.joins: dict[Channel, str | None] = {}
        self._socket = socket
        transport.on_open = lambda: socket.on_open() if self.is_current else None
        transport.on_message = lambda text: socket.on_message(text) if self.is_current else None
        transport.on_close = lambda code: socket.on_close(code) if self.is_current else None

    @property
    def is_current(self) -> bool:
        return self._socket.connection is self

    @property
    def is_open(self) -> bool:
        return self.transport.state == OPEN

    def carried(self, channel: Channel, join_ref: str | None) -> bool:
        return channel in self.joins and self.joins[channel] == join_ref

    def close(self) -> None:
        self.closing = True
        self.transport.close()


class Socket:
    """`opened`, `closed`, `overheard` (every message): for whoever owns it."""

    def __init__(self, browser: Browser, reconnect_after: Callable[[int], float]) -> None:
        self.browser = browser
        self.token: Callable[[], str] | None = None
        self.channels: list[Channel] = []
        self.connection: Connection | None = None
        self.opened: Callable[[], None] = lambda: None
        self.closed: Callable[[int], None] = lambda code: None
        self.overheard: Callable[[Any, WebSocket], None] = lambda message, transport: None
        self._send_buffer: list[Callable[[], None]] = []
        self._ref = 0
        self._close_was_clean = True
        self._connect_clock = 1
        self._heartbeat_timer: Appointment | None = None
        self._heartbeat_timeout_timer: Appointment | None = None
        self._pending_heartbeat: str | None = None
        self.reconnect_timer = Timer(browser, self._reconnect, reconnect_after)

    @property
    def connected(self) -> bool:
        return self.connection is not None and self.connection.is_open

    def _reconnect(self) -> None:
        self._teardown_and(self.connect)

    def disconnect(self, callback: Callable[[], None] = lambda: None) -> None:
        self._connect_clock += 1
        self._close_was_clean = True
        self.reconnect_timer.reset()
        if self.connection is not None:
            self.connection.ended = True
        self._teardown(callback)

    def connect(self) -> None:
        if self.connection is not None and not self.connection.ended:
            return
        previous = self.connection
        self._connect_clock += 1
        self._close_was_clean = False
        self.reconnect_timer.clear()
        transport = self.browser.open(None if self.token is None else self.token())
        self.connection = Connection(self, transport)
        if previous is not None and previous.is_open:
            self._trigger_channel_error(previous)

    def on_open(self) -> None:
        self._close_was_clean = False
        if self._send_buffer:
            buffer, self._send_buffer = self._send_buffer, []
            for send in buffer:
                send()
        self.reconnect_timer.reset()
        self._clear_heartbeats()
        self._heartbeat_timer = self.browser.set_timeout(self._send_heartbeat, HEARTBEAT)
        for channel in list(self.channels):
            channel.socket_opened()
        self.opened()

    def _heartbeat_timeout(self) -> None:
        if self._pending_heartbeat is None:
            return
        connection = self.connection
        self._pending_heartbeat = None
        self._close_was_clean = False
        if connection is not None:
            connection.close()
        if not self._still_uses(connection):
            return
        self._trigger_channel_error(self.connection)
        if self._still_uses(connection):
            self._teardown_and(self.reconnect_timer.schedule_timeout)

    def _clear_heartbeats(self) -> None:
        for timer in (self._heartbeat_timer, self._heartbeat_timeout_timer):
            if timer is not None:
                timer.cancel()
        self._pending_heartbeat = None

    def _send_heartbeat(self) -> None:
        if self._pending_heartbeat and not self.connected:
            return
        self._pending_heartbeat = self.make_ref()
        self.push("phoenix", "heartbeat", {}, self._pending_heartbeat, None, None)
        self._heartbeat_timeout_timer = self.browser.set_timeout(self._heartbeat_timeout, HEARTBEAT)

    def _teardown_and(self, reconnect: Callable[[], None]) -> None:
        connection, clock = self.connection, self._connect_clock

        def torn_down() -> None:
            if clock == self._connect_clock and not (connection is not None and connection.ended):
                reconnect()

        self._teardown(torn_down)

    def _still_uses(self, connection: Connection | None) -> bool:
        return self.connection is connection and not (connection is not None and connection.ended)

    def _teardown(self, callback: Callable[[], None]) -> None:
        connection = self.connection
        if connection is None:
            callback()
            return
        self._clear_heartbeats()
        if not connection.closing:
            was_opened = connection.transport.state != CONNECTING
            connection.close()
            if was_opened:
                self._trigger_channel_error(connection)

        def closed() -> None:
            if self.connection is connection:
                self.connection = None
            callback()

        self._wait_until_closed(connection.transport, closed, 1)

    def _wait_until_closed(self, transport: WebSocket, callback: Callable[[], None], tries: int) -> None:
        if tries == 5 or transport.state == CLOSED:
            callback()
        else:
            self.browser.set_timeout(lambda: self._wait_until_closed(transport, callback, tries + 1), 0.15 * tries)

    def on_close(self, code: int) -> None:
        connection = self.connection
        self._clear_heartbeats()
        closed_by_us = connection is not None and connection.closing
        if code == 1006:  # the browser fires `error` first
            for channel in self.channels:
                channel.rejoin_timer.reset()
        self._trigger_channel_error(connection)
        if self._still_uses(connection) and not closed_by_us and not self._close_was_clean:
            self.reconnect_timer.schedule_timeout()
        if not closed_by_us:
            self.closed(code)

    def _trigger_channel_error(self, connection: Connection | None) -> None:
        errored_before = False
        if connection is not None and not connection.is_open:
            errored_before, connection.channels_errored = connection.channels_errored, True
        for channel, join_ref in [(channel, channel.join_ref) for channel in self.channels]:
            if channel.join_ref != join_ref:
                continue
            replaced = connection is not None and (errored_before or not connection.is_current)
            if replaced and connection is not None and not connection.carried(channel, join_ref):
                continue
            if channel.state not in ("errored", "leaving", "closed"):
                channel.trigger("phx_error", {"reason": "connection"})

    def remove(self, channel: Channel) -> None:
        self.channels = [other for other in self.channels if other is not channel]

    def channel(self, topic: str, params: Callable[[], Any]) -> Channel:
        channel = Channel(topic, params, self)
        self.channels.append(channel)
        return channel

    def push(
        self, topic: str, event: str, payload: Any, ref: str | None, join_ref: str | None, channel: Channel | None
    ) -> None:
        def outdated() -> bool:
            return channel is not None and (join_ref != channel.join_ref or channel.state == "closed")

        def send() -> None:
            connection = self.connection
            if connection is None or not connection.is_open:
                return
            if channel is not None and event == "phx_join":
                connection.joins[channel] = join_ref
            connection.transport.send(_encode([join_ref, ref, topic, event, payload]))

        if self.connected:
            send()
        else:
            self._send_buffer.append(lambda: None if outdated() else send())

    def make_ref(self) -> str:
        self._ref += 1
        return str(self._ref)

    def on_message(self, text: bytes) -> None:
        assert self.connection is not None
        join_ref, ref, topic, event, payload = message = _decode(text)
        self.overheard(message, self.connection.transport)
        if ref is not None and ref == self._pending_heartbeat:
            self._clear_heartbeats()
            self._heartbeat_timer = self.browser.set_timeout(self._send_heartbeat, HEARTBEAT)
        for channel in self.channels:
            if channel.is_member(topic, join_ref):
                channel.trigger(event, payload, ref)

    def leave_open_topic(self, topic: str) -> None:
        for channel in self.channels:
            if channel.topic == topic and channel.state in ("joined", "joining"):
                channel.leave()
                return


class Presence:
    """`state` has the metas of each user.

    phoenix.js keeps diffs that come before the state, and applies them to it. Here they are dropped: our server sends
    the state right behind the join's reply, so they belong to an earlier join on the same socket, and would bring
    people back who left between the two.
    """

    def __init__(self, channel: Channel) -> None:
        self.state: dict[str, list[dict[str, Any]]] = {}
        self._channel = channel
        self._join_ref: str | None = None
        channel.on("presence_state", self._on_state)
        channel.on("presence_diff", self._on_diff)

    @property
    def synced(self) -> bool:
        return self._join_ref is not None and self._join_ref == self._channel.join_ref

    def _on_state(self, state: Any) -> None:
        """As `syncState`, whose outcome is the new state itself, with the metas known before in front."""
        self._join_ref = self._channel.join_ref
        joins, leaves = {}, {}
        for key, metas in self.state.items():
            if key not in state:
                leaves[key] = {"metas": metas}
        for key, presence in state.items():
            new = {meta["phx_ref"] for meta in presence["metas"]}
            old = {meta["phx_ref"] for meta in self.state.get(key, [])}
            joins[key] = {"metas": [meta for meta in presence["metas"] if meta["phx_ref"] not in old]}
            leaves[key] = {"metas": [meta for meta in self.state.get(key, []) if meta["phx_ref"] not in new]}
        self._sync(joins, leaves)

    def _on_diff(self, diff: Any) -> None:
        if self.synced:
            self._sync(diff["joins"], diff["leaves"])

    def _sync(self, joins: Any, leaves: Any) -> None:
        for key, presence in joins.items():
            refs = {meta["phx_ref"] for meta in presence["metas"]}
            kept = [meta for meta in self.state.get(key, []) if meta["phx_ref"] not in refs]
            self.state[key] = [*kept, *presence["metas"]]
        for key, presence in leaves.items():
            if key in self.state:
                refs = {meta["phx_ref"] for meta in presence["metas"]}
                self.state[key] = [meta for meta in self.state[key] if meta["phx_ref"] not in refs]
                if not self.state[key]:
                    del self.state[key]
