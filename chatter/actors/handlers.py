"""What a client may say on a topic that it joined: one function an event, as a Phoenix channel's `handle_in`.

Each checks what was said and acts on it: it answers, or has the room do it, which then answers. A refusal is raised.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs

from chatter.actors.client import Channel, Client, object_of
from chatter.actors.room_messages import MemberChanged, TypingChanged
from chatter.core import policy
from chatter.core.commands import Delete, Edit, Post, React
from chatter.core.log import Dialect
from chatter.core.model import User, new_id
from chatter.errors import Invalid, NameTaken, Unavailable
from chatter.wire import pushes
from chatter.wire.phoenix import Push


async def identify(client: Client, push: Push, _channel: Channel) -> None:
    name = policy.checked_user_name(pushes.parsed(pushes.Identify, object_of(push)).name)
    before = client.seat.user
    user = User(new_id(), name) if before is None else attrs.evolve(before, name=name)
    client.means.actions.spend(client.connection.id)
    if not await client.claim(user):
        raise NameTaken(f"Somebody else is called {name}.")
    try:
        client.become(user)
    except Unavailable:
        await client.stay(before)
        raise
    client.ok(push, {"user": user.as_payload(), "token": client.means.tokens.mint(user)})


def new_message(client: Client, push: Push, channel: Channel) -> None:
    user, asked = client.user(), pushes.parsed(pushes.NewMessage, object_of(push))
    text = policy.checked_text(_text(asked, channel))
    client_id = policy.checked_client_id(asked.client_id)
    client.means.messages.spend(user.id)
    channel.submit(push, Post(user=user, text=text, client_id=client_id))


def edit_message(client: Client, push: Push, channel: Channel) -> None:
    user, asked = client.user(), pushes.parsed(pushes.EditMessage, object_of(push))
    text = policy.checked_text(_text(asked, channel))
    client.means.actions.spend(user.id)
    channel.submit(push, Edit(user=user, message_id=asked.id, text=text))


def delete_message(client: Client, push: Push, channel: Channel) -> None:
    user, asked = client.user(), pushes.parsed(pushes.DeleteMessage, object_of(push))
    client.means.actions.spend(user.id)
    channel.submit(push, Delete(user=user, message_id=asked.id))


def react(client: Client, push: Push, channel: Channel) -> None:
    user, asked = client.user(), pushes.parsed(pushes.React, object_of(push))
    emoji = policy.checked_emoji(asked.emoji)
    client.means.actions.spend(user.id)
    channel.submit(push, React(user=user, message_id=asked.id, emoji=emoji, on=asked.on))


def typing(client: Client, push: Push, channel: Channel) -> None:
    user, asked = client.user(), pushes.parsed(pushes.Typing, object_of(push))
    client.means.actions.spend(user.id)
    channel.tell(TypingChanged(channel.member, asked.typing))
    client.ok(push, {})


def status(client: Client, push: Push, channel: Channel) -> None:
    user, asked = client.user(), pushes.parsed(pushes.Status, object_of(push))
    client.means.actions.spend(user.id)
    channel.tell(MemberChanged(channel.member))  # first: when the room can't be told, nothing has changed
    channel.member.status = asked.status
    client.ok(push, {})


async def history(client: Client, push: Push, channel: Channel) -> None:
    asked = pushes.parsed(pushes.History, object_of(push))
    client.means.actions.spend(client.rate_key)
    page = await client.store.page(channel.room_name, before=asked.before, limit=asked.limit)
    translate = channel.member.dialect.translate
    client.ok(push, {"messages": [translate(m.as_payload()) for m in page.messages], "more": page.more})


async def read(client: Client, push: Push, channel: Channel) -> None:
    user, asked = client.user(), pushes.parsed(pushes.Read, object_of(push))
    client.means.actions.spend(user.id)
    unread = await client.store.mark_read(channel.room_name, user, asked.seq)
    client.ok(push, {"unread": unread})


AT_ONCE: Final[dict[str, Callable[[Client, Push, Channel], None]]] = {
    "new_message": new_message,
    "edit_message": edit_message,
    "delete_message": delete_message,
    "react": react,
    "typing": typing,
    "status": status,
}
"""Those that never wait: they cost no coroutine."""

WAITING: Final[dict[str, Callable[[Client, Push, Channel], Awaitable[None]]]] = {
    "identify": identify,
    "history": history,
    "read": read,
}


def _text(asked: pushes.NewMessage | pushes.EditMessage, channel: Channel) -> str:
    text = asked.text if channel.member.dialect is Dialect.CHAT else asked.content
    if text is None:
        raise Invalid("The payload does not fit: the text is missing.")
    return text
