"""Our reader beside wsproto alone: the same messages and the same close code, whatever comes, however it is cut."""

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from chatter.wire.websocket import BINARY, CLOSE, PING, PONG, TEXT
from tests.gateway.client import CONTINUATION, close_payload, frame
from tests.wire.reading import agree, alike, ours

LIMIT: Final = 700

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


@settings(max_examples=1000, deadline=None)
@given(cut_streams())
def test_our_reader_reads_what_wsproto_reads(pieces: list[bytes]) -> None:
    agree(pieces, LIMIT)


@settings(max_examples=300, deadline=None)
@given(cut_streams())
def test_how_the_stream_is_cut_makes_no_difference(pieces: list[bytes]) -> None:
    assert alike(ours(pieces, LIMIT), ours([b"".join(pieces)], LIMIT))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=20))
def test_anything_at_all_is_read_or_refused(pieces: list[bytes]) -> None:
    _, code = ours(pieces, LIMIT)
    assert code in (None, 1002, 1007, 1009)
