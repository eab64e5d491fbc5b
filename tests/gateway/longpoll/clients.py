"""Clients of a gateway in memory, with a long-poll session of their own or without."""

from tests.gateway.client import Client
from tests.gateway.longpoll.client import LongPollClient
from tests.gateway.stage import Session, Stage


def stranger(stage: Stage, query: str = "vsn=2.0.0", **headers: str) -> LongPollClient:
    async def dial() -> Client:
        return stage.dial_memory()

    return LongPollClient(dial, query, **headers)


async def begun(stage: Stage, query: str = "vsn=2.0.0", **headers: str) -> LongPollClient:
    """Somebody who has a session."""
    client = stranger(stage, query, **headers)
    assert (await client.begin())["status"] == 410
    return client


def another(stage: Stage, of: LongPollClient) -> LongPollClient:
    """Another connection of the same client."""
    client = stranger(stage, of.query, **of.headers)
    client.token = of.token
    return client


async def name_of(client: LongPollClient) -> str:
    """Who the session takes them for."""
    await client.post(b"who am I?")
    [message] = await client.poll()
    return message.partition(":")[0]


class Stubborn(Session):
    """Hears, and handles nothing."""

    def _read(self) -> None:
        self._connection.peek()
