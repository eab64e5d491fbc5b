"""Which names are in use on any node: a port, beside the bus's.

What every adapter promises (`tests/contracts/test_claims.py`):

* Names are compared case-folded. A user's sockets share a name, on one node or several; each holds it until it is
  released. A holder has one name at a time.
* Of several who claim a free name at one moment, on whichever nodes, one gets it.
* What a node holds is free `LEASE` seconds after it died, at the latest.
* While the others can't be reached, each node decides for itself; two who got the same name then both keep it.
"""

from typing import Final, Protocol

LEASE: Final = 8.0


class Claims(Protocol):
    async def claim(self, name: str, user_id: str, holder: str) -> bool:
        """Whether `holder` (a connection's id) may be called so. If so it is, and its name before is given back."""
        ...

    def release(self, holder: str) -> None:
        """The connection is gone, and its name free unless others hold it. Never waits."""
        ...

    async def in_use(self, name: str) -> bool:
        """Whether anybody who is online is called so. Nothing is held by asking."""
        ...
