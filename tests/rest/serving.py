"""A house that REST serves, with its real actors and its database; who comes to it; and what they expect."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import trio
from quart import Response
from quart_trio.testing import TrioClient

from chatter import rest
from chatter.actors.abroad import Nodes
from chatter.actors.child import FOREVER, ChildSpec, actor
from chatter.actors.mailbox import Mailbox
from chatter.actors.presence import Presence, PresenceMessage
from chatter.actors.rooms import Directory, DirectoryMessage, Rooms, RoomTable
from chatter.bus.local import LocalBus
from chatter.core.model import User
from chatter.core.rate import RateLimit
from chatter.stores.sqlite import SqliteStore
from chatter.supervisor import DynamicSupervisor, Supervisor
from chatter.tokens import Tokens

ANN: Final = User("u-ann", "Ann")
BOB: Final = User("u-bob", "Bob", avatar="bob.png")
TOKENS: Final = Tokens("a key that only these tests know")
BURST: Final = 3

Client = TrioClient


@attrs.define
class Clock:
    """Time passes when a test says so."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def house(store: SqliteStore, static: Path, **parts: Any) -> rest.House:
    """A house in which nothing runs, unless `parts` bring what does."""
    clock = parts.pop("clock", Clock())
    directory: Mailbox[DirectoryMessage] = Mailbox("directory")
    standing: dict[str, Any] = {
        "rooms": Rooms(RoomTable(), directory.ref, store),
        "tokens": TOKENS,
        "messages": RateLimit(2, BURST, clock),
        "actions": RateLimit(2, BURST, clock),
        "claims": LocalBus().claims,
        "disconnect": _nobody,
        "node": "node-1",
        "nodes": lambda: ["node-1", "node-2"],
        "static": static,
        "metrics": lambda: b"chatter_rooms 1.0\n",
        "clock": clock,
    }
    return rest.House(**(standing | parts))


async def _nobody(_user_id: str) -> None:
    """Nobody is connected."""


@asynccontextmanager
async def running_house(folder: Path, clock: Clock) -> AsyncIterator[rest.House]:
    """A house whose store, presence and rooms run as long as the block."""
    store = SqliteStore(folder / "chatter.db")
    presence: Mailbox[PresenceMessage] = Mailbox("presence")
    directory: Mailbox[DirectoryMessage] = Mailbox("directory")
    table, runners, bus = RoomTable(), DynamicSupervisor("runners"), LocalBus()
    children = [
        ChildSpec("store", lambda: store),
        actor(presence, lambda: Presence(presence, table.tell_presence, Nodes("n1"), bus)),
        ChildSpec("runners", lambda: runners, shutdown=FOREVER),
        actor(directory, lambda: Directory(directory, table, runners, store, presence.ref, bus)),
    ]
    root = Supervisor("house", children)
    async with trio.open_nursery() as nursery:
        started = trio.Event()
        nursery.start_soon(root.run, started.set)
        await started.wait()
        rooms = Rooms(table, directory.ref, store)
        yield house(store, folder / "static", rooms=rooms, claims=bus.claims, clock=clock)
        root.stop()


def by(user: User) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {TOKENS.mint(user)}"}


async def told(response: Response, status: int = 200) -> Any:
    """The JSON of an answer that has to have this status."""
    answer = await response.get_json()
    assert response.status_code == status, answer
    assert response.content_type == "application/json"
    return answer


async def refused(response: Response, status: int, reason: str) -> dict[str, Any]:
    """The error of an answer that has to be this refusal, with a sentence for people."""
    answer = await told(response, status)
    assert answer.keys() == {"error"}
    error: dict[str, Any] = answer["error"]
    assert error["reason"] == reason
    assert error["message"].endswith((".", ")")) or "does not fit" in error["message"] or "not JSON" in error["message"]
    return error


async def says(client: Client, user: User, text: str, *, room: str = "lobby", **more: str) -> dict[str, Any]:
    """The reply to a message that was let through."""
    response = await client.post(f"/api/channels/{room}/messages", json={"text": text, **more}, headers=by(user))
    posted: dict[str, Any] = await told(response, 201)
    return posted


async def texts(client: Client, query: str = "", *, room: str = "lobby") -> list[str]:
    answer = await told(await client.get(f"/api/channels/{room}/messages{query}"))
    return [message["text"] for message in answer["messages"]]
