"""Every way in which chatter says no, drawn as a tree; each with its reason on the wire and its HTTP status.

    ChatterError
    ├── Refused            the caller's fault: a reply, nothing else happens
    │   ├── Unauthorized     401   nobody yet: identify first
    │   ├── Forbidden        403   somebody, but not allowed to
    │   ├── NameTaken        409   somebody online has the name, or it is registered
    │   ├── AlreadyExists    409   the room exists
    │   ├── Invalid          422   the wrong shape or characters
    │   ├── TooLong          422   the right shape, too much of it
    │   ├── RateLimited      429   too fast; says when to come back
    │   └── NotFound         404   no such room, message, path
    ├── Unavailable        503     ours: try again
    └── BadFrame           closes the one socket that sent it (see `close_code`)

Anything else that is raised is a bug: it crashes its actor, and the supervisor starts that again.
"""

from typing import Any, ClassVar


class ChatterError(Exception):
    """The root: whatever chatter raises on purpose."""


class Refused(ChatterError):
    """The caller asked for what it may not have. `str()` of it is a sentence for people."""

    reason: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400

    def as_payload(self) -> dict[str, Any]:
        return {"reason": self.reason, "message": str(self)}


class Unauthorized(Refused):
    reason = "unauthorized"
    status = 401


class Forbidden(Refused):
    reason = "forbidden"
    status = 403


class NameTaken(Refused):
    reason = "name_taken"
    status = 409


class AlreadyExists(Refused):
    reason = "already_exists"
    status = 409


class Invalid(Refused):
    reason = "invalid"
    status = 422


class TooLong(Refused):
    reason = "too_long"
    status = 422


class RateLimited(Refused):
    """`retry_after_ms`: after so many milliseconds the same request would be let through."""

    reason = "rate_limited"
    status = 429

    def __init__(self, message: str, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms

    def as_payload(self) -> dict[str, Any]:
        return super().as_payload() | {"retry_after_ms": self.retry_after_ms}


class NotFound(Refused):
    reason = "not_found"
    status = 404


class Unavailable(Refused):
    """Not the caller's fault: a queue is full, the database is out of reach. The same request may work later."""

    reason = "unavailable"
    status = 503


class BadFrame(ChatterError):
    """What came over a socket is not the protocol; `close_code` (RFC 6455, 7.4.1) is why it is closed."""

    def __init__(self, close_code: int, message: str) -> None:
        super().__init__(message)
        self.close_code = close_code
