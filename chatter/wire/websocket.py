"""WebSocket frames (RFC 6455) as a server sends them, and as it reads them."""

from typing import Final

TEXT: Final = 0x1


def text_frame(payload: bytes) -> bytes:
    """One unmasked, unfragmented text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), payload)
