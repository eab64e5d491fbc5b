"""The port: bound at once or not at all, and accepting whatever happens."""

import errno
import socket

import pytest
import trio

from chatter.gateway import Gateway
from chatter.gateway.listening import Acceptor, Room, bind
from tests.gateway.stage import EchoHouse, Stage, eventually, make_app, staged


def test_a_port_in_use_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = Gateway(EchoHouse(), make_app(), port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use") as caught:
            gateway.bind()
        assert caught.value.errno == errno.EADDRINUSE


def test_a_host_that_is_none_is_an_error_at_once() -> None:
    with pytest.raises(OSError, match=r"."):
        Gateway(EchoHouse(), make_app(), host="300.300.300.300", port=0).bind()


async def test_binding_beforehand_tells_the_real_port() -> None:
    gateway = Gateway(EchoHouse(), make_app(), port=0)
    gateway.bind()
    gateway.bind()
    host, port = gateway.address
    assert host == "127.0.0.1"
    assert port > 0
    gateway.stop()
    await gateway.run(lambda: None)


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
async def test_ipv6_is_served() -> None:
    async with staged(host="::1") as stage:
        client = await stage.connected(host=f"[::1]:{stage.gateway.address[1]}")
        await client.send_text("hello")
        assert await client.text() == "visitor: hello"


async def test_a_name_of_several_addresses_is_one_port() -> None:
    async with staged(host="localhost") as stage:
        _, port = stage.gateway.address
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.aclose()


async def test_connections_that_come_together_are_all_served(stage: Stage) -> None:
    clients = [await stage.dial() for _ in range(200)]
    for client in clients:
        await client.upgrade()
    for client in clients:
        await client.send_text("hello")
    for client in clients:
        assert await client.text() == "visitor: hello"
    assert stage.gateway.statistics().accepted == 200


class Exhausted(socket.socket):
    """A listening socket at which the process runs out of descriptors, for a while."""

    failures = 3

    def accept(self) -> tuple[socket.socket, object]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_running_out_of_descriptors_is_survived() -> None:
    accepted: list[socket.socket] = []
    with Exhausted() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Acceptor(listener, Room(10), accepted.append).run)
            stream = await trio.open_tcp_stream(*listener.getsockname())
            await eventually(lambda: bool(accepted))
            nursery.cancel_scope.cancel()
    assert listener.failures == 0
    accepted[0].close()
    await stream.aclose()


def test_all_addresses_are_bound_or_none() -> None:
    listeners = bind("", 0)
    assert len({listener.getsockname()[1] for listener in listeners}) == 1
    for listener in listeners:
        listener.close()
