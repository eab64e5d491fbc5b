"""A thousand come back at one moment, over real sockets, each from another place in the log, while people talk."""

import json
from pathlib import Path
from typing import Final

import trio

from tests.histories import Payload, Promise, View, faults

from . import disk
from .client import PATIENCE, Place
from .conftest import Connect
from .raw import TEXT, Raw, knock
from .server import Server

HERD: Final = 1000
STORED: Final = 400
GOODBYE: Final = "everybody is here, goodbye"
EVENTS: Final = ("new_message", "message_edited")


async def _return(server: Server, view: View, came: list[str]) -> Raw:
    """Join behind what was seen, and take in what came since."""
    raw = await knock(server.address)
    await raw.say(json.dumps(["1", "1", "chat:lobby", "phx_join", {"after": view.since}]))
    _, text = await raw.hear()
    response = json.loads(text)[4]["response"]
    assert response["resumed"]
    view.told([(name, payload) for name, payload in response["events"]])
    came.append(view.name)
    return raw


async def _listen(server: Server, view: View, came: list[str]) -> None:
    """Until goodbye is said."""
    raw = await _return(server, view, came)
    while view.events[-1][1]["text"] != GOODBYE:
        opcode, text = await raw.hear()
        assert opcode == TEXT
        _, _, _, event, payload = json.loads(text)
        if event in EVENTS:
            view.told([(event, payload)])
    await raw.stream.aclose()


async def _write_history(ann: Place) -> list[Promise]:
    posts = [{"text": f"message {n}", "client_id": f"c{n}"} for n in range(STORED - 50)]
    promises = await _all(ann, "new_message", posts)
    edits = [{"id": promise.reply["id"], "text": "edited"} for promise in promises[::7]]
    return promises + await _all(ann, "edit_message", edits)


async def _all(ann: Place, event: str, asked: list[Payload]) -> list[Promise]:
    refs = [await ann.send(event, **payload) for payload in asked]
    return [
        Promise(ann.user["id"], event, payload, await ann.client.answer(ref))
        for payload, ref in zip(asked, refs, strict=True)
    ]


async def test_a_thousand_come_back_at_once_while_people_talk(tmp_path: Path, dial: Connect) -> None:
    async with Server(tmp_path, "--message-rate", "0") as server:
        ann = await (await dial(server.socket_url)).join("chat:lobby")
        await ann.identify("ann")
        promises = await _write_history(ann)
        views, came = [View(f"returning {n}", since=STORED - 100 + n % 100) for n in range(HERD)], list[str]()

        async def talk() -> None:
            while len(came) < HERD:
                await ann.say("while they come")
            await ann.say(GOODBYE)

        with trio.fail_after(3 * PATIENCE):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(talk)
                for _ in range(STORED - 50 + 1):
                    await ann.next("new_message")
                for view in views:
                    nursery.start_soon(_listen, server, view, came)
        assert faults(disk.stored(server.database), views, promises) == []
