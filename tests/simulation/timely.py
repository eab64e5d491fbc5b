"""What a node has to have done by now, when nothing happened that might make it late."""

from collections.abc import Sequence

import attrs

from chatter.actors.room import LOOK_AGAIN
from chatter.actors.rooms import SWEEP_EVERY
from tests.simulation.node import Node, Setting

A_WHILE = 1.5
SOON = LOOK_AGAIN + A_WHILE
LATE = SWEEP_EVERY + SOON


@attrs.frozen
class Timely:
    """What is stored is told on every node: soon, where the bus carries it, or a node knows that it may have missed
    something; else when the node compares itself with the store."""

    setting: Setting
    nodes: Sequence[Node]

    def check(self) -> None:
        if self.setting.schedule.bounds.waiting is not None:
            return
        for node in self.nodes:
            if node.listening:
                self._check_late(node)
                self._check_debts(node)
                if not self.setting.schedule.traffic.lost:
                    self._check_soon(node)

    def _check_late(self, node: Node) -> None:
        by = self.setting.agenda.now - LATE
        if node.excuses.disturbed < by:
            for room in self.setting.schedule.rooms:
                self._check_told(node, room, self.setting.witness.stored_by(room, by), LATE)

    def _check_soon(self, node: Node) -> None:
        """When it is in order by now, and the others were as it was stored and told."""
        by = self.setting.agenda.now - SOON
        others = max((other.unrest for other in self.nodes if other is not node), default=0.0)
        if node.unrest >= by:
            return
        for room in self.setting.schedule.rooms:
            stored = self.setting.witness.stored_by(room, by)
            if stored > self.setting.witness.stored_by(room, others):
                self._check_told(node, room, stored, SOON)

    def _check_debts(self, node: Node) -> None:
        for since, room, seq in node.debts:
            if node.excuses.disturbed < since < self.setting.agenda.now - SOON:
                self._check_told(node, room, seq, SOON)

    def _check_told(self, node: Node, room: str, stored: int, seconds: float) -> None:
        told = node.told(room)
        if told is not None and told < stored:
            self.setting.violated(f"node {node.number} has told {told} of {stored} in {room}, stored for {seconds:g} s")
