"""Who is there, as clients are told: nobody who is gone, and nobody who comes and goes without a reason."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import attrs

from tests.simulation.browser import WebSocket
from tests.simulation.node import Node, Setting
from tests.simulation.page import Page
from tests.simulation.people import Client

GONE = 10.0
"""Seconds after which nobody sees people of a node that died."""
A_MOMENT = 0.5

_View = tuple[WebSocket, str]


@attrs.define(eq=False)
class Attendance:
    """`upheavals`: how often something happened for which people may be gone for a while, and come back."""

    setting: Setting
    clients: Sequence[Client]
    upheavals: int = 0
    _left: set[tuple[_View, str]] = attrs.Factory(set)
    _returns: Counter[tuple[_View, str]] = attrs.Factory(Counter)

    def watch(self, nodes: Sequence[Node]) -> None:
        self.setting.witness.presence_told = self._told
        for node in nodes:
            node.died = self._died

    # -- nobody who is gone

    def _died(self, node: Node) -> None:
        rooms = self.setting.schedule.rooms
        metas = [member.meta for room in rooms for member in node.process.members(room)]
        refs = frozenset(meta.phx_ref for meta in metas if meta is not None)
        schedule = self.setting.schedule
        travels = 12 * schedule.traffic.latency + 3 * schedule.conditions.latency
        if refs and schedule.bounds.waiting is None:
            now = self.setting.agenda.now
            self.setting.agenda.after(GONE + travels + A_MOMENT, partial(self._must_be_gone, node, refs, now))

    def _must_be_gone(self, node: Node, refs: frozenset[str], since: float) -> None:
        for client in self.clients:
            if client.node is None or not self._undisturbed(client, client.node, since):
                continue
            for room in client.page.rooms.values():
                shown = {meta["phx_ref"] for metas in room.presence.state.values() for meta in metas}
                if room.phase == "open" and room.presence.synced and shown & refs:
                    self.setting.violated(
                        f"{client.name} sees {sorted(shown & refs)} in {room.name}; node {node.number} died {since:.3f}"
                    )

    def _undisturbed(self, client: Client, node: Node, since: float) -> bool:
        line = self.setting.witness.trouble.lines.get(client.name, -1.0)
        return client.idle and max(line, node.unrest) < since

    # -- nobody who comes and goes

    def _told(self, page: Page, transport: WebSocket, topic: str, event: str, payload: Any) -> None:
        view = (transport, topic)
        if event == "presence_state":
            self._left = {gone for gone in self._left if gone[0] != view}
            return
        for ref in _refs(payload["leaves"]):
            self._left.add((view, ref))
        for ref in _refs(payload["joins"]):
            if (view, ref) not in self._left:
                continue
            self._left.discard((view, ref))
            self._returns[view, ref] += 1
            if self._returns[view, ref] > self.upheavals:
                self.setting.violated(f"{page.browser.name} saw {ref} leave {topic} and come back without a reason")


def _refs(people: Any) -> list[str]:
    return [meta["phx_ref"] for person in people.values() for meta in person["metas"]]
