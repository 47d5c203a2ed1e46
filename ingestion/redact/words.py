"""
The words of a text with their places: what the gazetteers look at.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")  # noqa: RUF001 - typographic apostrophe
_BEFORE_CODE = frozenset("`/\\._-$@#{<=:&")
_AFTER_CODE = frozenset("`/\\_-=({[>@&")


class Word(NamedTuple):
    """
    One word: letters, with apostrophes and hyphens inside.
    """

    start: int
    end: int
    form: str

    @property
    def folded(self) -> str:
        """
        The word as the gazetteers list it.
        """
        return self.form.casefold()

    @property
    def is_capitalised(self) -> bool:
        """
        Written as a name is: `Alice`, `O'Neil`, but not `ALICE`.
        """
        return self.form[0].isupper() and (len(self.form) == 1 or not self.form.isupper())


def words_of(text: str) -> list[Word]:
    """
    Return the words of `text` in order.
    """
    return [Word(found.start(), found.end(), found[0]) for found in _WORD.finditer(text)]


def is_code(text: str, start: int, end: int) -> bool:
    """
    Tell whether the characters around a span make it a part of code, a path or an identifier.
    """
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return before in _BEFORE_CODE or after in _AFTER_CODE or before.isdigit() or after.isdigit()


def side_by_side(text: str, words: Sequence[Word], index: int) -> bool:
    """
    Tell whether only blanks on one line stand between word `index` and the one after it.
    """
    if index + 1 >= len(words):
        return False
    gap = text[words[index].end : words[index + 1].start]
    return 0 < len(gap) <= 2 and not gap.strip(" .\t")  # noqa: PLR2004 - "J. Smith"
