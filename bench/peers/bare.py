"""A bare Python loop: the frame encoded once, then `member.send(frame)` for each member. What Python itself costs.

No event loop but `select.epoll`, no tasks, nothing stored.
"""

import base64
import hashlib
import re
import select
import socket
from collections.abc import Callable

from bench.fleet import raise_file_limit
from bench.peers.phoenix import answer

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = re.compile(rb"sec-websocket-key: *(\S+)", re.I)


def server_frame(text: str) -> bytes:
    payload = text.encode()
    size = bytes((len(payload),)) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    return b"\x81" + size + payload


class Room:
    """The members' `send`, bound once; bytes that a socket did not take wait until it is writable."""

    def __init__(self, poller: select.epoll) -> None:
        self.members: dict[int, Callable[[bytes], int]] = {}
        self.waiting: dict[int, bytes] = {}
        self._poller = poller

    def tell(self, frame: bytes) -> None:
        waiting, size = self.waiting, len(frame)
        for fd, send in self.members.items():
            if fd in waiting:
                waiting[fd] += frame
                continue
            try:
                sent = send(frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                continue
            if sent != size:
                self._wait(fd, frame[sent:])

    def reply(self, sock: socket.socket, frame: bytes) -> None:
        if sock.fileno() in self.waiting:
            self.waiting[sock.fileno()] += frame
        elif (sent := sock.send(frame)) != len(frame):
            self._wait(sock.fileno(), frame[sent:])

    def writable(self, fd: int, send: Callable[[bytes], int]) -> None:
        rest = self.waiting.pop(fd)
        rest = rest[send(rest) :]
        if rest:
            self.waiting[fd] = rest
        else:
            self._poller.modify(fd, select.EPOLLIN)

    def _wait(self, fd: int, rest: bytes) -> None:
        self.waiting[fd] = rest
        self._poller.modify(fd, select.EPOLLIN | select.EPOLLOUT)


class Connection:
    def __init__(self, sock: socket.socket, room: Room) -> None:
        self.socket = sock
        self._room = room
        self._pending = b""
        self._upgraded = False

    def read(self) -> bool:
        """False when the peer is gone."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            return False
        self._pending += data
        if data and not self._upgraded:
            self._shake_hands()
        while data and self._upgraded and (payload := self._take()) is not None:
            self._understand(payload)
        return bool(data)

    def _shake_hands(self) -> None:
        head, end, rest = self._pending.partition(b"\r\n\r\n")
        key = KEY.search(head)
        if not end or not key:
            return
        accept = base64.b64encode(hashlib.sha1(key[1] + MAGIC).digest())
        self.socket.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self._pending, self._upgraded = rest, True

    def _take(self) -> bytes | None:
        data = self._pending
        if len(data) < 6:
            return None
        size, begin = data[1] & 127, 6
        if size == 126:
            size, begin = int.from_bytes(data[2:4], "big"), 8
        if len(data) < begin + size:
            return None
        self._pending = data[begin + size :]
        mask = data[begin - 4 : begin] * (size // 4 + 1)
        masked = int.from_bytes(data[begin : begin + size], "big")
        return (masked ^ int.from_bytes(mask[:size], "big")).to_bytes(size, "big")

    def _understand(self, payload: bytes) -> None:
        said = answer(payload.decode())
        if said.joins:
            self._room.members[self.socket.fileno()] = self.socket.send
        if said.broadcast:
            self._room.tell(server_frame(said.broadcast))
        self._room.reply(self.socket, server_frame(said.reply))


def main() -> None:
    raise_file_limit()
    poller = select.epoll()
    room = Room(poller)
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    poller.register(listener, select.EPOLLIN)
    connections: dict[int, Connection] = {}
    print(f"Listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        for fd, events in poller.poll():
            if fd == listener.fileno():
                sock, _ = listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[sock.fileno()] = Connection(sock, room)
                poller.register(sock, select.EPOLLIN)
                continue
            if events & select.EPOLLOUT:
                room.writable(fd, connections[fd].socket.send)
            if events & ~select.EPOLLOUT and not connections[fd].read():
                room.members.pop(fd, None)
                poller.unregister(fd)
                connections.pop(fd).socket.close()


if __name__ == "__main__":
    main()
