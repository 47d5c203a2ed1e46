"""
Takes out of a text what a person would not see, and notes what looks suspicious.

What is noted is a signal in the passage's provenance. It decides nothing.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from acl.model.characters import visible
from acl.model.documents import INSTRUCTION_LIKE
from acl.model.lookalikes import unmixed
from acl.screening.instructions import reads_like_an_instruction

PAGE_BREAK: Final = "\f"
"""
Stands between pages while a text is redacted; no cleaned page contains one.
"""

HIDDEN_TOLERANCE: Final = 4
"""
A byte-order mark or a few soft hyphens are ordinary; more is worth a remark. So is what stands at
the end of lines, however much of it.
"""

_LINE_END: Final = re.compile(r"(?<![ \t])[ \t]*+\r?\n")

MAX_MARKS: Final = 30


@dataclass(frozen=True, slots=True)
class CleanText:
    """
    A text that is what it looks like, with what was noticed about it.
    """

    text: str
    signals: tuple[str, ...]


def clean(text: str, page_starts: tuple[int, ...] = ()) -> CleanText:
    """
    Clean a text; pages come out separated by `PAGE_BREAK`.
    """
    starts = [start for start in page_starts if start > 0]
    borders = [0, *starts, len(text)]
    pages = [text[a:b] for a, b in pairwise(borders)]
    shown = [_composed(unmixed(visible(page))).replace(PAGE_BREAK, "\n") for page in pages]
    cleaned = PAGE_BREAK.join(shown)
    return CleanText(cleaned, tuple(_signals(text, cleaned)))


def _composed(text: str) -> str:
    # Composing is quadratic in a run of marks, and no script stacks thirty of them (Unicode
    # Standard Annex 15, section 12): what is over that is dropped before.
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def _signals(original: str, cleaned: str) -> list[str]:
    signals: list[str] = []
    if reads_like_an_instruction(cleaned):
        signals.append(INSTRUCTION_LIKE)
    if len(_LINE_END.sub("\n", original)) - len(cleaned) > HIDDEN_TOLERANCE:
        signals.append("hidden-characters")
    return signals
