from collections.abc import Callable
from pathlib import Path

import pytest

from chatter import rest
from chatter.rest.page import NOT_BUILT
from chatter.stores.sqlite import SqliteStore
from tests.rest.serving import Client, house, refused

INDEX = b"<!doctype html><title>chatter</title>"
FILES = {
    ".sources": b"deadbeef",
    "index.html": INDEX,
    "favicon.ico": b"\0\0\1\0",
    "manifest.webmanifest": b"{}",
    "strange.thing": b"?",
    "assets/index-Bf1ISH4c.js": b"export {}",
    "assets/index-7-gtmJEi.css": b"body{}",
    "assets/latin-D_ZTVpCC.woff2": b"wOF2",
    "assets/.hidden": b"secret",
}


@pytest.fixture
def open_house(tmp_path: Path) -> Callable[[], Client]:
    return lambda: Client(rest.build(house(SqliteStore(tmp_path / "chatter.db"), tmp_path / "static")))


@pytest.fixture
def client(tmp_path: Path, open_house: Callable[[], Client]) -> Client:
    """Of a house whose page is built."""
    for name, content in FILES.items():
        path = tmp_path / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return open_house()


@pytest.mark.parametrize("path", ["/", "/index.html", "/r/lobby", "/r/nowhere", "/?theme=dark"])
async def test_the_page_is_asked_for_again_each_time(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert await response.get_data() == INDEX


async def test_a_page_that_is_the_same_still_is_not_sent_again(client: Client) -> None:
    first = await client.get("/")
    same = await client.get("/r/lobby", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, await same.get_data()) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    other = await client.get("/", headers={"If-None-Match": '"another"'})
    assert (other.status_code, await other.get_data()) == (200, INDEX)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/assets/index-Bf1ISH4c.js", "text/javascript; charset=utf-8"),
        ("/assets/index-7-gtmJEi.css", "text/css; charset=utf-8"),
        ("/assets/latin-D_ZTVpCC.woff2", "font/woff2"),
    ],
)
async def test_what_has_its_hash_in_its_name_is_kept_for_ever(client: Client, path: str, content_type: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.content_type == content_type
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert await response.get_data() == FILES[path[1:]]


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/favicon.ico", "image/x-icon"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/strange.thing", "application/octet-stream"),
    ],
)
async def test_other_built_files_are_there_too(client: Client, path: str, content_type: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.content_type) == (200, content_type)
    assert response.headers["Cache-Control"] == "no-cache"


async def test_head_tells_as_much_as_get(client: Client) -> None:
    head, get = await client.head("/assets/index-7-gtmJEi.css"), await client.get("/assets/index-7-gtmJEi.css")
    assert head.status_code == get.status_code == 200
    assert dict(head.headers) == dict(get.headers)
    assert head.headers["Content-Length"] == "6"


@pytest.mark.parametrize(
    "path",
    [
        "/.sources",
        "/assets/.hidden",
        "/assets/",
        "/assets/nope.js",
        "/assets/../index.html",
        "/assets/..%2findex.html",
        "/../chatter.db",
        "/%2e%2e/chatter.db",
        "/r/",
        "/r/lobby/more",
    ],
)
async def test_nothing_else_of_the_disk_is_served(client: Client, tmp_path: Path, path: str) -> None:
    (tmp_path / "chatter.db").write_bytes(b"everything")
    await refused(await client.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/", "/index.html", "/r/lobby"])
async def test_a_page_that_was_not_built_says_how_to(open_house: Callable[[], Client], path: str) -> None:
    response = await open_house().get(path)
    assert response.status_code == 503
    assert response.content_type == "text/plain; charset=utf-8"
    assert await response.get_data(as_text=True) == NOT_BUILT
    assert response.headers["Cache-Control"] == "no-store"
