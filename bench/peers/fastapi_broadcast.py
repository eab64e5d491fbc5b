"""FastAPI as its documentation shows a chat: a set of WebSockets, `send_text` to each in turn."""

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from bench.peers.asgi import serve
from bench.peers.phoenix import answer

application = FastAPI()
members: set[WebSocket] = set()


@application.websocket("/socket/websocket")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            said = answer(await websocket.receive_text())
            if said.joins:
                members.add(websocket)
            if said.broadcast:
                for member in list(members):
                    await member.send_text(said.broadcast)
            await websocket.send_text(said.reply)
    except WebSocketDisconnect:
        members.discard(websocket)


if __name__ == "__main__":
    serve(application)
