"""What may go wrong for a while, and until when, in seconds since the world began: each fault excuses something."""

import attrs


@attrs.define
class Trouble:
    """With single clients, by name, whose answers may not come and whose sockets may go (`lines`), or to whom refusals
    may come late (`delays`); and with answers that a node owed when it went (`silence`)."""

    silence: float = -1.0
    lines: dict[str, float] = attrs.Factory(dict)
    delays: dict[str, float] = attrs.Factory(dict)

    def be_silent(self, until: float) -> None:
        self.silence = max(self.silence, until)

    def line(self, client: str, until: float) -> None:
        self.lines[client] = max(self.lines.get(client, -1.0), until)

    def delay(self, client: str, until: float) -> None:
        self.delays[client] = max(self.delays.get(client, -1.0), until)


@attrs.define
class Excuses:
    """Of one node: until when it may refuse, and close sockets with which code. `disturbed`: until when what happens to
    it may make it late."""

    refusals: float = -1.0
    closing: dict[int, float] = attrs.Factory(dict)
    disturbed: float = 0.0

    def refuse(self, until: float) -> None:
        self.refusals = max(self.refusals, until)

    def hang_up(self, code: int, until: float) -> None:
        self.closing[code] = max(self.closing.get(code, -1.0), until)

    def disturb(self, until: float) -> None:
        self.disturbed = max(self.disturbed, until)
