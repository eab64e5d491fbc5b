"""Who is there, as clients are told: nobody who is gone, and nobody who comes and goes without a reason."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import attrs

from chatter.actors.presence import RETELLING
from tests.simulation.browser import WebSocket
from tests.simulation.faults import Step
from tests.simulation.node import Node, Setting
from tests.simulation.page import Page
from tests.simulation.people import Client

GONE = 10.0
"""Seconds after which nobody sees people of a node that died."""
AT_ONCE = 0.5
"""The same, of one that stopped and could say so."""
A_MOMENT = 0.5
LATE = 0.1
UPHEAVALS = ("bus_cut", "isolation", "redis_death", "death", "drain")

_View = tuple[WebSocket, str]


@attrs.define(eq=False)
class Attendance:
    """`_upheavals`: how often something happened for which people may be gone for a while, and come back."""

    setting: Setting
    clients: Sequence[Client]
    _nodes: Sequence[Node] = ()
    _upheavals: int = 0
    _left: set[tuple[_View, str]] = attrs.Factory(set)
    _returns: Counter[tuple[_View, str]] = attrs.Factory(Counter)

    def watch(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self.setting.witness.presence_told = self._told
        for node in nodes:
            node.died, node.leaving = self._died, self._leaving

    def happened(self, step: Step) -> None:
        """Maybe a reason to be gone for a while: also a registry that forgets, when it is not told again in time."""
        forgets = step.kind == "crash" and step.what[0] == "presence"
        self._upheavals += step.kind in UPHEAVALS or (forgets and not self._bus_is_good)

    # -- nobody who is gone

    def _died(self, node: Node) -> None:
        self._expect_gone(node, self._refs_on(node), GONE + A_MOMENT)

    def _leaving(self, node: Node) -> Callable[[], None]:
        refs, process, begun = self._refs_on(node), node.process, self.setting.agenda.now
        in_order = node.disturbed < begun

        def has_left() -> None:
            listeners = [other for other in self._nodes if other.unrest < begun - RETELLING - A_MOMENT]
            self._expect_gone(node, refs, GONE + A_MOMENT)
            if in_order and node.undisturbed_in(process, begun) and self._bus_is_good:
                self._expect_gone(node, refs, AT_ONCE, listeners)

        return has_left

    @property
    def _bus_is_good(self) -> bool:
        traffic = self.setting.schedule.traffic
        return traffic.latency < LATE and not traffic.lost and not traffic.overtaken

    def _refs_on(self, node: Node) -> frozenset[str]:
        rooms = self.setting.schedule.rooms
        metas = [member.meta for room in rooms for member in node.process.members(room)]
        return frozenset(meta.phx_ref for meta in metas if meta is not None)

    def _expect_gone(
        self, node: Node, refs: frozenset[str], seconds: float, listeners: Sequence[Node] | None = None
    ) -> None:
        """From the eyes of all who are on these nodes."""
        schedule, now = self.setting.schedule, self.setting.agenda.now
        travels = 12 * schedule.traffic.latency + 3 * schedule.conditions.latency
        if refs and schedule.bounds.waiting is None:
            self.setting.agenda.after(
                seconds + travels,
                partial(self._must_be_gone, node, refs, now, self._nodes if listeners is None else listeners),
            )

    def _must_be_gone(self, node: Node, refs: frozenset[str], since: float, listeners: Sequence[Node]) -> None:
        for client in self.clients:
            if client.node not in listeners or client.node is None or not self._undisturbed(client, client.node, since):
                continue
            for room in client.page.rooms.values():
                shown = {meta["phx_ref"] for metas in room.presence.state.values() for meta in metas}
                if room.phase == "open" and room.presence.synced and (ghosts := sorted(shown & refs)):
                    self.setting.violated(f"{client.name} sees {ghosts} of node {node.number}, gone at {since:.3f}")

    def _undisturbed(self, client: Client, node: Node, since: float) -> bool:
        line = self.setting.witness.trouble.lines.get(client.name, -1.0)
        return client.idle and max(line, node.disturbed) < since

    # -- nobody who comes and goes

    def _told(self, page: Page, transport: WebSocket, topic: str, event: str, payload: Any) -> None:
        view = (transport, topic)
        if event == "presence_state":
            self._left = {gone for gone in self._left if gone[0] != view}
            return
        own = "" if page.user is None else page.user["id"]
        for ref in _refs(payload["leaves"], but=own):
            self._left.add((view, ref))
        for ref in _refs(payload["joins"], but=own):
            if (view, ref) not in self._left:
                continue
            self._left.discard((view, ref))
            self._returns[view, ref] += 1
            if self._returns[view, ref] > self._upheavals:
                self.setting.violated(f"{page.browser.name} saw {ref} leave {topic} and come back without a reason")


def _refs(people: Any, but: str) -> list[str]:
    """All but one's own: who joins twice in a moment may see their first meta once more."""
    return [meta["phx_ref"] for user, person in people.items() if user != but for meta in person["metas"]]
