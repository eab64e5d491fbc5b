"""Binary pushes of v2: five bytes of header, four short texts, and whatever the client likes to send."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatter.errors import BadFrame
from chatter.wire.phoenix import LONGPOLL_V1, WEBSOCKET_V1, WEBSOCKET_V2, Push, decode_binary

short = st.text(st.characters(codec="utf-8"), max_size=60)


def binary_push(join_ref: str, ref: str, topic: str, event: str, payload: bytes = b"", kind: int = 0) -> bytes:
    """As phoenix.js's serializer builds it."""
    fields = [field.encode() for field in (join_ref, ref, topic, event)]
    return bytes([kind, *map(len, fields)]) + b"".join(fields) + payload


def close_code(data: bytes) -> int:
    with pytest.raises(BadFrame) as caught:
        decode_binary(data)
    return caught.value.close_code


@given(short, short, short, short, st.binary())
@settings(deadline=None)
def test_a_binary_push_has_its_fields_and_its_payload(
    join_ref: str, ref: str, topic: str, event: str, payload: bytes
) -> None:
    push = decode_binary(binary_push(join_ref, ref, topic, event, payload))
    assert push == Push(join_ref or None, ref or None, topic, event, payload, binary=True)


def test_fields_may_be_255_bytes_long() -> None:
    assert decode_binary(binary_push("1" * 255, "2" * 255, "t" * 255, "e" * 255, b"x")).topic == "t" * 255


def test_every_push_that_ends_too_early_closes_with_1008() -> None:
    whole = binary_push("1", "2", "chat:lobby", "upload")
    assert decode_binary(whole).payload == b""
    for length in range(len(whole)):
        assert close_code(whole[:length]) == 1008


@pytest.mark.parametrize("kind", [1, 2, 3, 255])
def test_only_pushes_come_from_clients(kind: int) -> None:
    assert close_code(binary_push("1", "2", "t", "e", kind=kind)) == 1008


def test_fields_that_are_not_utf_8_close_with_1007() -> None:
    assert close_code(bytes([0, 0, 0, 1, 1]) + b"\xffe") == 1007


def test_a_payload_need_not_be_utf_8() -> None:
    assert decode_binary(binary_push("1", "2", "t", "e", b"\xff\x00")).payload == b"\xff\x00"


def test_v2_sockets_take_binary_pushes_and_v1_sockets_do_not() -> None:
    data = binary_push("1", "2", "t", "e", b"x")
    assert WEBSOCKET_V2.decode(data, binary=True).binary
    for codec in (WEBSOCKET_V1, LONGPOLL_V1):
        with pytest.raises(BadFrame) as caught:
            codec.decode(data, binary=True)
        assert caught.value.close_code == 1008
