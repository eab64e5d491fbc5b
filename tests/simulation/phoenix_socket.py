"""phoenix.js 1.8: its Socket, function by function."""

from collections.abc import Callable
from typing import Any

import msgspec

from tests.simulation.agenda import Appointment
from tests.simulation.browser import CLOSED, CONNECTING, OPEN, Browser, WebSocket
from tests.simulation.phoenix import Channel, Timer

HEARTBEAT = 30.0

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


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
