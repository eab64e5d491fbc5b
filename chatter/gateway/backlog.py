"""What a socket could not take at once."""

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

_AT_ONCE: Final = 64


class Backlog:
    """Writes that wait, in order. They are kept as they are, not copied: a thousand slow readers of one room hold the
    very same bytes. Exists only while something waits."""

    __slots__ = ("_begun", "_chunks", "_size")

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._begun = 0  # how much of the first is gone
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._chunks)

    @property
    def behind(self) -> int:
        """Bytes that wait behind the write that is under way."""
        return self._size - len(self._chunks[0]) if self._chunks else 0

    def add(self, data: bytes, begun: int = 0) -> None:
        """One more write; `begun` bytes of it are gone, if it is the first."""
        if len(data) > begun:
            self._begun = begun or self._begun
            self._chunks.append(data)
            self._size += len(data)

    def take(self, most: int) -> bytes:
        """The next bytes to send, `most` at most: they are on their way. Nothing when nothing waits."""
        piece = self._chunks[0][self._begun : self._begun + most] if self._chunks else b""
        self._sent(len(piece))
        return piece

    def send(self, send: Callable[[list[memoryview | bytes]], int]) -> int:
        """Give `send` (a socket's `sendmsg`) the oldest writes until it takes no more; how many bytes it took.

        Raises what `send` does, `BlockingIOError` too, with everything accounted for.
        """
        total = 0
        while self._chunks:
            pieces: list[memoryview | bytes] = list(islice(self._chunks, _AT_ONCE))
            if self._begun:
                pieces[0] = memoryview(pieces[0])[self._begun :]
            size = sum(map(len, pieces))
            try:
                sent = send(pieces)
            except BlockingIOError:
                break
            self._sent(sent)
            total += sent
            if sent < size:
                break
        return total

    def _sent(self, count: int) -> None:
        count += self._begun
        chunks = self._chunks
        while chunks and count >= len(chunks[0]):
            size = len(chunks.popleft())
            count -= size
            self._size -= size
        self._begun = count

    def cut(self) -> None:
        """Drop what is not begun: what follows goes right behind the write that is under way."""
        begun = self._chunks[0] if self._begun else b""
        self._chunks.clear()
        self._size = 0
        self.add(begun, self._begun)
