"""
Frames between client and engine: whole, or an error.
"""

import socket
from collections.abc import Iterator

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.index import wire
from tests.properties.effort import tries

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


messages = st.lists(
    st.none() | st.integers(-(2**63), 2**63) | st.text() | st.binary() | st.lists(st.floats(-1, 1)),
    min_size=1,
    max_size=5,
)


@given(message=messages)
@tries(100)
def test_a_message_arrives_as_it_was_sent(message: list[object]) -> None:
    one, other = socket.socketpair()
    with one, other:
        wire.send(one, message)

        assert message == wire.receive(other)


def test_a_closed_connection_is_the_end_and_no_error(pair: Pair) -> None:
    one, other = pair
    one.close()

    assert wire.receive(other) is None


@pytest.mark.parametrize(
    "sent",
    [
        b"\0",
        b"\0\0\0\x05abc",
        b"\0\0\0\0",
        b"\0\0\0\x01\xc1",
        b"\0\0\0\x01\x80",
        b"\0\0\0\x01\x90",
        b"\0\0\0\x02\xc0\xc0",
        (wire.MAX_FRAME_BYTES + 1).to_bytes(4, "big"),
    ],
)
def test_what_is_not_a_frame_is_refused(pair: Pair, sent: bytes) -> None:
    one, other = pair
    one.sendall(sent)
    one.close()

    with pytest.raises(wire.WireError):
        wire.receive(other)


def test_a_frame_that_is_too_large_is_not_sent(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", 10)

    with pytest.raises(wire.WireError):
        wire.send(pair[0], ["more than ten bytes"])


def test_what_is_unpacked_is_never_more_than_a_value(pair: Pair) -> None:
    """
    An extension type stays bytes with a number; nothing is called.
    """
    one, other = pair
    wire.send(one, [msgpack.ExtType(42, b"os.system")])

    assert [msgpack.ExtType(42, b"os.system")] == wire.receive(other)
