"""WebSockets are blocked in one way or another: phoenix.js falls back to long-poll, and everything works."""

import pytest

from tests.flows.conftest import unique
from tests.flows.server import Server

from .people import Stage
from .proxy import Spite, proxied


@pytest.mark.parametrize("spite", Spite, ids=lambda spite: spite.name.lower())
async def test_with_websockets_blocked_one_talks_over_long_poll(
    server: Server, node: Stage, room: str, spite: Spite
) -> None:
    topic = f"chat:{room}"
    bob = await node.connected()
    await bob.join(topic)
    await bob.identify(topic, unique("bob"))
    async with proxied(server.address, spite) as proxy:
        ann = await node.make(proxy.url, longPollFallbackMs=300)
        first = await ann.connect()
        established = await ann.next("open") if spite is Spite.STARVES else first
        assert (proxy.handshakes, established["transport"]) == (1, "LongPoll")
        await ann.join(topic)
        await ann.identify(topic, unique("ann"))
        await ann.say(topic, "hello from behind the proxy")
        assert (await bob.hears(topic, "new_message"))["text"] == "hello from behind the proxy"
        await bob.say(topic, "hello there")
        await ann.hears(topic, "new_message")
        assert (await ann.hears(topic, "new_message"))["text"] == "hello there"
        people = {person.user["id"]: [person.user["name"]] for person in (ann, bob)}
        await ann.sees(topic, people)
        await ann.order("disconnect")
        assert (await ann.connect())["transport"] == "LongPoll"
        assert proxy.handshakes == 1


async def test_with_a_good_websocket_it_stays_with_it(node: Stage, room: str) -> None:
    ann = await node.make(longPollFallbackMs=300)
    assert (await ann.connect())["transport"] == "WebSocket"
    await ann.join(f"chat:{room}")
    await ann.order("idle", seconds=0.6)
    await ann.order("ping")
    assert len(ann.all("open")) == 1
