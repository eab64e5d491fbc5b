"""A server for each module, a room for each test, and people who come to it."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trio
import trustme

from tests.postgres_server import PostgresServer

from .client import PATIENCE, V1, V2, Client, Handshake, Place, connect
from .cluster import Cluster, clustered_for_a_module
from .server import Reachable, Server

Connect = Callable[..., Awaitable[Client]]
Arrive = Callable[..., Awaitable[Place]]

_NUMBERS: Final = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, help="how often test_kill.py kills the server (20)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Marked `also_on_two_nodes`, a module is run against one node on SQLite, and against two on PostgreSQL and Redis,
    where everybody who comes is let in by another node than the one before."""
    if "server" in metafunc.fixturenames and metafunc.definition.get_closest_marker("also_on_two_nodes"):
        metafunc.parametrize("server", ["one node", "two nodes"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server | Cluster]:
    """One for all tests of a module, which must leave it as it was; nobody's rate is limited in it."""
    folder = tmp_path_factory.mktemp("server")
    if getattr(request, "param", "one node") == "one node":
        with Server(folder, "--message-rate", "0") as running:
            yield running
    else:
        with clustered_for_a_module(folder, request.getfixturevalue("postgres")) as cluster:
            yield cluster


@pytest.fixture(params=[V2, V1], ids=["v2", "v1"])
def vsn(request: pytest.FixtureRequest) -> str:
    version: str = request.param
    return version


class Rest:
    """The JSON of REST's answers; `token`: in whose name."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, status: int = 200, token: str = "", **query: Any) -> Any:
        return self._told(await self.client.get(path, params=query, headers=_bearer(token)), status)

    async def post(self, path: str, status: int = 201, token: str = "", **body: Any) -> Any:
        return self._told(await self.client.post(path, json=body, headers=_bearer(token)), status)

    async def delete(self, path: str, status: int = 204, token: str = "") -> Any:
        return self._told(await self.client.delete(path, headers=_bearer(token)), status)

    async def guest(self, name: str) -> str:
        """A token for somebody new, whose name begins so."""
        token: str = (await self.post("/api/guests", name=unique(name)))["token"]
        return token

    def _told(self, response: httpx.Response, status: int) -> Any:
        assert response.status_code == status, response.text
        return response.json() if response.content else None


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def unique(name: str) -> str:
    """A name that begins so, and that nobody else in this run has."""
    return f"{name}-{next(_NUMBERS)}"


@asynccontextmanager
async def calling(server: Reachable) -> AsyncIterator[Rest]:
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE, trust_env=False, verify=False) as client:
        yield Rest(client)


@pytest.fixture
async def rest(server: Reachable) -> AsyncIterator[Rest]:
    async with calling(server) as rest:
        yield rest


@pytest.fixture
async def room(rest: Rest) -> str:
    """The name of a room in which nobody has been."""
    name = unique("room")
    await rest.post("/api/channels", token=await rest.guest("builder"), name=name)
    return name


@pytest.fixture
async def dial(nursery: trio.Nursery) -> AsyncIterator[Connect]:
    """Connects to a URL, and hangs up at the end."""
    clients: list[Client] = []

    async def connected(url: str, **how: Any) -> Client:
        clients.append(await connect(nursery, url, Handshake(**how)))
        return clients[-1]

    yield connected
    async with trio.open_nursery() as goodbyes:
        for client in clients:
            goodbyes.start_soon(client.leave)


@pytest.fixture
def visit(server: Reachable, dial: Connect) -> Connect:
    """Connects to the server."""

    async def connected(**how: Any) -> Client:
        return await dial(server.socket_url, **how)

    return connected


@pytest.fixture
def arrive(visit: Connect, room: str) -> Arrive:
    """Somebody comes to the room, and says who they are."""

    async def arrived(name: str, *, prefix: str = "chat", vsn: str = V2, **join: Any) -> Place:
        place = await (await visit(vsn=vsn)).join(f"{prefix}:{room}", **join)
        await place.identify(unique(name))
        return place

    return arrived


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def trusting(tmp_path: Path) -> ssl.SSLContext:
    """Trusts the certificate that lies in `tmp_path`, as chain.pem and key.pem, for 127.0.0.1."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(tmp_path / "chain.pem", append=True)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
