"""
Finds citations in what a language model wrote, in whichever brackets, and says which are known.

A citation ends in a revision and a span, `@3#0-180`; or in brackets in a revision alone. Whatever
stands before that is compared with what was released, without spaces. So nothing depends on
where an unknown one begins.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from retrieval.folding import folded

MAX_CITATION_CHARACTERS: Final = 1_300
MAX_BEGINNINGS: Final = 8
"""
How many brackets, and how many spaces, before a revision are tried as the beginning.
"""

_END: Final = re.compile(
    r"@\s{0,8}[0-9]{1,12}\s{0,8}"
    r"(#\s{0,8}[0-9]{1,12}\s{0,8}-\s{0,8}[0-9]{1,12}|(?=[\])]))"
)
_CLOSING: Final = re.compile(r"\s{0,8}[\])]")
_SOURCE: Final = re.compile(r"\s{0,8}[\w.-]{1,64}\s{0,8}:(\s)?")


@dataclass(frozen=True, slots=True)
class Cited:
    """
    Where a citation stands in a folded text, brackets included, and whether it was released.
    """

    start: int
    end: int
    known: bool


class KnownCitations:
    """
    What was released, as it is looked up.
    """

    def __init__(self, citations: Iterable[str]) -> None:
        whole = {_key(folded(one)) for one in citations if one}
        self._known = whole | {one.rpartition("#")[0] for one in whole}

    def found_in(self, text: str) -> list[Cited]:
        """
        Return the citations of a folded text, in order.
        """
        found: list[Cited] = []
        for end in _END.finditer(text):
            least = max(end.start() - MAX_CITATION_CHARACTERS, found[-1].end if found else 0)
            one = self._cited(text, least, end)
            if one is not None:
                found.append(one)
        return found

    def _cited(self, text: str, least: int, end: re.Match[str]) -> Cited | None:
        brackets, spaces = _beginnings(text, least, end.start())
        for start in (*brackets, *spaces):
            if _key(text[start : end.end()]) in self._known:
                return _whole(text, least, start, end.end(), known=True)
        sources = {at: _SOURCE.match(text, at, end.start()) for at in brackets}
        # "(note: see me @7)" is none.
        named = [at for at, one in sources.items() if one and (end[1] or not one[1])]
        if not end[1] and not named:
            return None
        return _whole(text, least, (named or spaces)[0], end.end(), known=False)


def _beginnings(text: str, least: int, end: int) -> tuple[list[int], list[int]]:
    """
    Return where what ends at a place may have begun, nearest first: brackets, and spaces.
    """
    brackets: list[int] = []
    spaces: list[int] = []
    for at in range(end - 1, least - 1, -1):
        if text[at] in "[(":
            brackets.append(at + 1)
        elif text[at].isspace() and not text[at + 1].isspace():
            spaces.append(at + 1)
        if len(brackets) == MAX_BEGINNINGS:
            break
    return brackets, [*spaces, least][:MAX_BEGINNINGS]


def _whole(text: str, least: int, start: int, end: int, *, known: bool) -> Cited:
    if start > least and text[start - 1] in "[(":
        start -= 1
        closing = _CLOSING.match(text, end)
        end = closing.end() if closing else end
    return Cited(start, end, known)


def _key(citation: str) -> str:
    return "".join(citation.split()).removeprefix("[").removesuffix("]")
