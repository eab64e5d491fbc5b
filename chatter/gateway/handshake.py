"""The opening handshake of a WebSocket (RFC 6455, 4.2) as Phoenix asks for it; pure.

Checked in this order: the request is a handshake (400), of version 13 (426), from an allowed origin (403), for a
version of the Phoenix protocol that we speak (403). Whose token it carries is the application's to say.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from hashlib import sha1
from typing import Final

import attrs

from chatter.gateway.head import Head
from chatter.gateway.origins import Origins
from chatter.gateway.responses import Refusal, switching
from chatter.wire.phoenix import WEBSOCKET_V1, WEBSOCKET_V2, Codec

PATH: Final = "/socket/websocket"
LONGPOLL_PATH: Final = "/socket/longpoll"
SUBPROTOCOL: Final = "phoenix"
TOKEN_PREFIX: Final = "base64url.bearer.phx."

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # 16 bytes, without stray bits
_VERSION: Final = re.compile(r"([12])\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?", re.ASCII)


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
    key = head.value("sec-websocket-key") or ""
    if not _KEY.fullmatch(key):
        raise Refusal(400, "invalid", "Sec-WebSocket-Key must be 16 bytes in base64.")
    if not origins.allow(head.values("origin"), head.value("host") or ""):
        raise Refusal(403, "forbidden", "This origin is not allowed.")
    try:
        parameters = head.parameters()
    except ValueError as error:
        raise Refusal(400, "invalid", "The query can't be read.") from error
    offered = head.elements("sec-websocket-protocol")
    return Handshake(
        codec=WEBSOCKET_V1 if version_of(parameters) == "1" else WEBSOCKET_V2,
        token=_offered_token(offered) or parameters.get("token") or None,
        response=switching(_accept(key), SUBPROTOCOL if SUBPROTOCOL in offered else None),
    )


def _has_body(head: Head) -> bool:
    return head.values("content-length") not in ([], ["0"]) or bool(head.values("transfer-encoding"))


def _accept(key: str) -> str:
    digest = sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    return binascii.b2a_base64(digest, newline=False).decode("ascii")


def version_of(parameters: Mapping[str, str]) -> str:
    """ "1" or "2", as `Phoenix.Socket` does: of a semantic version, the first number counts. Raises `Refusal`."""
    version = _VERSION.fullmatch(parameters.get("vsn", "1.0.0"))
    if version is None:
        raise Refusal(403, "forbidden", "This version of the protocol is not spoken here: vsn is 1.0.0 or 2.0.0.")
    return version[1]


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
