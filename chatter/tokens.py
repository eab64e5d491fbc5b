"""Tokens say who somebody is: signed with the server's key, expiring, and holding nothing secret.

Made and checked by itsdangerous (HMAC-SHA1 over a derived key by default; here SHA-256; compared in constant time).
"""

import hashlib
from typing import Any, Final

import msgspec
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from chatter.core.model import User
from chatter.errors import Unauthorized

MAX_AGE: Final = 30 * 24 * 3600
MAX_LENGTH: Final = 2048
POLL_PREFIX: Final = "poll."

_SIGNED: Final[dict[str, Any]] = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}

Claims = tuple[str, str, str | None, bool]  # a user's id, name, avatar, moderator


class Tokens:
    """Mints and checks the tokens of one secret key; `max_age` in seconds."""

    def __init__(self, secret_key: str, max_age: int = MAX_AGE) -> None:
        self._max_age = max_age
        self._serializer: URLSafeTimedSerializer = URLSafeTimedSerializer(
            secret_key, salt="chatter.user", signer_kwargs=_SIGNED
        )

    def mint(self, user: User) -> str:
        return str(self._serializer.dumps([user.id, user.name, user.avatar, user.moderator]))

    def user(self, token: str) -> User:
        """Whose token it is; `Unauthorized` when it is forged, mangled or expired."""
        if len(token) > MAX_LENGTH:
            raise Unauthorized("That token is not one of ours.")
        try:
            claims = msgspec.convert(self._serializer.loads(token, max_age=self._max_age), Claims)
        except (BadData, msgspec.ValidationError, UnicodeError) as error:
            raise Unauthorized("That token is not valid (any more).") from error
        return User(*claims)


class PollTokens:
    """Mints and checks the names by which long-poll clients call their sessions: nobody can guess another's.

    They do not expire: their sessions do. They look unlike users' tokens, which come in a parameter of the same name,
    so that one of another process is known for what it is.
    """

    def __init__(self, secret_key: str) -> None:
        self._serializer: URLSafeSerializer = URLSafeSerializer(secret_key, salt="chatter.poll", signer_kwargs=_SIGNED)

    def mint(self, session_id: str) -> str:
        return POLL_PREFIX + str(self._serializer.dumps(session_id))

    def session(self, token: str) -> str | None:
        """The id of the session; None when the token is forged, mangled, or of another key."""
        if len(token) > MAX_LENGTH or not token.startswith(POLL_PREFIX):
            return None
        try:
            return str(self._serializer.loads(token.removeprefix(POLL_PREFIX)))
        except (BadData, UnicodeError):
            return None
