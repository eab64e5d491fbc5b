"""python-socketio, ASGI on uvicorn with uvloop: a room and `emit`."""

from typing import Any

import socketio

from bench.peers.asgi import serve
from bench.peers.phoenix import new_message

server = socketio.AsyncServer(async_mode="asgi", ping_interval=3600, cors_allowed_origins=[])


async def join(sid: str, _: object) -> dict[str, str]:
    await server.enter_room(sid, "lobby")
    return {"status": "ok"}


async def post(_: str, payload: dict[str, Any]) -> dict[str, str]:
    await server.emit("new_message", new_message(payload["text"]), room="lobby")
    return {"status": "ok"}


server.on("join", join)
server.on("new_message", post)

if __name__ == "__main__":
    serve(socketio.ASGIApp(server))
