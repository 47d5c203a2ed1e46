"""
JSON as strict as a signature or a permission deserves.

Libraries take the last of two equal members, accept NaN and halves of surrogate pairs, which no
UTF-8 can hold (RFC 8259, section 8.2), and nest as deep as the sender likes.
Two parsers that disagree about one text are how a token, or an ACL, comes to mean two things
(RFC 8725, section 2.4; RFC 7515, section 4).
"""

import json
import math
import re
from typing import Final

MAX_DEPTH: Final = 16
"""
Claims of real issuers and ACLs of real sources nest four or five levels.
"""

MAX_INTEGER_DIGITS: Final = 18
"""
Fits 64 bits; a longer number is an attack on the parser, not a time.
"""

_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parse_object(text: bytes, *, half_pairs: bool = False) -> dict[str, object]:
    """
    Parse one JSON object.

    With `half_pairs`, halves of surrogate pairs are let through, for a caller that says itself
    which member holds one.

    Raises:
        ValueError: Not UTF-8, not one object, a repeated member, a number that is not finite
            or too long, half of a surrogate pair, or nesting deeper than `MAX_DEPTH`.
    """
    decoded = text.decode("utf-8", errors="strict")
    try:
        parsed = json.loads(
            decoded,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_short_integer,
            parse_float=_finite,
        )
    except RecursionError as error:
        msg = f"nested deeper than {MAX_DEPTH} levels"
        raise ValueError(msg) from error
    if not isinstance(parsed, dict):
        msg = "expected a JSON object"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    _require_shallow(parsed)
    if not half_pairs and _HALF.search(decoded):
        _require_whole_pairs(parsed)
    return parsed


def named_in(text: bytes, member: str) -> str | None:
    """
    Return a string member of an object that `parse_object` refused, if it is beyond doubt.

    For saying *which* thing is malformed: nothing else of the object may be used.
    """
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None
    value = found.get(member) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None


def _require_shallow(parsed: object) -> None:
    level: list[object] = [parsed]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    msg = f"nested deeper than {MAX_DEPTH} levels"
    raise ValueError(msg)


def _require_whole_pairs(parsed: object) -> None:
    try:
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        msg = "half of a surrogate pair"
        raise ValueError(msg) from error


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _unique(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) != len(members):
        msg = "a member is repeated"
        raise ValueError(msg)
    return found


def _refuse_constant(name: str) -> object:
    msg = f"{name} is not a JSON number"
    raise ValueError(msg)


def _short_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        msg = "an integer is too long"
        raise ValueError(msg)
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        msg = "a number is not finite"
        raise ValueError(msg)
    return number
