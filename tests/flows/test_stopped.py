"""The whole process stands still for longer than clients have patience (SIGSTOP, a suspended machine), and goes on."""

import signal
from pathlib import Path
from typing import Final

import trio

from .regulars import partying
from .server import Server

IMPATIENT: Final = 1.0
STILL: Final = 3.5


async def test_who_gave_up_comes_back_and_nothing_is_lost(tmp_path: Path) -> None:
    async with (
        Server(tmp_path, "--message-rate", "0") as server,
        partying(server, writers=4, readers=4, patience=IMPATIENT) as party,
    ):
        for _ in range(2):
            with trio.fail_after(20):
                await party.happened(200)
            here, done = [regular.visits for regular in party.regulars], party.done
            server.signal(signal.SIGSTOP)
            await trio.sleep(STILL)
            assert party.done - done < 100, "it did not stop"
            assert all(regular.place is None for regular in party.regulars)
            server.signal(signal.SIGCONT)
            with trio.fail_after(20):
                await party.happened(200)
                while any(regular.visits == before for regular, before in zip(party.regulars, here, strict=True)):  # noqa: ASYNC110
                    await trio.sleep(0.01)
