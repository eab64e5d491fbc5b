"""Whatever is asked: never a 500, and always the contract's shapes."""

import json
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_from_bytes, unquote

import attrs
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from quart_trio import QuartTrio

from chatter import rest
from tests.rest.serving import ANN, BOB, TOKENS, Clock, running_house

REFUSALS: Final = {
    400: {"invalid"},
    401: {"unauthorized"},
    403: {"forbidden"},
    404: {"not_found"},
    405: {"method_not_allowed"},
    409: {"name_taken", "already_exists"},
    413: {"too_long"},
    415: {"invalid"},
    422: {"invalid", "too_long"},
    429: {"rate_limited"},
}
GIVEN: Final = ({"messages", "more"}, {"results"}, {"user", "token"}, {"id", "seq", "inserted_at"}, {"channels"})
RATE: Final = 10.0


@attrs.frozen
class Asked:
    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


@attrs.frozen
class Answered:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


# -- what strangers ask

ODD_TEXTS: Final = (
    *("", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud83d", "😀", "\u202e", "\r\n"),
    *("lobby", "zoe", "LOBBY", "..", "a" * 64, "a" * 65, "-a", "chat:lobby", "null", "true", "Ann", "é"),
)
LONG_TEXTS: Final = (("x", 4000), ("x", 4001), ("🎈", 4000), ("🎈", 4001))
ODD_WORDS: Final = (
    *('"', '""', "*", "a*", "AND", "OR NOT", "NEAR(a b, 2)", "text:a", "(", ")", "^a", "-a", "a + b", "{a b}:", "'"),
    *("%", "_", "\\", ";--", "\x1a", "\ufffe", "😀"),
)
ODD_NUMBERS: Final = (
    *("0", "1", "-1", "500", "501", "1e3", "1.0", "0x10", "1_0", " 1", "+1", "٣", "", "NaN", "-0", "9007199254740992"),
    *("9007199254740993", "9223372036854775808", "1" + "0" * 40, "\x00", "true", "null", "[]"),
)
long_texts = st.sampled_from(LONG_TEXTS).map(lambda long: long[0] * long[1])
texts = st.sampled_from(ODD_TEXTS) | st.text(st.characters(), max_size=20) | long_texts
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
fitting = st.sampled_from(["text", "name", "topic", "client_id"]).flatmap(
    lambda name: st.fixed_dictionaries({name: texts, "name": texts, "text": texts}, optional={"x": values})
)
objects = st.dictionaries(st.sampled_from(["name", "text", "topic", "client_id", "x"]), texts | values, max_size=4)
documents = (fitting | fitting | objects | values).map(lambda value: json.dumps(value).encode())
torn = st.tuples(documents, st.integers(0, 60)).map(lambda made: made[0][: made[1]])
raw = (
    st.binary(max_size=40)
    | st.integers(0, 60_000).map(lambda depth: b"[" * depth)
    | st.sampled_from([b'{"text":"x","text":1}', b"\xef\xbb\xbf{}", b"{} {}"])
)
bodies = documents | documents | torn | raw

escaped = texts.map(lambda text: quote(text, safe="", errors="surrogatepass")) | st.binary(max_size=6).map(
    quote_from_bytes
)
rooms = st.sampled_from(["lobby", "lobby", "zoe", "nowhere"]) | escaped
paths = st.one_of(
    st.sampled_from(
        ["/api/channels", "/api/rooms", "/api/guests", "/api/health", "/api/search", "/metrics", "/", "/api"]
    ),
    rooms.map(lambda room: f"/api/channels/{room}/messages"),
    rooms.map(lambda room: f"/api/rooms/{room}/messages"),
    escaped.map(lambda name: f"/{name}"),
)
queried = st.sampled_from(ODD_NUMBERS + ODD_WORDS).map(lambda text: quote(text, safe="")) | escaped | st.just("lobby")
parameters = st.tuples(st.sampled_from(["before", "after", "limit", "q", "channel", "x", "%00"]), queried).map("=".join)
queries = st.lists(parameters, max_size=3).map("&".join) | st.binary(max_size=20).map(quote_from_bytes)
targets = st.tuples(paths, queries).map(lambda both: "?".join(both).encode())

JSON: Final = (b"content-type", b"application/json")
tokens = st.sampled_from([TOKENS.mint(ANN), TOKENS.mint(ANN), TOKENS.mint(BOB), "", "a.b.c", "\xe9"])
authorizations = tokens.map(lambda token: (b"authorization", b"Bearer " + token.encode("latin-1")))
names = st.sampled_from([b"content-type", b"authorization", b"cookie", b"if-none-match", b"range", b"accept", b"host"])
odd_headers = st.tuples(names, st.binary(max_size=20).map(lambda value: value.replace(b"\n", b"").replace(b"\r", b"")))
headers = st.tuples(st.just(JSON), authorizations).map(list) | st.lists(odd_headers | authorizations, max_size=3)

methods = st.sampled_from(["GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"])
requests = st.builds(Asked, methods, targets, headers, bodies)
known = st.sampled_from([ANN, BOB]).map(
    lambda user: [JSON, (b"authorization", b"Bearer " + TOKENS.mint(user).encode())]
)
posts = st.builds(
    Asked,
    st.just("POST"),
    st.sampled_from([b"/api/channels", b"/api/channels/lobby/messages", b"/api/rooms/zoe/messages", b"/api/guests"]),
    known,
    documents,
)
pages = queries.map(lambda query: f"/api/channels/lobby/messages?{query}".encode())
searches = st.tuples(queried, queries).map(lambda both: "/api/search?q={}&{}".format(*both).encode())
gets = st.builds(Asked, st.just("GET"), pages | searches, st.just([]), st.just(b""))


# -- what they are answered


async def answered(app: QuartTrio, asked: Asked) -> Answered:
    """As Hypercorn asks it."""
    path, _, query = asked.target.partition(b"?")
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "asgi": {"spec_version": "2.3", "version": "3.0"},
        "method": asked.method,
        "scheme": "http",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": asked.headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 4000),
        "state": {},
        "extensions": {},
    }
    said = iter([{"type": "http.request", "body": asked.body, "more_body": False}])
    heard: list[Any] = []

    async def say() -> Any:
        if (event := next(said, None)) is not None:
            return event
        return await trio.sleep_forever()

    async def hear(event: Any) -> None:
        heard.append(event)

    await app(scope, say, hear)
    start = next(event for event in heard if event["type"] == "http.response.start")
    body = b"".join(event.get("body", b"") for event in heard if event["type"] == "http.response.body")
    return Answered(start["status"], dict(start["headers"]), body)


