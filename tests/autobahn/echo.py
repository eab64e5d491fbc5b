"""What the Autobahn suite expects to talk to: a server that says everything back, as it came."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from chatter.actors.actor import Actor
from chatter.actors.connection import Connection, Frame, Input
from chatter.actors.mailbox import Mailbox
from chatter.core.model import User
from chatter.errors import BadFrame
from chatter.gateway import Limits
from chatter.wire.websocket import BINARY, text_frame
from tests.gateway.stage import EchoHouse, Stage, staged

MEBIBYTE: Final = 2**20
LARGEST: Final = 16 * MEBIBYTE
"""The suite sends messages of that size; what of it may wait for a client that reads slowly is a message more."""


class Echo(Actor[Input]):
    """Says back what it hears: text as text, binary as binary."""

    def __init__(self, mailbox: Mailbox[Input], connection: Connection, _user: User | None) -> None:
        super().__init__(mailbox)
        self._connection = connection

    async def serve(self) -> None:
        self._read()
        while not self._connection.closed:
            await self.mailbox.get()
            self._read()

    def _read(self) -> None:
        connection = self._connection
        try:
            while (frame := connection.peek()) is not None:
                connection.advance()
                connection.write(framed(frame))
        except BadFrame as error:
            connection.close(error.close_code, str(error))


def framed(message: Frame) -> bytes:
    """A text frame, with the opcode that the message came with."""
    text = text_frame(message.data)
    return bytes([0x80 | BINARY]) + text[1:] if message.binary else text


def echoing(**settings: Any) -> AbstractAsyncContextManager[Stage]:
    """A gateway whose sockets echo, with limits that are wide enough for the suite's largest messages."""
    limits = Limits(message=LARGEST, backlog=2 * LARGEST, connections=10_000)
    return staged(house=EchoHouse(Echo), limits=limits, **settings)
