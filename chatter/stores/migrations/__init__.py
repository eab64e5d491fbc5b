"""A database's shape is a row of numbered files, each with a way up and a way back down.

`NNNN_name.sql` in the folder of its dialect holds two sections, `-- up` and `-- down`. A file that was applied
somewhere is never edited again: its checksum is recorded beside it, and a difference stops the start.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final, Protocol

import attrs

from chatter.stores.port import StoreUnreachable

_FILE: Final = re.compile(r"(\d{4})_(\w+)\.sql")
_SECTIONS: Final = re.compile(r"\A(.*?)^-- up$(?P<up>.*?)^-- down$(?P<down>.*)\Z", re.DOTALL | re.MULTILINE)


@attrs.frozen
class Migration:
    """One file, read: `up` and `down` are SQL, `checksum` covers both."""

    number: int
    name: str
    up: str
    down: str
    checksum: str

    @classmethod
    def parse(cls, filename: str, text: str) -> "Migration":
        named, sections = _FILE.fullmatch(filename), _SECTIONS.match(text)
        if named is None or sections is None:
            raise ValueError(f"{filename} is not a migration: NNNN_name.sql with '-- up' and '-- down'")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        return cls(int(named[1]), named[2], sections["up"], sections["down"], checksum)


@attrs.frozen
class Step:
    """A migration as `status` lists it; `applied_at` is None as long as it waits."""

    number: int
    name: str
    applied_at: str | None


class Schema(Protocol):
    """A database's shape, for `python -m chatter migrate`. Safe beside others who do the same."""

    async def up(self) -> list[Step]:
        """Take every step that waits."""
        ...

    async def down(self) -> Step | None:
        """Take the newest step back, with the data that only it could hold; None when there is none left."""
        ...

    async def status(self) -> list[Step]:
        """Every migration that this version knows, applied or waiting."""
        ...


def load(dialect: str) -> list[Migration]:
    """The dialect's migrations, in order."""
    folder = resources.files(__name__) / dialect
    files = [f for f in folder.iterdir() if f.name.endswith(".sql")]
    found = [Migration.parse(f.name, f.read_text("utf-8")) for f in files]
    return sorted(found, key=lambda migration: migration.number)


def pending(known: Sequence[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """What is still to be run, given the checksums of what was; refuses a history that is not ours."""
    ours = {migration.number: migration for migration in known}
    for number, checksum in applied.items():
        if number not in ours:
            raise StoreUnreachable(f"a newer version made it, migration {number} is unknown here.")
        if ours[number].checksum != checksum:
            raise StoreUnreachable(f"migration {number} ({ours[number].name}) was changed after it was applied.")
    return [migration for migration in known if migration.number not in applied]
