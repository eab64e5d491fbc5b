"""Serve an ASGI application on uvicorn with uvloop, pings off, and say where."""

import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from bench.fleet import raise_file_limit


class Announcing(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            print(f"Listening on http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)


def serve(application: Callable[..., Any]) -> None:
    raise_file_limit()
    config = uvicorn.Config(
        application,
        loop="uvloop",
        log_level="warning",
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        backlog=4096,
    )
    Announcing(config).run([socket.create_server(("127.0.0.1", 0), backlog=4096)])
