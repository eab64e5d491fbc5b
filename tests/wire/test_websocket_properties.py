"""Our reader beside wsproto alone: the same messages and the same close code, whatever comes, however it is cut."""

from collections.abc import Iterator
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from chatter.errors import BadFrame
from chatter.wire.websocket import BINARY, CLOSE, PING, PONG, TEXT, FrameReader
from tests.gateway.client import CONTINUATION, close_payload, frame

LIMIT: Final = 700

Result = tuple[list[tuple[int, bytes]], int | None]
"""What was read, and the code of the error that ended it."""

texts = st.text(max_size=20).map(str.encode) | st.sampled_from([b"x" * 125, b"x" * 126, b"x" * 650, "é".encode() * 200])
data = texts | st.binary(max_size=30) | st.sampled_from([b"\xff", b"\xc3", b"\xa9", b"\xed\xa0\x80"])
masks = st.binary(min_size=4, max_size=4)
usual = st.builds(frame, st.just(TEXT), texts, mask=masks) | st.builds(frame, st.just(BINARY), data, mask=masks)
controls = st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=125), mask=masks)
fragments = st.builds(
    lambda opcode, parts: b"".join(
        frame(CONTINUATION if at else opcode, part, fin=at == len(parts) - 1) for at, part in enumerate(parts)
    ),
    st.sampled_from([TEXT, BINARY]),
    st.lists(data, min_size=1, max_size=4),
)
closes = st.builds(
    lambda code, reason: frame(CLOSE, close_payload(code, reason)),
    st.sampled_from([1000, 1001, 1005, 1006, 1011, 1015, 999, 2000, 3000, 4999, 5000]),
    st.text(max_size=10),
) | st.sampled_from([frame(CLOSE), frame(CLOSE, b"x")])
odd = st.builds(
    frame,
    st.integers(0, 15),
    data,
    fin=st.booleans(),
    mask=st.none() | masks,
    rsv=st.sampled_from([0, 0, 0, 1, 2, 4]),
)
junk = st.binary(min_size=1, max_size=20)
too_large = st.builds(frame, st.sampled_from([TEXT, BINARY]), st.sampled_from([b"x" * 701, "é".encode() * 351]))
streams = st.lists(usual | usual | controls | fragments | odd | closes | junk | too_large, max_size=8).map(b"".join)


@st.composite
def cut_streams(draw: st.DrawFn) -> list[bytes]:
    stream = draw(streams)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if b > a]


def ours(pieces: list[bytes]) -> Result:
    reader = FrameReader(LIMIT)
    found: list[tuple[int, bytes]] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (arrival := reader.next()) is not None:
                found.append(arrival)
    except BadFrame as error:
        return found, error.close_code
    return found, None


def wsprotos(pieces: list[bytes]) -> Result:
    """wsproto is fed all at once, since it counts what is not complete yet; the limit is ours."""
    connection = Connection(ConnectionType.SERVER)
    connection.receive_data(b"".join(pieces))
    found: list[tuple[int, bytes]] = []
    parts: list[bytes] = []
    for event in connection.events():
        if isinstance(event, CloseConnection) and connection.state is ConnectionState.OPEN:
            return found, int(event.code)
        if isinstance(event, TextMessage | BytesMessage):
            parts.append(event.data.encode() if isinstance(event.data, str) else bytes(event.data))
            if sum(map(len, parts)) > LIMIT:
                return found, 1009
            if event.message_finished:
                found.append((TEXT if isinstance(event, TextMessage) else BINARY, b"".join(parts)))
                parts = []
        else:
            found.extend(_controls(event))
    return found, None


def _controls(event: Event) -> Iterator[tuple[int, bytes]]:
    match event:
        case Ping(payload=payload):
            yield PING, bytes(payload)
        case Pong(payload=payload):
            yield PONG, bytes(payload)
        case CloseConnection(code=code):
            yield CLOSE, b"" if code == 1005 else int(code).to_bytes(2, "big")


@settings(max_examples=1000, deadline=None)
@given(cut_streams())
def test_our_reader_reads_what_wsproto_reads(pieces: list[bytes]) -> None:
    found, code = ours(pieces)
    expected, expected_code = wsprotos(pieces)
    if code is None and expected_code == 1007:
        # wsproto finds fault with text as it comes, we do when it is all there; until then both hold it back
        assert found == expected
        assert ours([*pieces, bytes(LIMIT)])[1] in (1002, 1007, 1009)
    elif code == 1009 and expected_code in (None, 1007):
        assert found == expected  # its header says that it will be too large
    else:
        assert (found, code) == (expected, expected_code)


@settings(max_examples=300, deadline=None)
@given(cut_streams())
def test_how_the_stream_is_cut_makes_no_difference(pieces: list[bytes]) -> None:
    assert ours(pieces) == ours([b"".join(pieces)])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=20))
def test_anything_at_all_is_read_or_refused(pieces: list[bytes]) -> None:
    _, code = ours(pieces)
    assert code in (None, 1002, 1007, 1009)
