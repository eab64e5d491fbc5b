"""A room's attendance: which of its members the presence registry knows of, and what the members know of each other."""

from typing import Final

import attrs

from chatter.actors.audience import Audience
from chatter.actors.exits import ActorError
from chatter.actors.mailbox import Ref
from chatter.actors.member import Member
from chatter.actors.presence import PresenceChanged, PresenceMessage, Track, Untrack, Watch
from chatter.actors.room_messages import RoomMessage
from chatter.core.model import new_id
from chatter.core.presence import Diff, Meta, difference
from chatter.wire.phoenix import encode


class Attendance:
    """Held by the room `name`; it tells the registry what the room sees, and believes what comes back from it.

    A registry that is overwhelmed is told everything later, by `settle_debt`.
    """

    def __init__(self, name: str, room: Ref[RoomMessage], audience: Audience, registry: Ref[PresenceMessage]) -> None:
        self._name: Final = name
        self._room = room
        self._audience = audience
        self._registry = registry

    def arrived(self, member: Member) -> None:
        """Tell it who is here, itself included, as soon as that is known; and the registry that it came."""
        meta = _meta(member)
        if self._audience.knows_people:
            self._show_people(member, meta)
        else:
            self._audience.strangers.append((member, meta is not None))
        if meta is not None:
            self._tell(Track(self._name, meta))

    def changed(self, member: Member) -> None:
        meta = _meta(member)
        if meta is not None and member in self._audience:
            self._tell(Track(self._name, meta))

    def left(self, member: Member) -> None:
        self._tell(Untrack(self._name, member.key))

    def tell_everything(self) -> None:
        """Who is here, to a registry that has forgotten, or never knew."""
        self._audience.registry_is_behind = False
        metas = [_meta(member) for member in self._audience]
        everybody = tuple(meta for meta in metas if meta is not None)
        self._tell(Watch(self._name, self._room, self._audience.__len__, everybody))

    def settle_debt(self) -> None:
        if self._audience.registry_is_behind:
            self.tell_everything()

    def learn(self, changed: PresenceChanged) -> Diff:
        """What is new in it to the members, if anything."""
        people = self._audience.people
        if changed.everybody is not None and not self._audience.knows_people:
            self._introduce(changed.everybody)
        diff = changed.diff if changed.everybody is None else difference(people.snapshot(), changed.everybody)
        people.apply(diff)
        for meta in diff.joins:
            self._welcome(meta)
        return diff

    def _welcome(self, meta: Meta) -> None:
        """The others hear of a newcomer, who may have changed meanwhile: no diff will take back what it knows alone."""
        newcomer, known = self._audience.newcomers.pop(meta.key, (None, meta))
        if newcomer is not None and known != meta:
            newcomer.push("presence_diff", encode(difference([known], [meta]).as_payload()))

    def _show_people(self, member: Member, arriving: Meta | None) -> None:
        people = self._audience.people
        member.push("presence_state", people.state_payload(arriving))
        if arriving is not None and not people.lists(arriving.user_id):
            self._audience.newcomers[member.key] = member, arriving

    def _introduce(self, everybody: tuple[Meta, ...]) -> None:
        """Tell those who came before it was known here who is on other nodes; who came here follows, as always."""
        audience = self._audience
        own = {member.key for member in audience}
        audience.people.apply(Diff(joins=tuple(meta for meta in everybody if meta.key not in own)))
        audience.knows_people = True
        strangers, audience.strangers = audience.strangers, []
        for member, came_as_somebody in strangers:
            if member in audience:
                self._show_people(member, member.meta if came_as_somebody else None)

    def _tell(self, message: PresenceMessage) -> None:
        try:
            self._registry.cast(message)
        except ActorError:
            self._audience.registry_is_behind = True


def _meta(member: Member) -> Meta | None:
    """The member's presence; with the same ref for as long as nothing about it changes."""
    user, known = member.user, member.meta
    if user is None:
        return None
    ref = new_id() if known is None else known.phx_ref
    meta = Meta.of(user, key=member.key, phx_ref=ref, online_at=member.online_at, status=member.status)
    if known is not None and known != meta:
        meta = attrs.evolve(meta, phx_ref=new_id())
    member.meta = meta
    return meta
