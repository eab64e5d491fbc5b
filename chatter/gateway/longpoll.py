"""Phoenix's long-poll transport, `/socket/longpoll`, whose requests come through Hypercorn.

    OPTIONS                 preflight, for pages of other origins
    GET                     begins a session: 410, with the token that names it from then on
    GET   &token=TOKEN      polls: 200 with messages, 204 when none came in time, 410 when the session is gone
    POST  &token=TOKEN      brings a message or, as `application/x-ndjson`, one a line: 200 when they are handled

What is refused gets 403. The status is the one in the answer's JSON; that of HTTP is always 200. The address keeps the
socket's parameters, a user's `token` among them; the session's comes behind it.
"""

import base64
import secrets
from collections.abc import Callable
from typing import Any, Final

import trio
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from chatter.actors.connection import Frame
from chatter.core.model import User
from chatter.errors import BadFrame, Unauthorized, Unavailable
from chatter.gateway.asgi import ClientGone, Request, TooLong
from chatter.gateway.door import Rules
from chatter.gateway.handshake import LONGPOLL_PATH, version_of
from chatter.gateway.longpoll_connection import LongPollConnection
from chatter.gateway.responses import Refusal
from chatter.gateway.sweeper import Sweeper
from chatter.tokens import POLL_PREFIX, PollTokens
from chatter.wire.phoenix import LONGPOLL_V1, LONGPOLL_V2, Codec, encode
from chatter.wire.websocket import NOT_UTF8, TOO_BIG, is_utf8

BATCH: Final = "application/x-ndjson"

OK: Final = 200
NOTHING: Final = 204
FORBIDDEN: Final = 403
TOO_SLOW: Final = 408
GONE: Final = 410
TOO_LONG: Final = 413
NOT_NOW: Final = 500  # of what it does not expect, only this has phoenix.js try again

_JSON: Final = [
    (b"content-type", b"application/json; charset=utf-8"),
    (b"access-control-allow-origin", b"*"),  # we look at the origin ourselves, and at no cookies
]


class LongPoll:
    """ASGI: whatever is not for it goes on to `app`. `is_full`: whether there are as many connections as may be."""

    def __init__(self, rules: Rules, sweeper: Sweeper, app: ASGIFramework, is_full: Callable[[], bool]) -> None:
        self._rules = rules
        self._sweeper = sweeper
        self._app = app
        self._is_full = is_full
        self._connections: dict[str, LongPollConnection] = {}
        self._tokens = PollTokens(secrets.token_urlsafe(32))

    def __len__(self) -> int:
        """How many sessions there are."""
        return len(self._connections)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != LONGPOLL_PATH:
            await self._app(scope, receive, send)
            return
        try:
            await self._serve(Request(scope, receive, send))
        except ClientGone:
            return

    async def _serve(self, request: Request) -> None:
        if not self._rules.origins.allow(request.headers("origin"), request.header("host")):
            await _answer(request, FORBIDDEN)
            return
        match request.method:
            case "OPTIONS":
                await _preflight(request)
            case "GET":
                await self._get(request)
            case "POST":
                await self._post(request)
            case _:
                await request.respond(400, b"")

    async def _get(self, request: Request) -> None:
        token = _session_token(request)
        if (connection := self._named(token)) is not None:
            await self._poll(request, token, connection)
            return
        try:
            token = self._begin(request)
        except (Refusal, Unauthorized):
            await _answer(request, FORBIDDEN)
        except Unavailable:
            await _answer(request, NOT_NOW)
        else:
            await _answer(request, GONE, token)

    async def _poll(self, request: Request, token: str, connection: LongPollConnection) -> None:
        poll = connection.next_poll()
        waiting = trio.CancelScope(deadline=trio.current_time() + self._rules.limits.window)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(request.watch, waiting)
            with waiting:
                await poll.wait()
            nursery.cancel_scope.cancel()
        if request.gone:
            connection.missed(poll)
            return
        taken = connection.take(poll)
        await _answer(request, _status(taken, connection), token, taken)

    async def _post(self, request: Request) -> None:
        connection = self._named(_session_token(request))
        if connection is None or self._sweeper.draining:
            await _answer(request, GONE)
            return
        async with connection.turn:
            status = await self._publish(request, connection)
        await _answer(request, status)

    async def _publish(self, request: Request, connection: LongPollConnection) -> int:
        limits = self._rules.limits
        if connection.closed:
            return GONE
        try:
            with trio.fail_after(limits.post_time):
                body = await request.body(limits.post)
            with trio.fail_after(limits.window):
                handled = await connection.publish(_frames(request, body, limits.message))
        except trio.TooSlowError:
            return TOO_SLOW
        except TooLong:
            return TOO_LONG
        return OK if handled else GONE

    # -- sessions

    def _named(self, token: str) -> LongPollConnection | None:
        id = self._tokens.session(token)
        return None if id is None else self._connections.get(id)

    def _begin(self, request: Request) -> str:
        """A new session; the token that names it. `Refusal`, `Unauthorized`, `Unavailable`."""
        connection = self._connection(_codec(request))
        user = self._user(request)
        if self._sweeper.draining or self._is_full():
            raise Unavailable("There is no room now.")
        session = self._rules.house.welcome(connection, user)
        self._connections[connection.id] = connection
        connection.open(session)
        return self._tokens.mint(connection.id)

    def _connection(self, codec: Codec) -> LongPollConnection:
        return LongPollConnection(self._rules.new_id(), codec, self._sweeper, self._rules.limits, self._forget)

    def _user(self, request: Request) -> User | None:
        token = _user_token(request)
        return self._rules.house.authenticate(token) if token else None

    def _forget(self, id: str) -> None:
        self._connections.pop(id, None)


