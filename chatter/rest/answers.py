"""Answers: compact JSON, and every refusal in one shape, `{"error": {"reason": …, "message": …}}`."""

import math
from typing import Any, Final

import msgspec
from quart import Quart, Response
from werkzeug.exceptions import HTTPException

from chatter.errors import Refused, Unavailable

RETRY_UNAVAILABLE_AFTER_S: Final = 1

_REASONS: Final = {
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "That can't be done here; the header Allow says what can."),
    408: ("timeout", "The request came too slowly."),
    413: ("too_long", "A request's body has at most 64 KiB."),
    500: ("internal", "Something broke here. It is not your fault, and it has been noted."),
}


def answer(payload: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(payload), status, content_type="application/json")


def done() -> Response:
    """It is, and there is nothing to tell."""
    return Response(b"", 204)


def refusal(refused: Refused) -> Response:
    """`refused` as an answer: 401 says how to authenticate, 429 and 503 when to come back."""
    payload = refused.as_payload()
    response = _error(payload, refused.status)
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_ms" in payload:
        response.headers["Retry-After"] = str(math.ceil(payload["retry_after_ms"] / 1000))
    elif isinstance(refused, Unavailable):
        response.headers["Retry-After"] = str(RETRY_UNAVAILABLE_AFTER_S)
    return response


def refuse_with_json(app: Quart) -> None:
    """Have `app` answer so whatever goes wrong: our refusals, its own (no such path or method), and crashes.

    A crash is logged by `app` with its traceback; the client gets a 500 and learns nothing of it.
    """
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_exception)


async def _refused(refused: Refused) -> Response:
    return refusal(refused)


async def _http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    reason, message = _REASONS.get(status, ("invalid", error.description or error.name))
    response = _error({"reason": reason, "message": message}, status)
    response.headers.extend((key, value) for key, value in error.get_headers() if key != "Content-Type")
    return response


def _error(payload: dict[str, Any], status: int) -> Response:
    return answer({"error": payload}, status)
