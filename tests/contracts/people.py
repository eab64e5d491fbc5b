"""Who posts in these tests: Ann begins things, Bob answers and meddles, Mia keeps order."""

from typing import Final, TypeVar

from chatter.core.commands import Command, Post
from chatter.core.model import User
from chatter.stores.port import Known, Outcome, Store, Stored

ANN: Final = User("u-ann", "Ann")
BOB: Final = User("u-bob", "Bob", avatar="bob.png")
MIA: Final = User("u-mia", "Mia", moderator=True)

T = TypeVar("T", Stored, Known)


async def says(store: Store, user: User, text: str, *, room: str = "lobby", client_id: str | None = None) -> str:
    """The id of a new message."""
    post = Post(user=user, text=text, client_id=client_id)
    a(Stored, await one(store, post, room=room))
    return post.id


async def one(store: Store, command: Command, *, room: str = "lobby") -> Outcome:
    [outcome] = await store.append(room, [command])
    return outcome


def a(kind: type[T], outcome: Outcome) -> T:
    """The outcome, which has to be of that kind."""
    assert isinstance(outcome, kind), outcome
    return outcome
