"""Who is there, worked out as Phoenix's clients do."""

from collections.abc import Awaitable, Callable
from typing import Any

import trio

from .client import Client, Place
from .server import Reachable


class Crowd:
    """From a state and diffs: user ids, and what is there of each by `phx_ref`."""

    def __init__(self, place: Place) -> None:
        self.metas: dict[str, dict[str, Any]] = {}
        self._place = place
        self._at = 0

    def tabs(self, person: Place) -> int:
        return len(self.metas.get(person.user["id"], {}))

    def has_tabs(self, person: Place, count: int) -> bool:
        return self.tabs(person) == count

    async def until(self, true: Callable[[], bool]) -> None:
        self.look()
        while not true():
            await self._place.next("presence_diff")
            self.look()

    def look(self) -> None:
        """Take in all that was heard."""
        heard = self._place.client.heard
        for message in heard[self._at :]:
            if message.topic == self._place.topic:
                self._take(message.event, message.payload)
        self._at = len(heard)

    def _take(self, event: str, payload: Any) -> None:
        if event == "presence_state":
            self.metas = {}
            self._join(payload)
        elif event == "presence_diff":
            self._join(payload["joins"])
            self._leave(payload["leaves"])

    def _join(self, people: Any) -> None:
        for user_id, person in people.items():
            self.metas.setdefault(user_id, {}).update({meta["phx_ref"]: meta for meta in person["metas"]})

    def _leave(self, people: Any) -> None:
        for user_id, person in people.items():
            for meta in person["metas"]:
                self.metas.get(user_id, {}).pop(meta["phx_ref"], None)
            if not self.metas.get(user_id):
                self.metas.pop(user_id, None)


async def arrive(dial: Callable[..., Awaitable[Client]], server: Reachable, name: str) -> Place:
    """Somebody new in the lobby."""
    client = await dial(server.socket_url)
    place = await client.join("chat:lobby")
    await place.identify(name)
    return place


async def sees(place: Place, *people: Place) -> None:
    """Until these are here, and nobody else."""
    expected = {person.user["id"] for person in people}
    with trio.fail_after(20):
        while True:
            crowd = Crowd(place)
            crowd.look()
            if set(crowd.metas) == expected:
                return
            await trio.sleep(0.05)
