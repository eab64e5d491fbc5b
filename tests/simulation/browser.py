"""What phoenix.js finds in a browser: a WebSocket with its events, and `setTimeout`. Frames are read strictly: one byte
twice or too few, and the run fails."""

import base64
from collections.abc import Callable
from random import Random
from typing import Protocol

from tests.simulation.agenda import Agenda, Appointment
from tests.simulation.excuses import Excuses
from tests.simulation.lines import Conditions
from tests.simulation.network import ClientEnd, Network

CONNECTING, OPEN, CLOSING, CLOSED = range(4)
ABNORMAL = 1006
CONNECT_TIMEOUT = 20.0
CLOSE_TIMEOUT = 10.0


class Host(Protocol):
    """A node, as far as a client is concerned."""

    @property
    def network(self) -> Network: ...

    @property
    def excuses(self) -> Excuses: ...

    def told(self, room: str) -> int | None: ...

    def owes(self, room: str, seq: int) -> None: ...


class Dial(Protocol):
    """Where clients find the server: a node that listens now, if one does."""

    def __call__(self) -> Host: ...


class Browser:
    """One client's machine. `sockets`: those that are not closed. `host`: the node that it dialled last. `malformed` is
    told of frames that are none."""

    def __init__(self, name: str, agenda: Agenda, chance: Random, conditions: Conditions, dial: Dial) -> None:
        self.name = name
        self.agenda = agenda
        self.chance = chance
        self.sockets: list[WebSocket] = []
        self.host: Host | None = None
        self.malformed: Callable[[str], None] = lambda what: None
        self._conditions = conditions
        self._dial = dial

    def set_timeout(self, act: Callable[[], object], seconds: float) -> Appointment:
        return self.agenda.after(seconds, act)

    def open(self, token: str | None) -> "WebSocket":
        end = ClientEnd(self.agenda, self.chance, self._conditions)
        self.sockets = [plain for plain in self.sockets if plain.state != CLOSED]
        self.sockets.append(WebSocket(self, end, token))
        self.agenda.after(self.chance.uniform(0.001, self._conditions.latency), lambda: self._arrive(end))
        return self.sockets[-1]

    def _arrive(self, end: ClientEnd) -> None:
        host = self._dial()
        if end.over:
            return
        self.host = host
        if host.network.listening:
            host.network.connect(end)
        else:
            end.reset()  # connection refused


class WebSocket:
    """Events: `on_open`, `on_message`, `on_close(code)`."""

    def __init__(self, browser: Browser, end: ClientEnd, token: str | None) -> None:
        self.state = CONNECTING
        self.end = end
        self.received = 0
        self.on_open: Callable[[], None] = lambda: None
        self.on_message: Callable[[bytes], None] = lambda text: None
        self.on_close: Callable[[int], None] = lambda code: None
        self._browser = browser
        self._unread = b""
        self._code = ABNORMAL
        self._said_goodbye = False
        end.inward.arrive, end.on_end = self._arrived, self._ended
        self._give_up = browser.set_timeout(self._abandon, CONNECT_TIMEOUT)
        end.send(_request(token))

    def send(self, text: bytes) -> None:
        if self.state == OPEN:
            self._frame(0x81, text)

    def close(self) -> None:
        """Say goodbye, and wait for the server's; a connection that is not there yet is given up at once."""
        if self.state == CONNECTING:
            self._abandon()
        elif self.state == OPEN:
            self.state = CLOSING
            self._say_goodbye(b"\x03\xe8")

    def _say_goodbye(self, code: bytes) -> None:
        if not self._said_goodbye:
            self._said_goodbye = True
            self._frame(0x88, code)
            self._give_up = self._browser.set_timeout(self._abandon, CLOSE_TIMEOUT)

    def _frame(self, first: int, payload: bytes) -> None:
        mask = self._browser.chance.randbytes(4)
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
        self.end.send(bytes([first]) + length + mask + masked)

    def _abandon(self) -> None:
        if self.state != CLOSED:
            self.end.close()
            self._ended()

    def _ended(self) -> None:
        if self.state == CLOSED:
            return
        self.state = CLOSED
        self._give_up.cancel()
        self.on_close(self._code)

    def _arrived(self, data: bytes) -> None:
        self.received += len(data)
        self._unread += data
        if self.state == CONNECTING and not self._shake_hands():
            return
        while self.state != CLOSED and (frame := self._next_frame()) is not None:
            self._take(*frame)

    def _shake_hands(self) -> bool:
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101 "):
            self._abandon()
            return False
        self._unread = rest
        self.state = OPEN
        self._give_up.cancel()
        self.on_open()
        return True

    def _next_frame(self) -> tuple[int, bytes] | None:
        data = self._unread
        if len(data) < 2:
            return None
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        if len(data) < at + size or len(data) < at:
            return None
        self._unread = data[at + size :]
        return data[0], data[at : at + size]

    def _take(self, first: int, payload: bytes) -> None:
        match first:
            case 0x81 if self.state == OPEN:
                self.on_message(payload)
            case 0x81:
                pass
            case 0x88 if len(payload) != 1:
                self._code = int.from_bytes(payload[:2], "big") if payload else 1005
                if self.state == OPEN:
                    self.state = CLOSING
                self._say_goodbye(payload[:2])
            case _:
                self._browser.malformed(
                    f"{self._browser.name} is sent a frame that begins with {first:#x}, {payload[:40]!r}"
                )


def _request(token: str | None) -> bytes:
    lines = [
        "GET /socket/websocket?vsn=2.0.0 HTTP/1.1",
        "Host: chat",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    if token is not None:
        encoded = base64.b64encode(token.encode()).decode().rstrip("=")
        lines.append(f"Sec-WebSocket-Protocol: phoenix, base64url.bearer.phx.{encoded}")
    return "\r\n".join([*lines, "", ""]).encode()