def _codec(request: Request) -> Codec:
    vsn = {name: values[-1] for name, values in request.parameters.items()}
    return LONGPOLL_V1 if version_of(vsn) == "1" else LONGPOLL_V2


def _session_token(request: Request) -> str:
    """phoenix.js appends it to the socket's address, whose parameters may hold a token already."""
    return request.parameters.get("token", [""])[-1]


def _user_token(request: Request) -> str:
    """From the header in which phoenix.js sends its `authToken`, or from the parameters."""
    token = request.header("x-phoenix-authtoken") or request.parameters.get("token", [""])[0]
    return "" if token.startswith(POLL_PREFIX) else token


def _frames(request: Request, body: bytes, limit: int) -> list[Frame | BadFrame]:
    """The messages in `body`."""
    is_batch = request.header("content-type").partition(";")[0].strip().lower() == BATCH
    lines = body.split(b"\n") if is_batch else [body]
    return [_checked(_frame(line), limit) for line in map(bytes.strip, lines) if line]


def _checked(frame: Frame, limit: int) -> Frame | BadFrame:
    """What a WebSocket's reader sees to."""
    if len(frame.data) > limit:
        return BadFrame(TOO_BIG, "too long a message")
    if not frame.binary and not is_utf8(frame.data):
        return BadFrame(NOT_UTF8, "text that is not UTF-8")
    return frame


def _frame(line: bytes) -> Frame:
    """phoenix.js sends what is binary in base64, which is never mistaken for an array or an object."""
    if line[:1] not in (b"[", b"{"):
        try:
            return Frame(base64.b64decode(line, validate=True), binary=True)
        except ValueError:
            pass
    return Frame(line)


def _status(taken: bytes, connection: LongPollConnection) -> int:
    if taken:
        return OK
    return GONE if connection.closed else NOTHING


async def _answer(request: Request, status: int, token: str | None = None, messages: bytes = b"") -> None:
    """`messages`: elements of an array, each with a comma behind it."""
    body = b'{"status":%d}' % status
    if token is not None:
        body = b'{"status":%d,"token":%b,"messages":[%b]}' % (status, encode(token), messages[:-1])
    await request.respond(200, body, _JSON)


async def _preflight(request: Request) -> None:
    asked = ", ".join(request.headers("access-control-request-headers"))
    allowed: Any = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-headers", asked.encode("latin-1")),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-max-age", b"3600"),
    ]
    await request.respond(200, b"", allowed)
