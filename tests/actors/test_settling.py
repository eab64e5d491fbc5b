"""What a drain relies on: when sessions have settled, all that their sockets said is done, and answered."""

import trio

from chatter.actors.presence import Hush
from chatter.actors.settling import Settle, settle
from tests.actors.stage import LOBBY, Stage
from tests.memory_store import MemoryStore

SLOW = 1.5


def slow(store: MemoryStore) -> None:
    async def at(point: str) -> None:
        if point == "append":
            await trio.sleep(SLOW)

    store.at = at


async def test_sessions_have_settled_when_all_that_came_in_is_answered(stage: Stage, store: MemoryStore) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    slow(store)
    refs = [await ann.push(LOBBY, "new_message", {"text": str(n)}) for n in range(100)]
    joined = await bob.push("text_channel:lobby", "phx_join", {})
    before = trio.current_time()
    await trio.sleep(0.001)  # on the server's side by now
    await stage.sessions.settle([ann.connection.id, bob.connection.id])
    assert SLOW <= trio.current_time() - before < 3 * SLOW
    said = b"".join(ann.connection.writes)
    assert all(f'"{ref}","{LOBBY}","phx_reply",{{"status":"ok"'.encode() in said for ref in refs)
    assert (await bob.reply(joined)).status == "ok"


async def test_with_nothing_to_do_it_takes_no_time(stage: Stage) -> None:
    ann = await stage.member("Ann")
    before = trio.current_time()
    await stage.sessions.settle([ann.connection.id, "nobody"])
    await stage.sessions.settle([])
    assert trio.current_time() == before


async def test_who_crashes_meanwhile_is_waited_for_in_its_next_life(stage: Stage, store: MemoryStore) -> None:
    ann = await stage.member("Ann")
    slow(store)
    ref = await ann.push(LOBBY, "new_message", {"text": "hello"})
    await trio.sleep(0.1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.sessions.settle, [ann.connection.id])
        await trio.sleep(0.1)
        ann.session.kill("drill")
        stage.room().kill("drill")
    assert (stage.crashes("room:lobby"), stage.crashes(ann.session.name)) == (1, 1)
    assert f'"{ref}","{LOBBY}","phx_reply",{{"status":"ok"'.encode() in b"".join(ann.connection.writes)


async def test_who_has_ended_has_settled(stage: Stage) -> None:
    ann, bob = await stage.member("Ann"), await stage.member("Bob")
    ended = ann.session
    await ann.vanish()
    await stage.quiet()
    assert ended.ended
    with trio.fail_after(1):
        await settle([ended, bob.session])


async def test_a_full_mailbox_is_asked_again(stage: Stage, store: MemoryStore) -> None:
    ann = await stage.member("Ann")
    slow(store)
    ref = await ann.push(LOBBY, "new_message", {"text": "hello"})
    await trio.sleep(0.1)
    room = stage.room()
    others = [Settle(room, lambda: None)]
    while others[-1].ask():
        others.append(Settle(room, lambda: None))
    with trio.fail_after(2 * SLOW):
        await settle([room])
    assert all(each.settled for each in others[:-1])
    assert (await ann.reply(ref)).status == "ok"


async def test_in_a_drain_those_who_are_still_here_do_not_hear_who_leaves(stage: Stage) -> None:
    ann, bob, cleo = await stage.member("Ann"), await stage.member("Bob"), await stage.member("Cleo")
    await bob.vanish()
    await trio.sleep(1)
    assert "u-bob" in ann.heard("presence_diff")[-1]["leaves"]
    told = len(ann.heard("presence_diff"))
    stage.presence.ref.cast(Hush())
    await cleo.vanish()
    await trio.sleep(10)
    assert len(ann.heard("presence_diff")) == told
