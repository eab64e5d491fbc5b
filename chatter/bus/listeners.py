"""Who listens on this node, by channel: what all adapters share."""

from collections.abc import Callable, Iterator

import attrs


@attrs.frozen(eq=False)
class Listener:
    """One subscription."""

    channel: str
    heard: Callable[[bytes], None]
    missed: Callable[[], None]
    _forget: Callable[["Listener"], None]

    def end(self) -> None:
        self._forget(self)


class Listeners:
    """`changed` is called when a channel gets its first listener or loses its last."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._of: dict[str, dict[Listener, None]] = {}

    def __contains__(self, channel: str) -> bool:
        return channel in self._of

    def __iter__(self) -> Iterator[str]:
        """The channels somebody listens to."""
        return iter(self._of)

    def add(self, channel: str, heard: Callable[[bytes], None], missed: Callable[[], None]) -> Listener:
        listener = Listener(channel, heard, missed, self._forget)
        first = channel not in self._of
        self._of.setdefault(channel, {})[listener] = None
        if first:
            self._changed()
        return listener

    def _forget(self, listener: Listener) -> None:
        others = self._of.get(listener.channel, {})
        if others.pop(listener, self) is None and not others:
            del self._of[listener.channel]
            self._changed()

    def hear(self, channel: str, data: bytes) -> None:
        for listener in list(self._of.get(channel, ())):
            listener.heard(data)

    def have_missed(self, channel: str) -> None:
        for listener in list(self._of.get(channel, ())):
            listener.missed()
