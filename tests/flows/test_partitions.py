"""Three nodes, one of which loses sight of Redis, of PostgreSQL, or of both: nobody loses anything, and it heals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import trio

from tests.postgres_server import PostgresServer

from .client import Place
from .cluster import Cluster, clustered, health, name_of
from .conftest import Connect
from .crowd import arrive, sees
from .lines import Break, Line, Lines, laid
from .regulars import Party, partying

NODES: Final = 3
FOUND_GONE: Final = 10.0
SETTLED: Final = 5.0
BROKEN_FOR: Final = 3.0


@asynccontextmanager
async def on_lines(folder: Path, postgres: PostgresServer) -> AsyncIterator[tuple[Cluster, list[Lines]]]:
    async with laid(NODES) as lines:
        through = lambda database, bus, number: lines[number - 1].addresses(database, bus)  # noqa: E731
        async with clustered(folder, postgres, NODES, through) as cluster:
            yield cluster, lines


def chosen(lines: Lines, which: str) -> list[Line]:
    return {"redis": [lines.bus], "postgres": [lines.database], "both": [lines.bus, lines.database]}[which]


async def goes_on(party: Party) -> None:
    with trio.fail_after(60):
        await party.happened(20)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", list(Break), ids=lambda how: how.value)
@pytest.mark.parametrize("which", ["redis", "postgres", "both"])
async def test_nothing_is_lost_doubled_or_moved_and_nobody_loses_their_socket(
    tmp_path: Path, postgres: PostgresServer, which: str, how: Break
) -> None:
    async with (
        on_lines(tmp_path, postgres) as (cluster, lines),
        partying(cluster, writers=6, readers=6, truth=cluster.truth) as party,
    ):
        await party.everybody_is_here()
        await goes_on(party)
        for line in chosen(lines[0], which):
            line.fail(how)
        await goes_on(party)
        await trio.sleep(BROKEN_FOR)
        for line in chosen(lines[0], which):
            line.mend()
        await goes_on(party)
        visits = [regular.visits for regular in party.regulars]
    assert visits == [1] * 12


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", list(Break), ids=lambda how: how.value)
async def test_people_beyond_a_break_leave_within_ten_seconds_and_come_back_without_flapping(
    tmp_path: Path, postgres: PostgresServer, dial: Connect, how: Break
) -> None:
    async with on_lines(tmp_path, postgres) as (cluster, lines):
        ann, bob, cleo = [
            await arrive(dial, node, name) for node, name in zip(cluster.nodes, ("ann", "bob", "cleo"), strict=True)
        ]
        for place in (ann, bob, cleo):
            await sees(place, ann, bob, cleo)
        before = [len(changes(place)) for place in (ann, bob, cleo)]
        lines[0].bus.fail(how)
        broken = trio.current_time()
        await sees(bob, bob, cleo)
        await sees(cleo, bob, cleo)
        await sees(ann, ann)
        assert trio.current_time() - broken < FOUND_GONE + 2  # what the machine needs for it is not the lease's
        assert await health(cluster.nodes[0]) == [name_of(1)]
        assert await health(cluster.nodes[1]) == await health(cluster.nodes[2]) == [name_of(2), name_of(3)]
        await ann.say("can you hear me?")
        await bob.caught_up(1)  # from the database
        lines[0].bus.mend()
        for place in (ann, bob, cleo):
            await sees(place, ann, bob, cleo)
        await trio.sleep(SETTLED)
        a, b, c = [changes(place)[start:] for place, start in zip((ann, bob, cleo), before, strict=True)]
        assert b == c == [("leaves", ann.user["id"]), ("joins", ann.user["id"])]
        others = {bob.user["id"], cleo.user["id"]}
        assert [kind for kind, _ in a] == ["leaves", "leaves", "joins", "joins"]
        assert {who for _, who in a[:2]} == {who for _, who in a[2:]} == others
        await cluster.know_each_other()


def changes(place: Place) -> list[tuple[str, str]]:
    """Who came and who left, one after the other."""
    heard = [message.payload for message in place.client.heard if message.event == "presence_diff"]
    return [(kind, who) for diff in heard for kind in ("leaves", "joins") for who in sorted(diff[kind])]
