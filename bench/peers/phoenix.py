"""The least of Phoenix v2 that a Python peer needs: one room, nothing stored, bytes in the contract's shape."""

import itertools
import json
from dataclasses import dataclass

STAMP = "2025-01-01T00:00:00.000000Z"
USER = {"id": "0193e6a0-0000-7000-8000-000000000000", "name": "bench", "avatar": None}

_seq = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What one push leads to."""

    reply: str
    broadcast: str | None = None
    joins: bool = False


def new_message(text: str) -> dict[str, object]:
    """A broadcast's payload in the contract's shape."""
    seq = next(_seq)
    return {"id": f"0193e6a0-0000-7000-8000-{seq:012x}", "seq": seq, "user": USER, "text": text, "inserted_at": STAMP}


def answer(frame: str) -> Answer:
    join_ref, ref, topic, event, payload = json.loads(frame)
    reply = compact([join_ref, ref, topic, "phx_reply", {"status": "ok", "response": {}}])
    if event == "new_message":
        return Answer(reply, compact([None, None, topic, event, new_message(payload["text"])]))
    return Answer(reply, joins=event == "phx_join")


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
