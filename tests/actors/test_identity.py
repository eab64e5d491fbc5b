"""Who somebody is: names given, taken, changed and free again."""

from typing import Any

import pytest
import trio

from chatter.bus.local import LocalClaims
from chatter.core.model import User
from tests.actors.stage import LOBBY, Stage


async def test_a_visitor_becomes_somebody(stage: Stage) -> None:
    visitor = await stage.visitor()
    response = await visitor.ok(LOBBY, "identify", {"name": "Ann"})
    user = response["user"]
    assert (response.keys(), user.keys(), user["name"]) == ({"user", "token"}, {"id", "name"}, "Ann")
    await visitor.says("Hello")
    assert (await visitor.expect("new_message"))["user"] == user | {"avatar": None}


async def test_the_token_says_who_they_are_next_time(stage: Stage) -> None:
    ann = await stage.visitor()
    user = await ann.identify("Ann")
    again = await stage.connect(stage.tokens.user(ann.token))
    assert (await again.enter())["user"] == user


async def test_everybody_sees_who_came(stage: Stage) -> None:
    visitor, ann = await stage.visitor(), await stage.visitor()
    user = await ann.identify("Ann")
    joins = (await visitor.expect("presence_diff"))["joins"]
    assert list(joins) == [user["id"]]
    [meta] = joins[user["id"]]["metas"]
    assert meta.keys() == {"phx_ref", "online_at", "name", "status", "avatar"}
    assert (meta["name"], meta["status"], meta["avatar"]) == ("Ann", "online", None)


@pytest.mark.parametrize("name", ["Ann", "ANN", "aNn"])
async def test_a_name_that_somebody_online_has_is_taken_whatever_its_case(stage: Stage, name: str) -> None:
    ann, other = await stage.visitor(), await stage.visitor()
    await ann.identify("Ann")
    assert await other.refused(LOBBY, "identify", {"name": name}) == "name_taken"
    assert await other.refused(LOBBY, "new_message", {"text": "Hello"}) == "unauthorized"
    await other.identify("Bob")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"name": "x" * 51}, "too_long"),
        ({"name": ""}, "invalid"),
        ({"name": "Ann B"}, "invalid"),
        ({"name": "Änn"}, "invalid"),
        ({"name": "a\x00"}, "invalid"),
        ({"name": None}, "invalid"),
        ({"name": 7}, "invalid"),
        ({}, "invalid"),
    ],
)
async def test_a_name_that_does_not_fit_is_refused(stage: Stage, payload: Any, reason: str) -> None:
    visitor = await stage.visitor()
    assert await visitor.refused(LOBBY, "identify", payload) == reason
    await visitor.identify("x" * 50)


async def test_a_new_name_keeps_the_id_and_frees_the_old_name(stage: Stage) -> None:
    ann, other = await stage.visitor(), await stage.visitor()
    first = await ann.identify("Ann")
    await stage.arrived(other, first["id"])
    second = await ann.identify("Anna")
    assert second == {"id": first["id"], "name": "Anna"}
    diff = await other.expect("presence_diff")
    names = [diff[way][first["id"]]["metas"][0]["name"] for way in ("leaves", "joins")]
    assert names == ["Ann", "Anna"]
    await other.identify("Ann")


async def test_ones_own_name_again_changes_nothing(stage: Stage) -> None:
    ann = await stage.visitor()
    first = await ann.identify("Ann")
    assert await ann.identify("Ann") == first
    assert await ann.identify("ANN") == first | {"name": "ANN"}


async def test_a_name_is_free_again_when_its_socket_is_gone(stage: Stage) -> None:
    ann, other = await stage.visitor(), await stage.visitor()
    await ann.identify("Ann")
    assert await other.refused(LOBBY, "identify", {"name": "Ann"}) == "name_taken"
    await ann.vanish()
    await stage.quiet()
    await other.identify("Ann")


@pytest.mark.parametrize("came", ["with a token", "as a visitor"])
async def test_who_has_a_name_keeps_it_in_a_crash_though_another_node_gave_it_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, came: str
) -> None:
    """As when Redis was away: it is not asked for a second time."""
    ann = await (stage.member("Ann") if came == "with a token" else stage.visitor())
    if came == "as a visitor":
        await ann.identify("Ann")

    async def claim(_claims: LocalClaims, _name: str, _user: str, _holder: str) -> bool:
        await trio.lowlevel.checkpoint()
        return False

    monkeypatch.setattr(LocalClaims, "claim", claim)
    assert await (await stage.visitor()).refused(LOBBY, "identify", {"name": "Bob"}) == "name_taken"
    await stage.crash(ann.session)
    await ann.says("still Ann")
    assert (await ann.expect("new_message"))["user"]["name"] == "Ann"


async def test_a_name_stays_taken_while_one_of_several_tabs_is_open(stage: Stage) -> None:
    ann, tab, other = await stage.member("Ann"), await stage.member("Ann"), await stage.visitor()
    await ann.close()
    await stage.quiet()
    assert ann.closed == 1000
    assert await other.refused(LOBBY, "identify", {"name": "Ann"}) == "name_taken"
    await tab.close()
    await stage.quiet()
    await other.identify("Ann")


async def test_a_name_is_free_again_when_its_session_was_crashed_to_the_end(stage: Stage) -> None:
    ann, other = await stage.member("Ann"), await stage.visitor()
    await stage.crash(ann.session, times=4)
    assert await ann.expect_close() == 1011
    await other.identify("Ann")


async def test_a_token_whose_name_somebody_else_has_now_makes_a_visitor(stage: Stage) -> None:
    guest = await stage.visitor()
    await guest.identify("Ann")
    late = await stage.connect(User("u-ann", "Ann"))
    assert (await late.enter())["user"] is None
    assert await late.refused(LOBBY, "new_message", {"text": "Hello"}) == "unauthorized"
    await late.identify("Anna")


async def test_two_who_want_one_name_at_once_do_not_both_get_it(stage: Stage) -> None:
    people = [await stage.visitor() for _ in range(10)]
    refs = [await person.push(LOBBY, "identify", {"name": "Ann"}) for person in people]
    statuses = [(await person.reply(ref)).status for person, ref in zip(people, refs, strict=True)]
    assert statuses.count("ok") == 1


async def test_identify_belongs_to_a_joined_topic_and_holds_for_all_of_them(stage: Stage) -> None:
    await stage.rooms.create("kitchen", "")
    ann = await stage.connect()
    assert await ann.refused(LOBBY, "identify", {"name": "Ann"}) == "unmatched topic"
    await ann.enter()
    await ann.enter("chat:kitchen")
    user = await ann.identify("Ann")
    await stage.arrived(ann, user["id"], "chat:kitchen")
    await ann.says("Hello", "chat:kitchen")
