"""What can be asked of a room's log: a closed union, the same for sockets, REST and bots.

A command is complete when it is made: it names who asks and carries the id and time that the change will have.
So a command that is run twice (a retry after a crash) is recognised by its `id` and changes nothing the second
time.
"""

import attrs

from chatter.core.model import User, new_id, now
from chatter.frozen import frozen


@frozen(kw_only=True)
class Post:
    """Say something. `id` becomes the message's id; `client_id` makes the sender's own retries harmless."""

    user: User
    text: str
    client_id: str | None = None
    id: str = attrs.Factory(new_id)
    at: str = attrs.Factory(now)


@frozen(kw_only=True)
class Edit:
    """Replace the text of message `message_id`: its author's right, and a moderator's."""

    user: User
    message_id: str
    text: str
    at: str = attrs.Factory(now)
    id: str = attrs.Factory(new_id)


@frozen(kw_only=True)
class Delete:
    """Turn message `message_id` into a tombstone: its author's right, and a moderator's."""

    user: User
    message_id: str
    at: str = attrs.Factory(now)
    id: str = attrs.Factory(new_id)


@frozen(kw_only=True)
class React:
    """Put one's reaction on message `message_id` (`on`), or take it off."""

    user: User
    message_id: str
    emoji: str
    on: bool
    at: str = attrs.Factory(now)
    id: str = attrs.Factory(new_id)


Command = Post | Edit | Delete | React
