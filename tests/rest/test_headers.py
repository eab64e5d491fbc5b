import json

import pytest

from tests.rest.serving import ANN, Client, by, says


@pytest.mark.parametrize("path", ["/", "/api/channels", "/api/health", "/metrics", "/nope", "/api/guests"])
async def test_every_answer_keeps_the_browser_to_our_own(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self'"
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "shell")
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


async def test_no_other_origin_is_given_leave_to_ask(client: Client) -> None:
    asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    response = await client.options("/api/channels/lobby/messages", headers=asks)
    assert not [name for name in response.headers.keys() if name.lower().startswith("access-control-")]  # noqa: SIM118


@pytest.mark.parametrize("path", ["/api/channels", "/api/health", "/nope"])
async def test_what_is_told_now_is_not_kept(client: Client, path: str) -> None:
    assert (await client.get(path)).headers["Cache-Control"] == "no-store"


async def test_json_is_compact_and_keeps_its_letters(client: Client) -> None:
    await says(client, ANN, "Grüße, 世界")
    body = await (await client.get("/api/channels/lobby/messages")).get_data(as_text=True)
    assert "Grüße, 世界" in body
    assert body == json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"))


async def test_no_cookie_is_set(client: Client) -> None:
    response = await client.post("/api/channels", json={"name": "garden"}, headers=by(ANN))
    assert response.status_code == 201
    assert "Set-Cookie" not in response.headers
