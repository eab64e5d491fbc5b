"""What a node has to have done by now, when nothing happened that might make it late."""

from collections.abc import Sequence

import attrs

from chatter.actors.room import LOOK_AGAIN
from chatter.actors.rooms import SWEEP_EVERY
from tests.simulation.node import Node, Setting

A_WHILE = 1.5


@attrs.frozen
class Timely:
    """What is stored is told on every node: soon, where the bus carries it or a node knows that it may have missed
    something; else when the node compares itself with the store."""

    setting: Setting
    nodes: Sequence[Node]

    def check(self) -> None:
        if self.setting.schedule.bounds.waiting is not None:
            return
        soon, late = LOOK_AGAIN + A_WHILE, SWEEP_EVERY + LOOK_AGAIN + A_WHILE
        lost = self.setting.schedule.traffic.lost > 0
        unrest = max(map(_unrest, self.nodes))
        for node in self.nodes:
            quiet = lost or self.setting.agenda.now - unrest < soon
            self._check_node(node, late if quiet else soon)

    def _check_node(self, node: Node, bound: float) -> None:
        by = self.setting.agenda.now - bound
        if _unrest(node) >= by or not node.listening:
            return
        for room in self.setting.schedule.rooms:
            told, stored = node.told(room), self.setting.witness.stored_by(room, by)
            if told is not None and told < stored:
                self.setting.violated(
                    f"node {node.number} has told {told} of {stored} that are stored in {room} for {bound:g} s"
                )


def _unrest(node: Node) -> float:
    return max(node.excuses.disturbed, node.cable.whole_since)
