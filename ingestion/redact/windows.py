"""
Cuts a long text into windows of bounded size that together cover it.

A cut prefers a blank line, then a line end, then a sentence end, then a space. Findings may well
span anything but a blank line, so windows overlap wherever the cut was not made at one: what one
window sees in part, the other sees whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.redact.settings import MAX_WINDOW_CHARACTERS, WINDOW_OVERLAP_CHARACTERS

_BLANK_LINE = "\n\n"
_WEAKER_CUTS = ("\n", ". ", " ")


@dataclass(frozen=True, slots=True)
class Window:
    """
    A piece of a text and where in the text it starts.
    """

    offset: int
    text: str


def windows(
    text: str, *, limit: int = MAX_WINDOW_CHARACTERS, overlap: int = WINDOW_OVERLAP_CHARACTERS
) -> Iterator[Window]:
    """
    Yield windows of at most `limit` characters, in order, leaving no character out.
    """
    start = 0
    while len(text) - start > limit:
        end, shared = _cut(text, start, start + limit, overlap)
        yield Window(start, text[start:end])
        start = end - shared
    if start < len(text):
        yield Window(start, text[start:])


def _cut(text: str, start: int, limit: int, overlap: int) -> tuple[int, int]:
    # No cut in the first half: windows would get small and, with the overlap, not advance.
    earliest = start + max((limit - start) // 2, overlap + 1)
    if (found := text.rfind(_BLANK_LINE, earliest, limit)) >= 0:
        return found + len(_BLANK_LINE), 0
    for mark in _WEAKER_CUTS:
        if (found := text.rfind(mark, earliest, limit)) >= 0:
            end = found + len(mark)
            return end, _shared(text, end, overlap)
    return limit, overlap


def _shared(text: str, end: int, overlap: int) -> int:
    # The next window starts at a word, so that it does not find half an address.
    begin = text.find(" ", end - overlap, end - 1)
    return end - begin - 1 if begin >= 0 else overlap
