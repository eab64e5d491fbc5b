"""What a request says: its JSON body and its query as well-formed shapes, and whose token it carries.

A body must be declared as `application/json`. That is a guard: a form on somebody else's page can't send that type,
and a script there may not without our leave (CORS), which we never give. So it stays safe once cookies identify people.
"""

from typing import Final, TypeVar

import msgspec
from quart import request

from chatter.core.model import User
from chatter.errors import Forbidden, Invalid, Refused, Unauthorized
from chatter.tokens import Tokens

T = TypeVar("T")

MAX_BODY: Final = 64 * 1024


class Malformed(Refused):
    """The body is not JSON at all."""


class NotJson(Refused):
    """The body does not even claim to be JSON."""

    status = 415


async def body(shape: type[T]) -> T:
    """The request's JSON as a `shape`; `NotJson`, `Malformed`, `Invalid`, or 413 when it is over `MAX_BODY`."""
    if not request.is_json:
        raise NotJson("Send JSON, with the header Content-Type: application/json.")
    data = await request.get_data()
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        raise Invalid(f"The body does not fit: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The body is not JSON: {error}") from error


def query(shape: type[T]) -> T:
    """What stands after the `?` as a `shape`; `Invalid`. Of a name given twice, the first counts."""
    try:
        return msgspec.convert(request.args.to_dict(), shape, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"The query does not fit: {error}") from error


def visitor(tokens: Tokens) -> User | None:
    """Whose token it is; None without one. A token that is bad is refused even where none is needed."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return tokens.user(token.strip()) if scheme.lower() == "bearer" else None


def user(tokens: Tokens) -> User:
    """Like `visitor`, where it has to be somebody; `Unauthorized`."""
    somebody = visitor(tokens)
    if somebody is None:
        raise Unauthorized("Send a token: Authorization: Bearer … (POST /api/guests gives one).")
    return somebody


def moderator(tokens: Tokens) -> User:
    """Like `user`, where it has to be a moderator; `Unauthorized`, `Forbidden`."""
    somebody = user(tokens)
    if not somebody.moderator:
        raise Forbidden("Only moderators may do that.")
    return somebody
