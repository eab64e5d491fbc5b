"""phoenix.js 1.8: its Channel, Push, Timer and Presence, function by function, on a browser of ours.

Left out is what the page does not use: long-polling, binary frames, hidden pages, replaced transports.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.simulation.agenda import Appointment
from tests.simulation.browser import Browser

if TYPE_CHECKING:
    from tests.simulation.phoenix_socket import Socket

TIMEOUT = 10.0
REJOIN_AFTER = (1.0, 2.0, 5.0)

Hook = Callable[[Any], None]


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
