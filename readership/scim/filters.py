"""
Reads filters and the paths of PATCH operations (RFC 7644, sections 3.4.2.2 and 3.5.2).

    filter  = term *("or" term)          term = factor *("and" factor)
    factor  = ["not"] "(" filter ")" / attribute "[" filter "]" / test
    test    = attribute "pr" / attribute operator value
    path    = attribute [ "[" filter "]" [ "." part ] ]

A filter has at most `MAX_CHARACTERS`, `MAX_TESTS` tests, and is nested at most `MAX_DEPTH` deep.
"""

import json
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from acl.model.filters import All, Filter, Not, Operator, Some, Test, Value, Within
from readership.scim.errors import INVALID_FILTER, INVALID_PATH, RefusedRequestError

MAX_CHARACTERS: Final = 4_096
MAX_TESTS: Final = 64
MAX_DEPTH: Final = 16
CORE: Final = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:(user|group):", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")
    | (?P<number>-?\d{1,18}(?:\.\d{1,18})?(?![\w.]))
    | (?P<mark>[()\[\]])
    | (?P<part>\.[A-Za-z$][\w$-]*)
    | (?P<word>[A-Za-z$][\w$:.-]*)
    )""",
    re.VERBOSE | re.ASCII,
)
_CONSTANTS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}
_OPERATORS: Final = {one.value: one for one in Operator}
_RESERVED: Final = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class PatchPath:
    """
    What a PATCH operation is about: an attribute, those of its values that pass a filter, and a
    part of these. Names are in lower case, without the URN of the core schema.
    """

    attribute: str
    chosen: Filter | None = None
    part: str = ""


def read_filter(text: str) -> Filter:
    """
    Read a filter.

    Raises:
        RefusedRequestError: It is none, or larger than the limits.
    """
    return _Reading(text, INVALID_FILTER).whole_filter()


def read_path(text: str) -> PatchPath:
    """
    Read the path of a PATCH operation.

    Raises:
        RefusedRequestError: It is none, or larger than the limits.
    """
    return _Reading(text, INVALID_PATH).whole_path()


def attribute_name(text: str) -> str:
    """
    Return an attribute's name in lower case, without the URN of the core schema.
    """
    core = CORE.match(text)
    return (text[core.end() :] if core else text).lower()


class _Reading:
    """
    One text, read from left to right.
    """

    def __init__(self, text: str, scim_type: str) -> None:
        self._scim_type = scim_type
        self._tests = 0
        self._next = 0
        self._tokens = self._split(text)

    def whole_filter(self) -> Filter:
        found = self._any(MAX_DEPTH)
        self._require_end()
        return found

    def whole_path(self) -> PatchPath:
        name = attribute_name(self._take("word"))
        if not self._is("mark", "["):
            self._require_end()
            # The dots of a URN are its own.
            if name.startswith("urn:"):
                return PatchPath(name)
            attribute, _, part = name.partition(".")
            return PatchPath(attribute, part=part)
        chosen = self._bracketed(MAX_DEPTH)
        part = self._take("part")[1:].lower() if self._is("part") else ""
        self._require_end()
        return PatchPath(name, chosen, part)

    def _any(self, depth: int) -> Filter:
        parts = [self._every(depth)]
        while self._skip("word", "or"):
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _every(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._skip("word", "and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Filter:
        if depth == 0:
            self._refuse(f"nested deeper than {MAX_DEPTH} levels")
        if self._skip("word", "not"):
            return Not(self._enclosed(depth))
        if self._is("mark", "("):
            return self._enclosed(depth)
        name = self._take("word")
        if name.lower() in _RESERVED:
            self._refuse(f"{name!r} is not an attribute")
        if self._is("mark", "["):
            return Within(attribute_name(name), self._bracketed(depth))
        return self._test(attribute_name(name))

    def _enclosed(self, depth: int) -> Filter:
        self._require("(")
        found = self._any(depth - 1)
        self._require(")")
        return found

    def _bracketed(self, depth: int) -> Filter:
        self._require("[")
        found = self._any(depth - 1)
        self._require("]")
        return found

    def _test(self, attribute: str) -> Test:
        self._tests += 1
        if self._tests > MAX_TESTS:
            self._refuse(f"more than {MAX_TESTS} tests")
        named = self._take("word")
        operator = _OPERATORS.get(named.lower())
        if operator is None:
            self._refuse(f"{named!r:.40} is not an operator")
        if operator is Operator.PR:
            return Test(attribute, operator)
        return Test(attribute, operator, self._value())

    def _value(self) -> Value:
        if self._is("text"):
            try:
                return str(json.loads(self._take("text")))
            except ValueError:
                self._refuse("a text is not one of JSON")
        if self._is("number"):
            number = self._take("number")
            return float(number) if "." in number else int(number)
        word = self._take("word")
        if word not in _CONSTANTS:
            self._refuse(f"{word!r:.40} is not a value; texts stand in double quotes")
        return _CONSTANTS[word]

    def _split(self, text: str) -> list[tuple[str, str]]:
        if len(text) > MAX_CHARACTERS:
            self._refuse(f"longer than {MAX_CHARACTERS} characters")
        text, at, tokens = text.rstrip(), 0, []
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                self._refuse(f"{text[at : at + 20]!r} cannot be understood")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _is(self, kind: str, text: str | None = None) -> bool:
        if self._next >= len(self._tokens):
            return False
        found, what = self._tokens[self._next]
        return found == kind and (text is None or what.lower() == text)

    def _skip(self, kind: str, text: str) -> bool:
        if not self._is(kind, text):
            return False
        self._next += 1
        return True

    def _take(self, kind: str) -> str:
        if not self._is(kind):
            self._refuse(f"a {kind} is missing")
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _require(self, mark: str) -> None:
        if not self._skip("mark", mark):
            self._refuse(f"{mark!r} is missing")

    def _require_end(self) -> None:
        if self._next < len(self._tokens):
            self._refuse(f"{self._tokens[self._next][1]!r:.40} is too much")

    def _refuse(self, why: str) -> NoReturn:
        what = "filter" if self._scim_type == INVALID_FILTER else "path"
        msg = f"the {what} cannot be read: {why}"
        raise RefusedRequestError(msg, self._scim_type)
