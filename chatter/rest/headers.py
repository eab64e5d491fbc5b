"""Headers of every response: the browser runs our own scripts only, frames us nowhere, guesses no types."""

from typing import Final

from quart import Quart, Response

# 'self' covers the WebSocket of the same host and port too.
_POLICY: Final = {
    "default-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "object-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    # No string becomes a script, but for the address of the page's own service worker.
    "require-trusted-types-for": "'script'",
    "trusted-types": "shell",
}

HEADERS: Final = {
    "Content-Security-Policy": "; ".join(f"{kind} {sources}" for kind, sources in _POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def secure(app: Quart) -> None:
    """Put `HEADERS` on everything; what does not say that it may be kept is not to be stored by anybody."""
    app.after_request(_secured)


async def _secured(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