def check(asked: Asked, answer: Answered) -> None:
    is_json = answer.headers.get(b"content-type") == b"application/json"
    if answer.status < 400:
        if asked.method in ("GET", "POST") and is_json and not asked.target.startswith(b"/api/health"):
            assert any(json.loads(answer.body).keys() >= keys for keys in (*GIVEN, {"channel"}))
        return
    if answer.status == 503:  # the page is not built here
        assert not asked.target.startswith(b"/api")
        return
    assert is_json
    if asked.method != "HEAD":
        error = json.loads(answer.body)["error"]
        assert error["reason"] in REFUSALS[answer.status], error
        assert error["message"]


async def check_all(all_asked: list[Asked]) -> list[Answered]:
    clock, answers = Clock(), []
    with tempfile.TemporaryDirectory() as folder:
        async with running_house(Path(folder), clock) as house:
            app = rest.build(house)
            for asked in all_asked:
                clock.now += RATE
                answer = await answered(app, asked)
                check(asked, answer)
                answers.append(answer)
    return answers


@given(st.lists(requests | posts | gets, min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_request_is_answered_as_the_contract_says(all_asked: list[Asked]) -> None:
    trio.run(check_all, all_asked)


@given(st.lists(posts, min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_what_was_let_in_can_be_read_again(all_asked: list[Asked]) -> None:
    """By every reader: nothing gets stored that can't be told."""
    reading = [Asked("GET", target, [], b"") for target in (b"/api/channels/lobby/messages?limit=500", b"/api/rooms")]
    *made, messages, rooms = trio.run(check_all, [*all_asked, *reading])
    let_in = [
        answer.status == 201 and asked.target.startswith(b"/api/channels/lobby")
        for asked, answer in zip(all_asked, made, strict=True)
    ]
    told = json.loads(messages.body)["messages"]
    assert [message["seq"] for message in told] == list(range(1, len(told) + 1))
    assert len(told) <= sum(let_in)
    assert len(json.loads(rooms.body)["rooms"]) >= 1


def test_odd_texts_are_kept_as_they_are_or_refused() -> None:
    texts = [*ODD_TEXTS, *(char * count for char, count in LONG_TEXTS)]
    headers = [JSON, (b"authorization", b"Bearer " + TOKENS.mint(ANN).encode())]
    bodies = [json.dumps({"text": text}).encode() for text in texts]
    posts = [Asked("POST", b"/api/channels/lobby/messages", headers, body) for body in bodies]
    read = Asked("GET", b"/api/channels/lobby/messages?limit=500", [], b"")
    *posted, messages = trio.run(check_all, [*posts, read])
    kept = [text for text, answer in zip(texts, posted, strict=True) if answer.status == 201]
    assert [message["text"] for message in json.loads(messages.body)["messages"]] == kept
    assert set(texts) - set(kept) == {
        *("", " ", "\r\n", "\x00", "a\x00b", "\ud800", "\udfff\ud83d", "x" * 4001, "🎈" * 4001)
    }
