"""
The encoding keeps different values apart.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.encoding import Encodable, encode
from tests.acl.people import NOON
from tests.properties.effort import tries

atoms = (
    st.none()
    | st.text(max_size=4)
    | st.binary(max_size=4)
    | st.integers()
    | st.datetimes(timezones=st.just(UTC))
)
values: st.SearchStrategy[Encodable] = st.recursive(
    atoms, lambda inner: st.lists(inner, max_size=4), max_leaves=8
)


def read(encoded: bytes) -> tuple[object, bytes]:
    """
    Read one value back: what can be read back in one way cannot collide.
    """
    kind, length = encoded[:1], int.from_bytes(encoded[1:9], "big")
    body, rest = encoded[9 : 9 + length], encoded[9 + length :]
    assert length == len(body)
    if kind == b"L":
        items = []
        while body:
            item, body = read(body)
            items.append(item)
        return items, rest
    readers: dict[bytes, Callable[[bytes], object]] = {
        b"N": lambda _: None,
        b"S": lambda b: b.decode(),
        b"B": bytes,
        b"I": int,
        b"T": lambda b: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(b)),
    }
    return readers[kind](body), rest


@given(value=values)
@tries(400)
def test_every_encoding_can_be_read_back(value: Encodable) -> None:
    """
    A left inverse exists, so no two values share an encoding.
    """
    assert (value, b"") == read(encode(value))


@given(
    one=st.lists(st.text(max_size=3), max_size=4), other=st.lists(st.text(max_size=3), max_size=4)
)
@tries(300)
def test_lists_of_texts_collide_only_if_equal(one: list[str], other: list[str]) -> None:
    assert (one == other) is (encode(one) == encode(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "bc"], ["ab", "c"]),
        (["a"], "a"),
        ("1", 1),
        ("1", b"1"),
        (None, ""),
        ([], [[]]),
        ([[], []], [[[]]]),
        (["a", None], ["a"]),
        (0, None),
        (NOON, int(NOON.timestamp() * 1_000_000)),
    ],
)
def test_known_confusions_are_kept_apart(one: Encodable, other: Encodable) -> None:
    assert encode(one) != encode(other)


def test_one_moment_in_two_zones_is_one_moment() -> None:
    abroad = NOON.astimezone(timezone(timedelta(hours=9)))

    assert encode(NOON) == encode(abroad)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        encode(NOON.replace(tzinfo=None))
