"""
Type-length-value encoding: the one way that several values become one byte string.

Joining strings lets ("a", "bc") and ("ab", "c") collide; that mistake in cache keys has leaked
documents elsewhere. Here every value carries its type and its length, so distinct tuples have
distinct encodings. Numbers are big-endian; times are microseconds since 1970, UTC.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Encodable: TypeAlias = "str | bytes | int | datetime | Sequence[Encodable] | None"

_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


def encode(value: Encodable) -> bytes:
    """
    Encode one value, or a sequence of values, unambiguously.
    """
    if isinstance(value, str):
        kind, body = b"S", value.encode("utf-8")
    elif value is None:
        kind, body = b"N", b""
    elif isinstance(value, bytes):
        kind, body = b"B", value
    elif isinstance(value, int):
        kind, body = b"I", str(int(value)).encode("ascii")
    elif isinstance(value, datetime):
        kind, body = b"T", str(_microseconds(value)).encode("ascii")
    else:
        kind, body = b"L", b"".join(map(encode, value))
    return kind + len(body).to_bytes(8, "big") + body


def _microseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        msg = "a time without a zone has no meaning here"
        raise ValueError(msg)
    return (moment - _EPOCH_START) // timedelta(microseconds=1)
