"""The one port: accepts sockets, reads request heads, speaks WebSocket and long-poll, and leaves other HTTP to the
application's own, through Hypercorn."""

from chatter.gateway.connection import WebSocketConnection
from chatter.gateway.gateway import Gateway, GatewayStatistics
from chatter.gateway.house import House
from chatter.gateway.limits import Limits
from chatter.gateway.network import Network, System
from chatter.gateway.streams import StreamConnection
from chatter.gateway.sweeper import Sweeper
from chatter.gateway.tls import server_context

__all__ = [
    "Gateway",
    "GatewayStatistics",
    "House",
    "Limits",
    "Network",
    "StreamConnection",
    "Sweeper",
    "System",
    "WebSocketConnection",
    "server_context",
]
