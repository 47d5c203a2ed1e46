"""
What a request says beside its body: conditions, filters, pages, and which attributes it wants.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams

from acl.model.filters import Filter
from acl.model.provisioning import Condition
from acl.registry.provisioned import Page
from readership.scim.errors import INVALID_VALUE, RefusedRequestError
from readership.scim.filters import attribute_name, read_filter
from readership.scim.resources import Json
from readership.scim.schemas import MAX_RESULTS

ALWAYS: Final = frozenset({"schemas", "id"})
MAX_START: Final = 10**9
_TAG: Final = re.compile(r'(?:W/)?"(\d{1,9})"')
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which attributes of a resource are wanted: those of `only`, or all but those of `without`.
    """

    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def has(self, attribute: str) -> bool:
        """
        Say whether an attribute, in lower case, is wanted.
        """
        if self.only is not None:
            return any(one.partition(".")[0] == attribute for one in self.only)
        return attribute not in self.without

    def of(self, body: Json) -> Json:
        """
        Return what is wanted of a resource; its schemas and its id always are.
        """
        return {
            name: value for name, value in body.items() if name in ALWAYS or self.has(name.lower())
        }


def wanted_of(query: QueryParams) -> Wanted:
    """
    Read `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

    Raises:
        RefusedRequestError: Both are there.
    """
    only, without = _names(query, "attributes"), _names(query, "excludedAttributes")
    if only and without:
        msg = "attributes and excludedAttributes exclude each other"
        raise RefusedRequestError(msg, INVALID_VALUE)
    return Wanted(only or None, without)


def filter_of(query: QueryParams) -> Filter | None:
    """
    Read `filter`, if there is one.

    Raises:
        RefusedRequestError: There are several, or it is none.
    """
    text = _single(query, "filter")
    return None if text is None else read_filter(text)


def page_of(query: QueryParams) -> Page:
    """
    Read `startIndex` and `count` (RFC 7644, section 3.4.2.4); a page has at most `MAX_RESULTS`.

    Raises:
        RefusedRequestError: One of them is no integer.
    """
    start, count = _integer(query, "startIndex", 1), _integer(query, "count", MAX_RESULTS)
    return Page(min(max(start, 1), MAX_START) - 1, min(max(count, 0), MAX_RESULTS))


def condition_of(if_match: Sequence[str], if_none_match: Sequence[str]) -> Condition:
    """
    Read the conditions of a change (RFC 7644, section 3.14). What is changed exists.
    """
    match, none_match = _versions(if_match), _versions(if_none_match)
    if none_match is not None and "*" in _tags(if_none_match):
        return Condition(match=frozenset())
    anything = match is None or "*" in _tags(if_match)
    return Condition(None if anything else match, none_match)


def is_known(if_none_match: Sequence[str], version: int) -> bool:
    """
    Say whether the client of a `GET` has this version already.
    """
    known = _versions(if_none_match)
    return known is not None and (version in known or "*" in _tags(if_none_match))


def _versions(values: Sequence[str]) -> frozenset[int] | None:
    # A tag that is not one of ours matches nothing (RFC 9110, section 13.1.1).
    found = [_TAG.fullmatch(tag) for tag in _tags(values)]
    return frozenset(int(one[1]) for one in found if one) if values else None


def _tags(values: Sequence[str]) -> list[str]:
    return [tag.strip() for value in values for tag in value.split(",")]


def _names(query: QueryParams, name: str) -> frozenset[str]:
    listed = (_single(query, name) or "").split(",")
    return frozenset(attribute_name(one.strip()) for one in listed if one.strip())


def _single(query: QueryParams, name: str) -> str | None:
    values = query.getlist(name)
    if len(values) > 1:
        msg = f"{name} stands there twice"
        raise RefusedRequestError(msg, INVALID_VALUE)
    return values[0] if values else None


def _integer(query: QueryParams, name: str, otherwise: int) -> int:
    text = _single(query, name)
    if text is None:
        return otherwise
    if not _INTEGER.fullmatch(text):
        msg = f"{name} is an integer"
        raise RefusedRequestError(msg, INVALID_VALUE)
    return int(text)
