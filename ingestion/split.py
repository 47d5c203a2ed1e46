"""
Cuts a redacted text into chunks that cover it without gap or overlap.

A chunk ends, in this order of preference: at a page's end (always), before a heading, after a
paragraph, a line, a sentence, a word; nowhere else unless a single word is longer than a chunk,
as in scripts that write no spaces. A pseudonym is never cut, not even there.
"""

import re
from dataclasses import dataclass
from typing import Final

from acl.model.documents import Span
from ingestion.clean import PAGE_BREAK

MAX_CHARACTERS: Final = 900
"""
About 220 tokens of English; the embedding model reads 256.
"""

MIN_CHARACTERS: Final = 300
"""
A cut that leaves less than this is made only where nothing better is in reach.
"""

MAX_CHUNKS: Final = 20_000
VERSION: Final = "1"

_PREFERENCES: Final = (
    re.compile(r"\n(?=#{1,6} )"),
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n"),
    re.compile(r"[.!?][\"')\]]*\s+"),
    re.compile(r"\s+"),
)

_PSEUDONYM: Final = re.compile(r"<[A-Z_]+_[0-9a-f]+>")


@dataclass(frozen=True, slots=True)
class TextChunk:
    """
    A piece of a redacted text and where it stands in it.
    """

    span: Span
    text: str


def split(text: str) -> tuple[str, list[TextChunk]]:
    """
    Return the text without page marks, and its chunks; none for a text without words.

    Spans refer to the returned text, which has the same length.

    Raises:
        ValueError: The text would give more than `MAX_CHUNKS` chunks.
    """
    pages = text.split(PAGE_BREAK)
    whole = text.replace(PAGE_BREAK, "\n")
    if not whole.strip():
        return whole, []
    chunks: list[TextChunk] = []
    start = 0
    for number, page in enumerate(pages, 1):
        end = min(start + len(page) + 1, len(whole))
        for a, b in _cuts(whole, start, end):
            span = Span(a, b, number if len(pages) > 1 else None)
            chunks.append(TextChunk(span, whole[a:b]))
        start = end
        if len(chunks) > MAX_CHUNKS:
            msg = f"the text would give more than {MAX_CHUNKS} chunks"
            raise ValueError(msg)
    return whole, chunks


def _cuts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    while end - start > MAX_CHARACTERS:
        cut = _best_cut(text, start)
        cuts.append((start, cut))
        start = cut
    if start < end:
        cuts.append((start, end))
    return cuts


def _best_cut(text: str, start: int) -> int:
    earliest, latest = start + MIN_CHARACTERS, start + MAX_CHARACTERS
    for preference in _PREFERENCES:
        found = [match.end() for match in preference.finditer(text, earliest, latest)]
        if found:
            return found[-1]
    opened = text.rfind("<", earliest, latest)
    pseudonym = _PSEUDONYM.match(text, opened) if opened >= 0 else None
    return opened if pseudonym and pseudonym.end() > latest else latest
