"""Which names are in use on this node, and by whom. Pure.

Names are compared case-folded. A user's sockets share a name; each holds it until it is released.
"""

import attrs


@attrs.define(eq=False)
class _Claimed:
    user_id: str
    holders: set[str]


class Names:
    def __init__(self) -> None:
        self._claimed: dict[str, _Claimed] = {}
        self._held: dict[str, str] = {}  # holder -> folded name

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._claimed

    def claim(self, name: str, user_id: str, holder: str) -> bool:
        """Whether `holder` (a connection's id) may be called `name`: if so it is theirs, and the one before is not."""
        folded = name.casefold()
        claimed = self._claimed.get(folded)
        if claimed is not None and claimed.user_id != user_id:
            if claimed.holders != {holder}:
                return False
            claimed.user_id = user_id  # it was granted before, and the answer got lost
        if self._held.get(holder) != folded:
            self.release(holder)
            claimed = self._claimed.setdefault(folded, _Claimed(user_id, set()))
        assert claimed is not None
        claimed.holders.add(holder)
        self._held[holder] = folded
        return True

    def release(self, holder: str) -> None:
        """The holder has no name any more. It had none: nothing happens."""
        folded = self._held.pop(holder, None)
        if folded is None:
            return
        claimed = self._claimed[folded]
        claimed.holders.discard(holder)
        if not claimed.holders:
            del self._claimed[folded]
