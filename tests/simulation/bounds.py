"""How much the server keeps and lets wait. With what it does by default no world of ours would ever reach an end of it;
with a handful, rooms forget events that somebody still needs, and mailboxes are full."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import attrs

from chatter import application
from chatter.actors import room, rooms, sessions
from chatter.core import log


@attrs.frozen(kw_only=True)
class Bounds:
    """`events`, `messages`: what a room keeps at hand. `waiting`: messages in a mailbox; None as by default."""

    events: int = log.EVENTS
    messages: int = log.MESSAGES
    waiting: int | None = None


@contextmanager
def applied(bounds: Bounds) -> Iterator[None]:
    with ExitStack() as patches:
        for module in (log, room):
            patches.enter_context(patch.object(module, "EVENTS", bounds.events))
            patches.enter_context(patch.object(module, "MESSAGES", bounds.messages))
        if bounds.waiting is not None:
            patches.enter_context(patch.object(rooms, "ROOM_CAPACITY", bounds.waiting))
            patches.enter_context(patch.object(sessions, "SESSION_CAPACITY", bounds.waiting))
            patches.enter_context(patch.object(application, "PRESENCE_CAPACITY", bounds.waiting))
        yield
