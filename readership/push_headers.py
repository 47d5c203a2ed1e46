"""
The headers by which a push says in which order it belongs, and on which condition it counts.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from acl.model.pushes import Conditions
from ingestion.pushed_body import MalformedPushError

EVENT_HEADER: Final = "Readership-Event"
EPOCH_HEADER: Final = "Readership-Epoch"
_INTEGER: Final = re.compile(r"\d{1,18}")
_TAG: Final = re.compile(r'"(\d{1,9})"')
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def conditions_of(
    event: Sequence[str], if_match: Sequence[str], if_none_match: Sequence[str]
) -> Conditions:
    """
    Read the values of the three headers.

    Raises:
        MalformedPushError: One cannot be understood; a condition is never ignored.
    """
    if if_none_match and [one.strip() for one in if_none_match] != ["*"]:
        msg = "If-None-Match takes only *: the document or group must not be there yet"
        raise MalformedPushError(msg)
    tags = [tag.strip() for value in if_match for tag in value.split(",")]
    anything = tags == ["*"]
    return Conditions(
        event=_event(event),
        # A tag that is not one of ours matches nothing (RFC 9110, section 13.1.1).
        match=None if anything or not tags else frozenset(_revisions(tags)),
        must_exist=anything,
        must_be_new=bool(if_none_match),
    )


def entity_tag(revision: int) -> str:
    """
    Return the `ETag` of a statement.
    """
    return f'"{revision}"'


def _revisions(tags: Sequence[str]) -> list[int]:
    return [int(found[1]) for tag in tags if (found := _TAG.fullmatch(tag))]


def _event(values: Sequence[str]) -> int | None:
    if not values:
        return None
    text = values[0].strip()
    if len(values) == 1 and _INTEGER.fullmatch(text) and text.isascii():
        return int(text)
    try:
        moment = datetime.fromisoformat(text) if len(values) == 1 else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment < _START:
        msg = f"{EVENT_HEADER} is one integer, or one time such as 2026-10-02T09:00:00Z"
        raise MalformedPushError(msg)
    return (moment - _START) // timedelta(microseconds=1)
