"""Who may begin a long-poll session, and as whom."""

import pytest
import trio

from chatter.gateway import Limits
from tests.gateway.client import upgrade_request
from tests.gateway.longpoll.clients import begun, name_of, stranger
from tests.gateway.stage import ANNS_TOKEN, Stage, staged


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("vsn=2.0.0&token=ann's+token", {}),
        ("vsn=2.0.0", {"x-phoenix-authtoken": ANNS_TOKEN}),
        ("vsn=2.0.0&token=poll.stale", {"x-phoenix-authtoken": ANNS_TOKEN}),
        ("vsn=2.0.0&token=ann's+token&token=poll.stale", {}),
        ("vsn=2.0.0&token=ann's+token&token=null", {}),
    ],
)
async def test_a_users_token_says_who_they_are(stage: Stage, query: str, headers: dict[str, str]) -> None:
    client = await begun(stage, query, **headers)
    assert await name_of(client) == "Ann"
    assert len(stage.house.connections) == 1


@pytest.mark.parametrize("query", ["vsn=2.0.0", "vsn=2.0.0&token=", "vsn=2.0.0&token=poll.stale"])
async def test_without_a_users_token_they_are_a_visitor(stage: Stage, query: str) -> None:
    assert await name_of(await begun(stage, query)) == "visitor"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("vsn=2.0.0&token=bad", {}),
        ("vsn=2.0.0&token=bad&token=poll.stale", {}),
        ("vsn=2.0.0", {"x-phoenix-authtoken": "bad"}),
        ("vsn=2.0.0&token=ann's+token", {"x-phoenix-authtoken": "bad"}),
        ("vsn=3.0.0", {}),
        ("vsn=two", {}),
        ("vsn=", {}),
        ("vsn=2.0.0", {"origin": "https://evil.example"}),
        ("vsn=2.0.0", {"origin": "null"}),
    ],
)
async def test_a_bad_token_version_or_origin_is_forbidden(stage: Stage, query: str, headers: dict[str, str]) -> None:
    assert await stranger(stage, query, **headers).get() == {"status": 403}
    assert not stage.house.connections


async def test_another_origin_may_neither_poll_nor_post(stage: Stage) -> None:
    client = await begun(stage)
    client.headers["origin"] = "https://evil.example"
    assert await client.post(b"[hello]") == 403
    assert await client.get() == {"status": 403}
    client.headers["origin"] = "https://chat.example"
    await client.post(b"[hello]")
    assert await client.poll() == ["visitor: [hello]"]


async def test_pages_of_allowed_origins_are_told_what_they_may_send() -> None:
    async with staged(host=None, origins=["https://friend.example"]) as stage:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type, x-other"}
        response = await stranger(stage, origin="https://friend.example").ask("OPTIONS", **asked)
        assert (response.status, response.body) == (200, b"")
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["access-control-allow-headers"] == "content-type, x-other"
        assert response.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
        assert response.headers["access-control-max-age"] == "3600"
        refused = await stranger(stage, origin="https://evil.example").ask("OPTIONS", **asked)
        assert refused.body == b'{"status":403}'
        assert "access-control-allow-headers" not in refused.headers
        client = await begun(stage, origin="https://friend.example")
        assert await client.post(b"[hello]") == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_no_requests(stage: Stage, method: str) -> None:
    assert (await stranger(stage).ask(method)).status == 400
    assert not stage.house.connections


async def test_who_can_not_be_let_in_now_is_asked_to_try_again(stage: Stage) -> None:
    stage.house.full = True
    assert await stranger(stage).get() == {"status": 500}
    stage.house.full = False
    await begun(stage)


async def test_sessions_count_as_connections() -> None:
    async with staged(host=None, limits=Limits(connections=3)) as stage:
        clients = [await begun(stage) for _ in range(4)]
        response = await clients[0].ask("GET")
        assert (response.status, response.body) == (503, b'{"status":500}')
        assert response.headers["access-control-allow-origin"] == "*"
        assert (await stage.dial_memory().refused(upgrade_request())).status == 503
        await trio.sleep(20)
        await begun(stage)
