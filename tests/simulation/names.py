"""Of several who want one name, one gets it: on all nodes, for as long as they reach each other."""

from collections.abc import Iterator
from typing import Any

import attrs

from chatter.bus.claims import LEASE
from tests.simulation.node import Node, Setting
from tests.simulation.process import Process
from tests.simulation.redis import OPEN

SETTLED = 3.0
"""Seconds after which a node that reaches Redis has told it which names it holds, and which no more."""
GIVEN_BACK = LEASE + 5.0
"""Seconds for which a name may still be refused when its holder's node died, or could not give it back."""


@attrs.define(eq=False)
class Names:
    """`_used`: when each name was last known to be somebody's, and where. `_kept`: what nodes gave while they did not
    reach each other, and Redis found out later: they may keep it."""

    setting: Setting
    nodes: list[Node]
    _used: dict[str, dict[tuple[Process, str], float]] = attrs.Factory(dict)
    _kept: set[tuple[Process, str, str]] = attrs.Factory(set)

    def watch(self) -> None:
        self.setting.redis.granted, self.setting.redis.refused = self._granted, self._refused
        self.setting.witness.name_in_use = self._in_use_lately
        for node in self.nodes:
            node.booted = self._watch
            self._watch(node.process)

    def _watch(self, process: Process) -> None:
        """Whatever is given there, though Redis may not know of it."""
        claims: Any = process.app.bus.claims
        claim = claims._names.claim

        def watched(name: str, user: str, holder: str) -> bool:
            granted: bool = claim(name, user, holder)
            if granted:
                self._note(name.casefold(), user, process)
            return granted

        claims._names.claim = watched

    def _note(self, name: str, user: str, process: Process) -> None:
        self._used.setdefault(name, {})[process, user] = self.setting.agenda.now

    @property
    def _running(self) -> list[Process]:
        return [node.process for node in self.nodes if not node.process.dead]

    def look(self) -> None:
        for process in self._running:
            for name, user in process.names:
                self._note(name, user, process)
        reached = [process for process in self._running if self._reached(process)]
        held = [(name, user, process) for process in reached for name, user in self._given_in_order(process)]
        users = {name: user for name, user, _ in held}
        for name, user, process in held:
            if users[name] != user:
                self.setting.violated(f"{name} is {user} on {process.address}, and {users[name]} elsewhere")

    def _given_in_order(self, process: Process) -> Iterator[tuple[str, str]]:
        for name, user in process.names:
            if (process, name, user) not in self._kept:
                yield name, user

    def _reached(self, process: Process) -> bool:
        connected = process.app.bus.connected and not process.dead and process.cable.state == OPEN
        return connected and process.cable.whole_since < self.setting.agenda.now - SETTLED

    def _in_use_lately(self, name: str, but: str | None) -> bool:
        self.look()
        return any(
            user != but and at >= self.setting.agenda.now - (SETTLED if self._reached(process) else GIVEN_BACK)
            for (process, user), at in self._used.get(name.casefold(), {}).items()
        )

    # -- what Redis decided

    def _granted(self, name: str, user: str, address: str) -> None:
        for process in self._running:
            if process.address == address:
                self._note(name, user, process)
            elif self._reached(process):
                for held, holder in self._given_in_order(process):
                    if held == name and holder != user:
                        self.setting.violated(f"{address} gives {name} to {user}; on {process.address} it is {holder}")

    def _refused(self, name: str, address: str) -> None:
        process = next(process for process in self._running if process.address == address)
        self._kept.update((process, held, holder) for held, holder in process.names if held == name)

    # -- once all is quiet

    def check(self) -> None:
        """Each node holds the names of those who are on it."""
        for process in self._running:
            held = sorted(process.names)
            there = sorted({(user.name.casefold(), user.id) for user in process.users})
            if held != there:
                self.setting.violated(f"{process.address} holds the names {held} for {there}")
