"""Of several who want one name, one gets it: on all nodes, for as long as they reach each other."""

import attrs

from chatter.bus.claims import LEASE
from tests.simulation.node import Node, Setting
from tests.simulation.process import Process

REACHED_FOR = 3.0
"""Seconds after which a node that reaches Redis has told it of all names that it holds."""
GIVEN_BACK = LEASE + 5.0
"""Seconds for which a name may still be refused: its holder was on a node that died, or could not give it back."""


@attrs.define(eq=False)
class Names:
    """Told by Redis how each claim went. `used`: when each name was last known to be somebody's."""

    setting: Setting
    nodes: list[Node]
    used: dict[str, float] = attrs.Factory(dict)
    _kept_all_the_same: set[tuple[str, str, str]] = attrs.Factory(set)

    def watch(self) -> None:
        redis = self.setting.redis
        redis.granted, redis.refused = self._granted, self._refused
        self.setting.witness.name_in_use = self.in_use_lately

    def look(self) -> None:
        for node in self.nodes:
            if not node.process.dead:
                self.used.update(dict.fromkeys((name for name, _ in node.process.names), node.now))

    def in_use_lately(self, name: str) -> bool:
        self.look()
        return self.used.get(name.casefold(), -GIVEN_BACK) >= self.setting.agenda.now - GIVEN_BACK

    def _granted(self, name: str, user: str, address: str) -> None:
        self.used[name] = self.setting.agenda.now
        for node in self.nodes:
            process = node.process
            if process.address == address or not self._reached(process):
                continue
            for held, holder in process.names:
                if held == name and holder != user and (process.address, name, holder) not in self._kept_all_the_same:
                    self.setting.violated(f"{name} is given to {user} on {address}, and {holder} has it on {process}")

    def _reached(self, process: Process) -> bool:
        cable = process.cable
        connected = process.app.bus.connected and not process.dead
        return connected and cable.whole_since < self.setting.agenda.now - REACHED_FOR

    def _refused(self, name: str, address: str) -> None:
        """To a node that gave it away while it was alone, which it then may keep."""
        for node in self.nodes:
            if node.process.address == address:
                for held, holder in node.process.names:
                    if held == name:
                        self._kept_all_the_same.add((address, name, holder))

    def check(self) -> None:
        """Once all is quiet: each node holds the names of those who are on it."""
        for node in self.nodes:
            held = sorted(node.process.names)
            there = sorted({(user.name.casefold(), user.id) for user in node.process.users})
            if held != there:
                self.setting.violated(f"node {node.number} holds the names {held} for {there}")
