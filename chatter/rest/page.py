"""The built page, held in memory: 1.5 MB, read once, so that a request asks neither the disk nor a thread.

Files under `/assets/` have their content's hash in the name and are kept forever; the others are asked for again each
time, and answered with 304 while they are the same. `/r/ROOM` is the page as well. Hidden files are not served.
"""

import hashlib
from pathlib import Path
from typing import Final

import attrs
from quart import Blueprint, Response, request

from chatter.rest.house import House

NOT_BUILT: Final = "The page has not been built. `pip install .` builds it; then start again.\n"

_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


@attrs.frozen
class BuiltFile:
    """One file as it is sent."""

    content: bytes
    content_type: str
    kept: str
    etag: str

    async def answer(self) -> Response:
        response = Response(self.content, content_type=self.content_type, headers={"Cache-Control": self.kept})
        response.set_etag(self.etag)
        return await response.make_conditional(request)


def blueprint(house: House) -> Blueprint:
    routes = Blueprint("page", __name__)
    files = _built(house.static)
    index = files.get("/index.html")

    async def file() -> Response:
        return await files[request.path].answer()

    @routes.get("/")
    @routes.get("/index.html")
    @routes.get("/r/<room>")
    async def page(room: str = "") -> Response:
        return _not_built() if index is None else await index.answer()

    for path in files.keys() - {"/index.html"}:
        routes.add_url_rule(path, view_func=file)
    return routes


def _built(static: Path) -> dict[str, BuiltFile]:
    """By path. A folder that is not there holds nothing."""
    found = (path.relative_to(static) for path in static.rglob("*") if path.is_file())
    return {f"/{name.as_posix()}": _read(static, name) for name in found if not _is_hidden(name)}


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _read(static: Path, name: Path) -> BuiltFile:
    content = (static / name).read_bytes()
    return BuiltFile(
        content,
        _TYPES.get(name.suffix, "application/octet-stream"),
        _FOREVER if name.parts[0] == "assets" else _ASK_AGAIN,
        hashlib.sha256(content).hexdigest()[:32],
    )


def _not_built() -> Response:
    return Response(NOT_BUILT, 503, content_type="text/plain; charset=utf-8")
