"""What goes wrong before or beside the product's own rules, and how it is told."""

import logging
from pathlib import Path
from typing import Any

import pytest
import trio
from quart.testing import make_test_scope
from trio.testing import MockClock
from werkzeug.datastructures import Headers

from chatter import rest
from chatter.core.model import RoomInfo
from chatter.rest.app import LONGEST, SLOWEST_BODY
from chatter.stores.sqlite import SqliteStore
from chatter.tokens import Tokens
from tests.rest.serving import ANN, Client, by, house, refused, says, texts, told

JSON = {"Content-Type": "application/json"}
POSTS = ["/api/channels", "/api/rooms", "/api/channels/lobby/messages", "/api/guests"]
GETS = ["/api/channels", "/api/rooms", "/api/channels/lobby/messages", "/api/search?q=x"]


class CrashingStore(SqliteStore):
    async def rooms(self) -> list[RoomInfo]:
        raise RuntimeError("the password is swordfish")


class StuckStore(SqliteStore):
    async def rooms(self) -> list[RoomInfo]:
        await trio.sleep_forever()
        raise AssertionError


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope", "/api/channels/", "/nope", "/nope//", "/api//channels"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_where_nothing_is_nothing_is_found(client: Client, path: str, method: str) -> None:
    await refused(await client.open(path, method=method), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/channels", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/api/guests", {"OPTIONS", "POST"}),
        ("POST", "/api/health", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
    ],
)
async def test_another_method_is_told_which_ones_there_are(
    client: Client, method: str, path: str, allowed: set[str]
) -> None:
    response = await client.open(path, method=method)
    await refused(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"text": "\\ud800"}', b'{"x": ' + b"[" * 60_000, b"{'name': 'zoe'}"]
)
async def test_a_body_that_is_not_json_is_a_bad_request(client: Client, path: str, body: bytes) -> None:
    await refused(await client.post(path, data=body, headers=by(ANN) | JSON), 400, "invalid")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_body_that_a_foreign_form_could_send_is_not_taken(client: Client, path: str, kind: str | None) -> None:
    body = b'{"name": "zoe", "text": "hi"}'
    await told(await client.post(path, data=body, headers=by(ANN) | JSON), 201)
    headers = by(ANN) | ({"Content-Type": kind} if kind else {})
    await refused(await client.post(path, data=body, headers=headers), 415, "invalid")


async def test_json_may_name_its_charset(client: Client) -> None:
    headers = by(ANN) | {"Content-Type": "application/json; charset=utf-8"}
    await told(await client.post("/api/channels/lobby/messages", data=b'{"text": "hi"}', headers=headers), 201)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_64_kib_is_too_large(client: Client, announced: bool) -> None:
    await says(client, ANN, "hi", padding="x" * 65_000)
    body = b'{"text": "hi", "padding": "%b"}' % (b"x" * 65_536)
    headers = by(ANN) | JSON | ({"Content-Length": str(len(body))} if announced else {})
    async with client.request("/api/channels/lobby/messages", method="POST", headers=headers) as connection:
        await connection.send(body)
        await connection.send_complete()
    await refused(await connection.as_response(), 413, "too_long")
    assert await texts(client) == ["hi"]


@pytest.mark.parametrize("path", POSTS[:-1])
@pytest.mark.parametrize(
    "authorization", ["", "Basic YTpi", "Bearer", "Bearer ", "Bearer a=b", "Bearer a.b.c", "Bearer é", "nonsense"]
)
async def test_a_post_needs_a_token_of_ours(client: Client, path: str, authorization: str) -> None:
    response = await client.post(path, json={"name": "zoe", "text": "hi"}, headers={"Authorization": authorization})
    await refused(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await texts(client) == []


@pytest.mark.parametrize(("method", "path"), [("GET", path) for path in GETS] + [("POST", path) for path in POSTS[:-1]])
async def test_a_token_of_another_key_is_refused_even_where_none_is_needed(
    client: Client, method: str, path: str
) -> None:
    forged = Tokens("a key of somebody else's").mint(ANN)
    assert (await client.open(path, method=method, headers=by(ANN))).status_code != 401
    response = await client.open(path, method=method, headers={"Authorization": f"Bearer {forged}"})
    await refused(response, 401, "unauthorized")


async def test_the_scheme_of_a_token_has_no_case(client: Client) -> None:
    headers = {"Authorization": by(ANN)["Authorization"].replace("Bearer", "bearer")}
    await told(await client.post("/api/channels/lobby/messages", json={"text": "hi"}, headers=headers), 201)


async def test_a_proxys_own_password_does_not_keep_anybody_from_reading(client: Client) -> None:
    await told(await client.get("/api/channels", headers={"Authorization": "Basic YTpi"}))


async def test_a_crash_is_logged_and_tells_the_client_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(rest.build(house(CrashingStore(tmp_path / "chatter.db"), tmp_path)))
    with caplog.at_level(logging.ERROR, "chatter"):
        error = await refused(await client.get("/api/channels?said=in-private"), 500, "internal")
    assert "swordfish" not in str(error)
    [record] = caplog.records
    assert record.name == "chatter"
    assert record.getMessage() == "GET /api/channels crashed"
    assert "swordfish" in caplog.text
    assert "in-private" not in caplog.text


async def test_a_refusal_is_not_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    await refused(await client.get("/nope"), 404, "not_found")
    await refused(await client.post("/api/channels"), 401, "unauthorized")
    assert caplog.records == []


async def test_nobody_is_kept_waiting_for_ever(tmp_path: Path, autojump_clock: MockClock) -> None:
    client = Client(rest.build(house(StuckStore(tmp_path / "chatter.db"), tmp_path)))
    began = trio.current_time()
    await refused(await client.get("/api/channels"), 503, "unavailable")
    assert trio.current_time() - began == pytest.approx(LONGEST)


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, autojump_clock: MockClock) -> None:
    client = Client(rest.build(house(SqliteStore(tmp_path / "chatter.db"), tmp_path)))
    began = trio.current_time()
    async with client.request("/api/guests", method="POST", headers=JSON) as connection:
        await connection.send(b'{"name":')
    await refused(await connection.as_response(), 408, "timeout")
    assert trio.current_time() - began == pytest.approx(SLOWEST_BODY)


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/channels"), ("POST", "/api/guests")])
async def test_who_hangs_up_cancels_what_they_asked_for(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    """Be it while we look for the answer, or while we still wait for the end of the question."""
    app = rest.build(house(StuckStore(tmp_path / "chatter.db"), tmp_path))
    scope = make_test_scope("http", path, method, Headers(JSON), b"", "http", "", "1.1", None)
    said = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    heard: list[object] = []

    async def say() -> Any:
        await trio.sleep(1)
        return next(said)

    async def hear(event: object) -> None:
        heard.append(event)

    began = trio.current_time()
    await app(scope, say, hear)
    assert trio.current_time() - began == pytest.approx(2)
    assert heard == []
    assert caplog.records == []
