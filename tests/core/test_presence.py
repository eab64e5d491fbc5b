"""Presence sets and diffs, as phoenix.js understands them."""

from typing import Any

import attrs
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chatter.core.model import User
from chatter.core.presence import Diff, Meta, PresenceSet, as_payload, difference

metas = st.builds(
    Meta,
    user_id=st.sampled_from(["u-ann", "u-bob", "u-mia"]),
    key=st.sampled_from(["tab1", "tab2", "tab3", "tab4"]),
    phx_ref=st.sampled_from(["F1", "F2", "F3"]),
    online_at=st.integers(0, 3),
    name=st.sampled_from(["Ann", "Bob"]),
    status=st.sampled_from(["online", "away"]),
)
moments = st.lists(metas, max_size=6, unique_by=lambda meta: meta.key)


def meta(key: str = "tab1", user: str = "u-ann", ref: str = "F1", **fields: Any) -> Meta:
    return Meta(user, key, ref, 7, user.removeprefix("u-").title(), **fields)


def people(state: bytes) -> dict[str, set[str]]:
    """A state in which the order of people and metas does not count."""
    return {user: {repr(m) for m in shown["metas"]} for user, shown in msgspec.json.decode(state).items()}


def naive(present: list[Meta]) -> dict[str, set[str]]:
    shown: dict[str, set[str]] = {}
    for one in present:
        shown.setdefault(one.user_id, set()).add(repr(one.as_payload()))
    return shown


def sync_diff(state: dict[str, Any], diff: dict[str, Any]) -> dict[str, Any]:
    """What phoenix.js's `Presence.syncDiff` makes of it (assets/js/phoenix/presence.js), word for word."""
    state = msgspec.json.decode(msgspec.json.encode(state))
    for key, new in diff["joins"].items():
        current = state.get(key)
        state[key] = {"metas": list(new["metas"])}
        if current:
            joined = [m["phx_ref"] for m in state[key]["metas"]]
            state[key]["metas"] = [m for m in current["metas"] if m["phx_ref"] not in joined] + state[key]["metas"]
    for key, left in diff["leaves"].items():
        if not (current := state.get(key)):
            continue
        gone = [m["phx_ref"] for m in left["metas"]]
        current["metas"] = [m for m in current["metas"] if m["phx_ref"] not in gone]
        if not current["metas"]:
            del state[key]
    return state


def test_a_meta_shows_a_user_at_one_socket() -> None:
    ann = Meta.of(User("u-ann", "Ann", "ann.png", True), key="tab1", phx_ref="F1", online_at=7, status="away")
    assert ann == Meta("u-ann", "tab1", "F1", 7, "Ann", "away", "ann.png")
    payload = {"phx_ref": "F1", "online_at": 7, "name": "Ann", "status": "away", "avatar": "ann.png"}
    assert ann.as_payload() == payload


def test_several_sockets_of_a_user_are_several_metas_under_one_key() -> None:
    one, two, bob = meta("tab1"), meta("tab2", ref="F2"), meta("tab3", "u-bob", "F3")
    assert as_payload([one, bob, two]) == {
        "u-ann": {"metas": [one.as_payload(), two.as_payload()]},
        "u-bob": {"metas": [bob.as_payload()]},
    }


def test_a_diff_has_joins_and_leaves_in_that_shape() -> None:
    diff = Diff(joins=(meta(),), leaves=(meta("tab2", "u-bob"),))
    assert diff.as_payload() == {"joins": as_payload(diff.joins), "leaves": as_payload(diff.leaves)}
    assert Diff().as_payload() == {"joins": {}, "leaves": {}}
    assert diff
    assert not Diff()


@given(moments, moments)
def test_a_diff_leads_from_one_moment_to_the_other(before: list[Meta], after: list[Meta]) -> None:
    present = PresenceSet(before)
    present.apply(difference(before, after))
    assert set(present) == set(after)


@given(moments, moments)
def test_the_same_diff_twice_changes_nothing_more(before: list[Meta], after: list[Meta]) -> None:
    present, diff = PresenceSet(before), difference(before, after)
    present.apply(diff)
    once = (present.snapshot(), present.state_payload())
    present.apply(diff)
    assert (set(present), people(present.state_payload())) == (set(once[0]), people(once[1]))


@given(moments)
def test_nothing_changed_is_no_diff(moment: list[Meta]) -> None:
    assert not difference(moment, list(reversed(moment)))


@given(st.lists(st.one_of(metas, st.sampled_from(["tab1", "tab2", "tab3", "tab4"])), max_size=20))
def test_a_state_is_always_what_a_naive_encoding_says(changes: list[Meta | str]) -> None:
    present, model = PresenceSet(), dict[str, Meta]()
    for change in changes:
        if isinstance(change, str):
            present.drop(change)
            model.pop(change, None)
        else:
            present.put(change)
            model[change.key] = change
        assert people(present.state_payload()) == naive(list(model.values()))
        assert (len(present), set(present)) == (len(model), set(model.values()))
        assert all(present.get(key) == model.get(key) for key in ("tab1", "tab2", "tab3", "tab4"))


@given(moments, metas)
def test_a_state_shows_who_arrives_unless_the_person_is_there(moment: list[Meta], arriving: Meta) -> None:
    present = PresenceSet(moment)
    there = arriving.user_id in {m.user_id for m in moment}
    expected = moment if there else [*moment, arriving]
    assert people(present.state_payload(arriving)) == naive(expected)
    assert people(present.state_payload()) == naive(moment)


@given(st.lists(st.lists(metas, max_size=4, unique_by=lambda m: m.key), max_size=8))
def test_phoenix_js_sees_everybody_who_is_there(history: list[list[Meta]]) -> None:
    """Each state of a meta has a ref of its own, as in the product."""
    refs = iter(range(10_000))
    present, client = PresenceSet(), dict[str, Any]()
    for moment in history:
        now = [attrs.evolve(m, phx_ref=str(next(refs))) if present.get(m.key) != m else m for m in moment]
        diff = difference(present.snapshot(), now)
        present.apply(diff)
        client = sync_diff(client, diff.as_payload())
        assert people(msgspec.json.encode(client)) == people(present.state_payload()) == naive(now)


def test_phoenix_js_sees_a_changed_status_as_one_person_who_stays() -> None:
    online, away = meta(), meta(ref="F2", status="away")
    diff = difference([online], [away]).as_payload()
    assert list(diff["joins"]) == list(diff["leaves"]) == ["u-ann"]
    assert sync_diff(as_payload([online]), diff) == as_payload([away])


def test_compact_json_without_spaces_is_sent() -> None:
    assert PresenceSet([meta()]).state_payload() == (
        b'{"u-ann":{"metas":[{"phx_ref":"F1","online_at":7,"name":"Ann","status":"online","avatar":null}]}}'
    )
    assert PresenceSet().state_payload() == b"{}"
