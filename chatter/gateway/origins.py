"""Which pages may open a socket: a browser says where its page comes from, and anybody else says nothing."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import attrs

ANY: Final = "*"
REMEMBERED: Final = 256
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@attrs.frozen
class _Allowed:
    """None: any."""

    scheme: str | None
    host: str
    port: int | None

    def admits(self, scheme: str, host: str, port: int | None) -> bool:
        return self.scheme in (None, scheme) and self.port in (None, port) and self._admits_host(host)

    def _admits_host(self, host: str) -> bool:
        if self.host.startswith("*."):
            return host == self.host[2:] or host.endswith(self.host[1:])
        return host == self.host


class Origins:
    """The page's own host, and whatever else is in the list, written as for Phoenix's `check_origin`:

    `https://example.org` exactly that (of its scheme's port); `//example.org` with any scheme and port;
    `//*.example.org` with subdomains too; `*` everything. `ValueError` for anything else.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        allowed = tuple(allowed)
        self._all = ANY in allowed
        self._allowed = tuple(_parsed(origin) for origin in allowed if origin != ANY)
        self._allow_one = lru_cache(REMEMBERED)(self._judge)

    def allow(self, origins: list[str], host: str) -> bool:
        """`origins`: the values of the `Origin` header; `host`: that of `Host`."""
        if not origins or self._all:
            return True
        return len(origins) == 1 and self._allow_one(origins[0], host)

    def _judge(self, origin: str, host: str) -> bool:
        try:
            scheme, name, port = _split(origin)
            own = urlsplit(f"{scheme}://{host}")
            same = (name, port) == (own.hostname, own.port or _DEFAULT_PORTS.get(scheme))
        except ValueError:
            return False
        return bool(name) and (same or any(allowed.admits(scheme, name, port) for allowed in self._allowed))


def _parsed(origin: str) -> _Allowed:
    scheme, host, port = _split(origin if "//" in origin else f"//{origin}")
    if not host:
        raise ValueError(f"{origin!r} is no origin: https://example.org, //*.example.org or *")
    return _Allowed(scheme or None, host, port)


def _split(origin: str) -> tuple[str, str, int | None]:
    parts = urlsplit(origin)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)
