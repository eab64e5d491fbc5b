"""A middlebox between browser and server, as companies have them: it forwards HTTP, and WebSockets only if it likes."""

import socket
import threading
from contextlib import suppress

HEAD_SIZE = 64 * 1024


class Middlebox:
    """`lets_websockets_through` may change at any time, for what is opened from then on. `cut` breaks everything that
    goes through, and what comes after, until `mend`. `close` ends it all."""

    def __init__(self, server_port: int, *, lets_websockets_through: bool = True) -> None:
        self.lets_websockets_through = lets_websockets_through
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._swallowed: set[socket.socket] = set()
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def cut(self) -> None:
        self._is_cut = True
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def swallow(self) -> None:
        """Nothing goes through any more of what is open now, and nobody is told."""
        self._swallowed |= self._open

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._is_cut:
            client.close()
            return
        with client, suppress(OSError):
            head = client.recv(HEAD_SIZE, socket.MSG_PEEK)
            while head and b"\r\n\r\n" not in head:
                head = client.recv(HEAD_SIZE, socket.MSG_PEEK)
            if b"upgrade: websocket" in head.lower() and not self.lets_websockets_through:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self._server_port)) as server:
                self._open |= {client, server}
                back = threading.Thread(target=self._pour, args=(server, client), daemon=True)
                back.start()
                self._pour(client, server)
                back.join()
                self._open -= {client, server}

    def _pour(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(HEAD_SIZE):
                if source not in self._swallowed:
                    target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
