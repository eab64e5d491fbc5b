"""picows on uvloop: the fastest WebSocket library for Python, one `send` a member."""

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.fleet import raise_file_limit
from bench.peers.phoenix import answer

members: set[WSTransport] = set()


class Member(WSListener):
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            transport.disconnect()
            return
        said = answer(frame.get_payload_as_utf8_text())
        if said.joins:
            members.add(transport)
        if said.broadcast:
            payload = said.broadcast.encode()
            for member in members:
                member.send(WSMsgType.TEXT, payload)
        transport.send(WSMsgType.TEXT, said.reply.encode())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        members.discard(transport)


def welcome(_: WSUpgradeRequest) -> Member:
    return Member()


async def main() -> None:
    server = await ws_create_server(welcome, "127.0.0.1", 0, backlog=4096)
    print(f"Listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main())
