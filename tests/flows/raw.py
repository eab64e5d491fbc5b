"""A WebSocket without manners: it sends whatever bytes it is told to, and reads only when it is told to."""

import base64
import os
import struct
from typing import Final

import trio

from .client import PATIENCE

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9


class Raw:
    """After its handshake. Frames are masked, as a client's must be, unless said otherwise."""

    def __init__(self, stream: trio.SocketStream, unread: bytes) -> None:
        self.stream = stream
        self._unread = unread

    async def send(self, data: bytes) -> None:
        with trio.fail_after(PATIENCE):
            await self.stream.send_all(data)

    async def say(self, text: str | bytes) -> None:
        """A whole text frame."""
        await self.send(frame(TEXT, text.encode() if isinstance(text, str) else text))

    async def hear(self) -> tuple[int, bytes]:
        """The next frame: its opcode and payload. `EndOfStream` behind the last."""
        with trio.fail_after(PATIENCE):
            first, size = await self._take(2)
            if size > 125:
                size = int.from_bytes(await self._take(2 if size == 126 else 8), "big")
            return first & 0x0F, await self._take(size)

    async def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            try:
                data = bytes(await self.stream.receive_some(65536))
            except trio.BrokenResourceError:
                data = b""
            if not data:
                raise EndOfStream
            self._unread += data
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    async def closing(self) -> int | None:
        """The code of the close frame, whatever comes before; None when the stream ends, or is reset, without."""
        try:
            while True:
                opcode, payload = await self.hear()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2], "big")
        except EndOfStream:
            return None


class EndOfStream(Exception):
    """Nothing comes any more."""


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, size: int | None = None) -> bytes:
    """One frame; `size` instead of the true one."""
    size = len(payload) if size is None else size
    mask = b"\x01\x02\x03\x04" if masked else b""
    head = bytes([fin << 7 | opcode])
    if size < 126:
        head += bytes([masked << 7 | size])
    elif size < 65536:
        head += bytes([masked << 7 | 126]) + struct.pack(">H", size)
    else:
        head += bytes([masked << 7 | 127]) + struct.pack(">Q", size)
    return head + mask + (_masked(payload, mask) if masked else payload)


def _masked(payload: bytes, mask: bytes) -> bytes:
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")


async def knock(address: tuple[str, int], query: str = "vsn=2.0.0", *, buffer: int | None = None) -> Raw:
    """Shake hands. `buffer`: bytes that the kernel may hold for us unread."""
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET /socket/websocket?{query} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    stream = await connected(address, buffer)
    with trio.fail_after(PATIENCE):
        await stream.send_all(request.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = await stream.receive_some(4096)
            assert data, answer
            answer += data
    assert answer.startswith(b"HTTP/1.1 101 "), answer
    return Raw(stream, answer.partition(b"\r\n\r\n")[2])


async def connected(address: tuple[str, int], buffer: int | None = None) -> trio.SocketStream:
    """Plain TCP."""
    plain = trio.socket.socket()
    if buffer is not None:
        plain.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, buffer)
    with trio.fail_after(PATIENCE):
        await plain.connect(address)
    return trio.SocketStream(plain)
