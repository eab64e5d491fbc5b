"""How much, how long and how many: everything the gateway bounds."""

from typing import Final

import attrs

from chatter.wire.websocket import MAX_MESSAGE

MAX_HEAD: Final = 16 * 1024
MAX_HEADERS: Final = 100


@attrs.frozen(kw_only=True)
class Limits:
    """Bytes, seconds, counts.

    `message`: bytes of one message from a client, fragments together (else 1009).
    `backlog`: bytes that may wait for a client that does not read (else 1013). The write that is under way, and the
    one that exceeds the limit, are not counted: joining a long room is no offence.
    `stall`: seconds a backlog may go without progress before the socket is dropped.
    `silence`: seconds without a byte from a client before its socket is closed (1001). Kept to about a second.
    `goodbye`: seconds from our close frame until the socket is dropped, unless its client answers.
    `head`: seconds for a request head, the TLS handshake included (else 408).
    `handshakes`: connections whose head is awaited; while there are so many, no other is accepted.
    `connections`: open at once, of every kind (else 503).
    `spread`: seconds over which a drain closes sockets (1012), so that ten thousand don't come back at one moment.
    A few hundred are closed at once.
    `grace`: seconds that a socket's goodbye waits for replies to what was accepted; usually that takes milliseconds.
    `drain`: seconds for both, and for HTTP requests under way. With what comes after, a drain takes `drain` + 2 at
    most.
    `http_write`: seconds that HTTP clients have for each piece of a response.
    `window`: seconds that a poll waits for something to bring, and that what a client posts may take to be handled.
    `absence`: seconds that a long-poll session waits for its first request, and for the next one after a poll whose
    client hung up.
    `between_polls`: seconds that a long-poll client needs from one poll's answer to the next poll; so long a drain
    waits for it, if there is something to bring.
    `post`: bytes that a long-poll client may post at once, any number of messages.
    `post_time`: seconds for them to come in.
    """

    message: int = MAX_MESSAGE
    backlog: int = 1024 * 1024
    stall: float = 30.0
    silence: float = 60.0
    goodbye: float = 5.0
    head: float = 10.0
    handshakes: int = 1024
    connections: int = 100_000
    spread: float = 2.0
    grace: float = 2.5
    drain: float = 5.0
    http_write: float = 30.0
    window: float = 10.0
    absence: float = 15.0
    between_polls: float = 1.0
    post: int = 2 * 1024 * 1024
    post_time: float = 10.0
