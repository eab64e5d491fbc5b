"""What waits to be told to others: bounded, and the oldest gives way."""

from collections import deque


class Outbox:
    """At most `messages`, and about `size` bytes, wait; `dropped` counts what gave way."""

    def __init__(self, messages: int, size: int) -> None:
        self.dropped = 0
        self._messages = messages
        self._size = size
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, channel: str, data: bytes) -> None:
        self._waiting.append((channel, data))
        self._bytes += len(data)
        while len(self._waiting) > self._messages or (self._bytes > self._size and len(self._waiting) > 1):
            self._take()
            self.dropped += 1

    def take(self, most: int) -> list[tuple[str, bytes]]:
        """The oldest, `most` at the most."""
        return [self._take() for _ in range(min(most, len(self._waiting)))]

    def _take(self) -> tuple[str, bytes]:
        channel, data = self._waiting.popleft()
        self._bytes -= len(data)
        return channel, data

    def clear(self) -> None:
        self.dropped += len(self._waiting)
        self._waiting.clear()
        self._bytes = 0
