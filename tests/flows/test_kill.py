"""`kill -9` under load: what was acknowledged is there, once, in order, and who comes back misses nothing.

`pytest tests/flows/test_kill.py --kills 50` kills fifty times instead of twenty.
"""

from pathlib import Path
from random import Random

import pytest
import trio

from .regulars import partying
from .server import Server

KILLS = 20
MOST_A_LIFE = 200


@pytest.mark.timeout(900)
async def test_nothing_is_lost_doubled_or_moved_when_the_server_is_killed_again_and_again(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    kills = pytestconfig.getoption("--kills", None) or KILLS  # unknown when all tests are run
    chance = Random(kills)
    async with Server(tmp_path, "--message-rate", "0") as server, partying(server, writers=5, readers=5) as party:
        for _ in range(kills):
            with trio.fail_after(30):
                await party.happened(chance.randint(1, MOST_A_LIFE))
            server.kill()
            await server.again()
    print(f"\n{kills} kills, {party.done} acknowledged, {sum(regular.visits for regular in party.regulars)} visits")
    assert party.done > kills
    assert all(regular.visits > kills // 2 for regular in party.regulars)
