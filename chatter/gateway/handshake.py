"""The opening handshake of a WebSocket (RFC 6455, 4.2) as Phoenix asks for it; pure.

Checked in this order: the request is a handshake (400), of version 13 (426), from an allowed origin (403), for a
version of the Phoenix protocol that we speak (403). Whose token it carries is the application's to say.
"""

import base64
import binascii
import re
from hashlib import sha1
from typing import Final

import attrs

from chatter.gateway.head import Head
from chatter.gateway.origins import Origins
from chatter.gateway.responses import refusal, switching
from chatter.wire.phoenix import WEBSOCKET_V1, WEBSOCKET_V2, Codec

PATH: Final = "/socket/websocket"
SUBPROTOCOL: Final = "phoenix"
TOKEN_PREFIX: Final = "base64url.bearer.phx."

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION: Final = re.compile(r"([12])\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?", re.ASCII)


class Refusal(Exception):
    """The handshake is not completed; `response` says why."""

    def __init__(self, status: int, reason: str, message: str, *headers: str) -> None:
        super().__init__(message)
        self.response = refusal(status, reason, message, *headers)


@attrs.frozen
class Handshake:
    """A handshake that may be completed with `response`, if `token` is good."""

    codec: Codec
    token: str | None
    response: bytes


def is_handshake(head: Head) -> bool:
    """Whether the request is for our WebSocket; all others are other people's."""
    return head.method == "GET" and head.has_token("upgrade", "websocket") and head.path == PATH


def shake_hands(head: Head, origins: Origins) -> Handshake:
    """Raises `Refusal`."""
    if head.version != "1.1" or not head.has_token("connection", "upgrade") or _has_body(head):
        raise Refusal(400, "invalid", "Not a WebSocket handshake.")
    if head.values("sec-websocket-version") != ["13"]:
        upgrade = ("Upgrade: websocket", "Sec-WebSocket-Version: 13")
        raise Refusal(426, "invalid", "Only WebSocket version 13 is spoken here.", *upgrade)
    key = _checked_key(head)
    if not origins.allow(head.values("origin"), head.value("host") or ""):
        raise Refusal(403, "forbidden", "This origin is not allowed.")
    offered = [part.strip() for value in head.values("sec-websocket-protocol") for part in value.split(",")]
    response = switching(_accept(key), SUBPROTOCOL if SUBPROTOCOL in offered else None)
    try:
        return Handshake(_codec(head), _offered_token(offered) or head.parameter("token") or None, response)
    except ValueError as error:
        raise Refusal(400, "invalid", "The query can't be read.") from error


def _has_body(head: Head) -> bool:
    return head.values("content-length") not in ([], ["0"]) or bool(head.values("transfer-encoding"))


def _checked_key(head: Head) -> bytes:
    key = (head.value("sec-websocket-key") or "").encode("latin-1")
    try:
        if len(base64.b64decode(key, validate=True)) == 16:
            return key
    except binascii.Error:
        pass
    raise Refusal(400, "invalid", "Sec-WebSocket-Key must be 16 bytes in base64.")


def _accept(key: bytes) -> str:
    return base64.b64encode(sha1(key + _GUID, usedforsecurity=False).digest()).decode("ascii")


def _codec(head: Head) -> Codec:
    """As `Phoenix.Socket` does: a semantic version, 1.0.0 unless it is said."""
    asked = head.parameter("vsn")
    version = _VERSION.fullmatch("1.0.0" if asked is None else asked)
    if version is None:
        raise Refusal(403, "forbidden", "This version of the protocol is not spoken here: vsn is 1.0.0 or 2.0.0.")
    return WEBSOCKET_V1 if version[1] == "1" else WEBSOCKET_V2


def _offered_token(offered: list[str]) -> str | None:
    """phoenix.js (`authToken`) offers it as a subprotocol, in base64 of either alphabet without padding."""
    for protocol in offered:
        if protocol.startswith(TOKEN_PREFIX):
            encoded = protocol.removeprefix(TOKEN_PREFIX).rstrip("=").translate({ord("+"): "-", ord("/"): "_"})
            try:
                return base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True).decode()
            except ValueError as error:
                raise Refusal(403, "forbidden", "The token can't be read.") from error
    return None
