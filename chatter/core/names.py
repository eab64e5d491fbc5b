"""Which names are in use, and by whom. Pure.

Names are compared case-folded. A user's sockets share a name; each holds it until it is released.
"""

from collections.abc import Iterator

import attrs


@attrs.define(eq=False)
class _Claimed:
    user_id: str
    holders: set[str]


class Names:
    """`freed`: folded names that nobody holds any more, for whoever wants to know; the reader empties it."""

    def __init__(self) -> None:
        self.freed: list[str] = []
        self._claimed: dict[str, _Claimed] = {}
        self._held: dict[str, str] = {}  # holder -> folded name

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._claimed

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Each folded name and whose it is."""
        for folded, claimed in self._claimed.items():
            yield folded, claimed.user_id

    def owner(self, name: str) -> str:
        """Whose it is; `KeyError` when it is nobody's."""
        return self._claimed[name.casefold()].user_id

    def is_free_for(self, name: str, user_id: str, holder: str) -> bool:
        """Whether `holder` (a connection's id) may claim it: nobody has it, or the same user, or nobody else than this
        very connection. It may have been granted before, and the answer got lost."""
        claimed = self._claimed.get(name.casefold())
        return claimed is None or claimed.user_id == user_id or claimed.holders == {holder}

    def claim(self, name: str, user_id: str, holder: str) -> bool:
        """Whether `holder` may be called so; if, the name is theirs now, and the one they had before is not."""
        if not self.is_free_for(name, user_id, holder):
            return False
        folded = name.casefold()
        if self._held.get(holder) != folded:
            self.release(holder)
        claimed = self._claimed.setdefault(folded, _Claimed(user_id, set()))
        claimed.user_id = user_id
        claimed.holders.add(holder)
        self._held[holder] = folded
        return True

    def release(self, holder: str) -> None:
        """The holder has no name any more. It had none: nothing happens."""
        folded = self._held.pop(holder, None)
        if folded is None:
            return
        holders = self._claimed[folded].holders
        holders.discard(holder)
        if not holders:
            del self._claimed[folded]
            self.freed.append(folded)
