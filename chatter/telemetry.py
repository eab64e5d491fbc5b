"""What happens inside, as typed events for whoever listens: logs, metrics, the live tree.

Nobody logs inline. Who has news calls `Telemetry.emit`; who cares subscribes to a type. A listener is called at once,
in the emitter's task: it must be quick, and must not raise.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")


class Telemetry:
    """One per application. An event that nobody subscribed to costs a dictionary look-up."""

    def __init__(self) -> None:
        self._listeners: dict[type, tuple[Callable[[Any], None], ...]] = defaultdict(tuple)

    def subscribe(self, kind: type[E], listener: Callable[[E], None]) -> None:
        self._listeners[kind] = (*self._listeners[kind], listener)

    def emit(self, event: object) -> None:
        for listener in self._listeners.get(type(event), ()):
            listener(event)
