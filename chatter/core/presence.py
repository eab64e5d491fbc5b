"""Who is here, in Phoenix.Presence's shape: pure sets of metas, and the difference between two moments.

A person (user id) is here as often as they have sockets in the room; each is one meta, known by a key (the id of
its connection). `phx_ref` names one state of one meta: a changed status is a new ref, and a leave of the old one.
See Phoenix.Presence, "Fetching presence information".
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import attrs
import msgspec

from chatter.core.model import User

_encode = msgspec.json.Encoder().encode


@attrs.frozen
class Meta:
    """One socket's presence. `online_at` is in seconds since 1970."""

    user_id: str
    key: str
    phx_ref: str
    online_at: int
    name: str
    status: str = "online"
    avatar: str | None = None

    @classmethod
    def of(cls, user: User, *, key: str, phx_ref: str, online_at: int, status: str) -> "Meta":
        return cls(user.id, key, phx_ref, online_at, user.name, status, user.avatar)

    def as_payload(self) -> dict[str, Any]:
        return {
            "phx_ref": self.phx_ref,
            "online_at": self.online_at,
            "name": self.name,
            "status": self.status,
            "avatar": self.avatar,
        }


@attrs.frozen
class Diff:
    """What changed: metas that came and metas that went. A change of one is both."""

    joins: tuple[Meta, ...] = ()
    leaves: tuple[Meta, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.joins or self.leaves)

    def as_payload(self) -> dict[str, Any]:
        return {"joins": as_payload(self.joins), "leaves": as_payload(self.leaves)}


def as_payload(metas: Iterable[Meta]) -> dict[str, Any]:
    """`{user_id: {"metas": […]}}`, as `presence_state` carries it."""
    people: dict[str, Any] = {}
    for meta in metas:
        people.setdefault(meta.user_id, {"metas": []})["metas"].append(meta.as_payload())
    return people


class PresenceSet:
    """The metas of one room, by key, and the JSON of all of them, kept so that a join costs no encoding."""

    def __init__(self, metas: Iterable[Meta] = ()) -> None:
        self._metas: dict[str, Meta] = {}
        self._people: dict[str, dict[str, Meta]] = {}
        self._fragments: dict[str, bytes] = {}
        self._body: bytes | None = None
        for meta in metas:
            self.put(meta)

    def __len__(self) -> int:
        return len(self._metas)

    def __iter__(self) -> Iterator[Meta]:
        return iter(self._metas.values())

    def get(self, key: str) -> Meta | None:
        return self._metas.get(key)

    def lists(self, user_id: str) -> bool:
        return user_id in self._people

    def put(self, meta: Meta) -> None:
        self.drop(meta.key)
        self._metas[meta.key] = meta
        self._people.setdefault(meta.user_id, {})[meta.key] = meta
        self._changed(meta.user_id)

    def drop(self, key: str) -> None:
        if (meta := self._metas.pop(key, None)) is not None:
            del self._people[meta.user_id][key]
            self._changed(meta.user_id)

    def _changed(self, user_id: str) -> None:
        self._body = None
        self._fragments.pop(user_id, None)
        if not self._people[user_id]:
            del self._people[user_id]

    def apply(self, diff: Diff) -> None:
        """Take a diff in. One that was taken before changes nothing."""
        for meta in diff.leaves:
            if self._metas.get(meta.key) == meta:
                self.drop(meta.key)
        for meta in diff.joins:
            self.put(meta)

    def snapshot(self) -> tuple[Meta, ...]:
        return tuple(self._metas.values())

    def state_payload(self, arriving: Meta | None = None) -> bytes:
        """The JSON of `presence_state`; with somebody who is arriving and not in the set yet."""
        if self._body is None:
            self._body = b",".join([self._fragment(user_id) for user_id in self._people])
        if arriving is None or self.lists(arriving.user_id):
            return b"{%b}" % self._body
        own = _encode(as_payload([arriving]))[1:-1]
        return b"{%b,%b}" % (self._body, own) if self._body else b"{%b}" % own

    def _fragment(self, user_id: str) -> bytes:
        if (fragment := self._fragments.get(user_id)) is None:
            fragment = self._fragments[user_id] = _encode(as_payload(self._people[user_id].values()))[1:-1]
        return fragment


def difference(before: Collection[Meta], after: Collection[Meta]) -> Diff:
    """The diff that leads from one moment to another: what came and went in between is not in it."""
    old, new = set(before), set(after)
    return Diff(
        joins=tuple(meta for meta in after if meta not in old), leaves=tuple(meta for meta in before if meta not in new)
    )
