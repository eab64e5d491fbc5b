"""WebSocket bytes as a client writes and reads them: only what the load generator needs.

Frames are masked with the key 0, which is legal, costs the server the same work as any other key and costs us none.
"""

import struct

FIN_TEXT = 0x81
MASKED = 0x80
CLOSE = 0x8
HEADERS_END = b"\r\n\r\n"


def client_frame(text: str) -> bytes:
    """One masked text frame of up to 64 KiB."""
    payload = text.encode()
    size = len(payload)
    head = bytes((FIN_TEXT, MASKED | size)) if size < 126 else struct.pack("!BBH", FIN_TEXT, MASKED | 126, size)
    return head + bytes(4) + payload


def handshake(path: str, host: str, port: int) -> bytes:
    """The opening request; the key is fixed, for nobody checks that it is random."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def frame_end(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Where the payload of the server's frame at `start` begins and ends; None while bytes are missing."""
    have = len(data) - start
    if have < 2:
        return None
    size, begin = data[start + 1], start + 2
    if size == 126:
        if have < 4:
            return None
        size, begin = int.from_bytes(data[start + 2 : start + 4], "big"), start + 4
    elif size == 127:
        if have < 10:
            return None
        size, begin = int.from_bytes(data[start + 2 : start + 10], "big"), start + 10
    return (begin, begin + size) if len(data) >= begin + size else None
