"""
Finds what an answer quotes, and says whether it stands in what was released.

Finding is generous: marks of every language, in HTML and in quoted blocks, closed or not, and
whatever an ambiguous mark may open. What stands in a released text does no harm if it is looked
for once too often. A quotation may leave words out: its pieces must then stand in one text, in
their order, from word to word, and none may be a single word.

Only so much is compared for one answer; the rest counts as not checked.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from retrieval.folding import Span, folded

MIN_QUOTED_WORDS: Final = 5
MIN_WORDS_OF_A_PIECE: Final = 2
MIN_QUOTED_CHARACTERS: Final = 8
"""
Where words are not parted by spaces; fewer are a figure of speech.
"""

MAX_QUOTATIONS: Final = 500
MAX_QUOTED: Final = 200_000
"""
Characters of all quotations together: four times the longest answer, as some lie in others.
"""

MAX_COMPARED: Final = 40_000_000
"""
Characters of released texts that are searched for one answer.
"""

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f"
)
_PUNCTUATION: Final = "!-/:-@\\[-`{-~\u00a1-\u00bf\u2010-\u205e\u3000-\u303f"
_TOKEN: Final = re.compile(
    rf"([{_UNSPACED}])|([^\s{_PUNCTUATION}{_UNSPACED}]+)|[^\s]", re.IGNORECASE
)
_ALONE: Final = re.compile(f"[{_UNSPACED}]")
_OMISSION: Final = re.compile(r"[\[(]?\s?\.(?:\s?\.){2,}\s?[\])]?")
_EDGES: Final = "_.,;:!?'\"\u2018\u2019\u3002\uff0c\u3001"

_FAMILIES: Final = {
    mark: family
    for family in ('"\u201c\u201d\u201e\u201f', "'\u2018\u2019\u201a\u201b", "\u00ab\u00bb",
                   "\u2039\u203a", "\u300c\u300d", "\u300e\u300f")
    for mark in family
}  # fmt: skip
_SINGLE: Final = "'"
_OPENS: Final = frozenset("\u201c\u201e\u201f\u2018\u201a\u201b\u00ab\u2039\u300c\u300e")
_CLOSES: Final = frozenset("\u201d\u00bb\u203a\u300d\u300f")
_LOW: Final = frozenset("\u201e\u201a")
_MARK: Final = re.compile("[" + "".join(_FAMILIES) + "]")
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
_LEAD: Final = r"[ \t]{0,80}(?:(?:[-+]|[0-9]{1,9}[.)])[ \t]{1,8}){0,4}>"
_BLOCK: Final = re.compile(rf"^{_LEAD}([^\n]*)", re.MULTILINE)
_CONTINUED: Final = re.compile(rf"\n{_LEAD}[ \t>]*")
_ELEMENT: Final = re.compile(r"<(q|blockquote)\b[^>]{0,300}>", re.IGNORECASE)


def quotations(text: str) -> tuple[list[Span], bool]:
    """
    Return where a folded text quotes, marks excluded, in order, and whether that is all; some
    may overlap.
    """
    found: set[Span] = set()
    for search in (_marked, _blocks, _elements):
        found.update(islice(search(text), MAX_QUOTATIONS + 1))
    few: list[Span] = []
    left = MAX_QUOTED
    for start, end in sorted(found)[:MAX_QUOTATIONS]:
        left -= end - start
        if left < 0:
            break
        few.append((start, end))
    return few, len(few) == len(found)


def _marked(text: str) -> Iterator[Span]:
    opened: dict[str, list[int]] = {family: [] for family in _FAMILIES.values()}
    owners: list[int] = []
    for found in _MARK.finditer(text):
        at, mark = found.start(), found[0]
        family = _FAMILIES[mark]
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if family[0] == _SINGLE and mark not in _OPENS and _letter(before) and _letter(after):
            continue  # it's
        stack = opened[family]
        if stack and _may_close(mark, text[stack[-1]], before, after):
            yield stack[-1] + 1, at
            start = stack.pop()
            # the directors' pay
            owned = family[0] == _SINGLE and before in {"s", "S"} and after.isspace()
            owners = [start] if owned else []
        elif _may_open(mark, before, after):
            stack.append(at)
            owners = [] if family[0] == _SINGLE else owners
        elif family[0] == _SINGLE and owners:
            yield owners[0] + 1, at
    ends = [*(found.start() for found in _PARAGRAPH.finditer(text)), len(text)]
    for family, stack in opened.items():
        if family[0] != _SINGLE:
            yield from ((at + 1, ends[bisect_left(ends, at)]) for at in stack)


def _letter(character: str) -> bool:
    return character.isalnum() and not _ALONE.match(character)


def _may_close(mark: str, opener: str, before: str, after: str) -> bool:
    alone = before.isspace() and not after.strip()
    if mark in _OPENS:
        # German closes with what English opens with, and turns guillemets round.
        return (opener in _LOW or opener in _CLOSES) and not before.isspace()
    return mark in _CLOSES or alone or not (before.isspace() or before in "([{")


def _may_open(mark: str, before: str, after: str) -> bool:
    if mark in _OPENS:
        return True
    if _FAMILIES[mark][0] == _SINGLE:
        return not _letter(before) and bool(after.strip())
    return bool(after.strip()) or not before.strip()


def _blocks(text: str) -> Iterator[Span]:
    start = end = -1
    for line in _BLOCK.finditer(text):
        if start >= 0 and line.start() == end + 1:
            end = line.end()
            continue
        if start >= 0:
            yield start, end
        start, end = line.span(1)
    if start >= 0:
        yield start, end


def _elements(text: str) -> Iterator[Span]:
    lowered = text.lower() if len(text.lower()) == len(text) else text
    closed = dict.fromkeys(("q", "blockquote"), True)
    for found in _ELEMENT.finditer(text):
        name = found[1].lower()
        end = lowered.find(f"</{name}", found.end()) if closed[name] else -1
        closed[name] = end >= 0
        yield found.end(), end if end >= 0 else len(text)


def pieces_of(words: str) -> list[list[str]]:
    """
    Return the pieces of a folded quotation between which it leaves words out, each as its words
    and marks; none if it is too short to be one.
    """
    split = _OMISSION.split(_CONTINUED.sub("\n", words))
    pieces = [piece for one in split if (piece := _trimmed(_tokens(one)))]
    return pieces if _is_long([one for piece in pieces for one in piece]) else []


def _tokens(text: str) -> list[str]:
    return [found[0] for found in _TOKEN.finditer(unicodedata.normalize("NFKC", text))]


def _trimmed(tokens: list[str]) -> list[str]:
    start, end = 0, len(tokens)
    while start < end and tokens[start] in _EDGES + ">":
        start += 1
    while end > start and tokens[end - 1] in _EDGES:
        end -= 1
    return tokens[start:end]


def _counted(tokens: Iterable[str]) -> tuple[int, int]:
    """
    Return how many words there are, and how many characters of scripts without spaces.
    """
    kinds = [_TOKEN.fullmatch(one) for one in tokens]
    words = sum(1 for one in kinds if one and one[2])
    return words, sum(1 for one in kinds if one and one[1])


def _is_long(tokens: Iterable[str]) -> bool:
    words, characters = _counted(tokens)
    return words >= MIN_QUOTED_WORDS or characters + words >= MIN_QUOTED_CHARACTERS


class Released:
    """
    The texts in which a quotation may stand. How much of them is searched is counted.
    """

    def __init__(self, texts: Sequence[str], *, complete: bool) -> None:
        self._texts = [f" {' '.join(_tokens(folded(one)))} " for one in texts]
        self._complete = complete
        self._left = MAX_COMPARED
        self._said: dict[tuple[str, ...], str | None] = {}

    def objection(self, pieces: Sequence[Sequence[str]]) -> str | None:
        """
        Return what is wrong with a quotation, if anything is.
        """
        key = tuple(f" {' '.join(piece)} " for piece in pieces)
        if key not in self._said:
            self._said[key] = self._looked_for(key, pieces)
        return self._said[key]

    def _looked_for(self, key: tuple[str, ...], pieces: Sequence[Sequence[str]]) -> str | None:
        scraps = len(pieces) > 1 and any(
            sum(_counted(piece)) < MIN_WORDS_OF_A_PIECE for piece in pieces
        )
        for text in [] if scraps else self._texts:
            self._left -= len(text)
            if self._left < 0:
                return "quote_not_checked"
            if _in_order(key, text):
                return None
        return "quote_not_released" if self._complete else "quote_not_checked"


def _in_order(pieces: Iterable[str], text: str) -> bool:
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece) - 1
    return True
