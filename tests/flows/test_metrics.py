"""What Prometheus reads of a server that people are connected to."""

from pathlib import Path

import pytest

from chatter.gateway.uring import Ring

from .client import TurnedAway
from .conftest import Connect, Rest, calling
from .server import Server


async def figures(rest: Rest) -> dict[str, float]:
    lines = (await rest.client.get("/metrics")).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


async def test_connections_are_told_by_kind_and_the_door_keeps_count(tmp_path: Path, dial: Connect) -> None:
    ring = Ring.open()
    with Server(tmp_path) as server:
        async with calling(server) as rest:
            people = [await dial(server.socket_url) for _ in range(3)]
            with pytest.raises(TurnedAway):
                await dial(server.socket_url, query="vsn=9.0.0")
            read = await figures(rest)
            assert read['chatter_connections{kind="websockets"}'] == read["chatter_sessions"] == 3
            assert read['chatter_connections{kind="http"}'] == 1
            assert read['chatter_connections{kind="longpolls"}'] == 0
            assert (read["chatter_handshakes_total"], read["chatter_refusals_total"]) == (3, 1)
            assert read["chatter_io_uring"] == (ring is not None)
            await people[0].leave()
            assert (await figures(rest))['chatter_connections{kind="websockets"}'] == 2
    if ring is not None:
        ring.close()
