"""
An answer as a person reads it, so that no way of writing it keeps it from being compared.

References of HTML are what they stand for, an escaped character is itself, emphasis is dropped,
and compatibility forms, digits, dashes and brackets have one form each (NFKC and a table). Where
every character came from is remembered, because it is the answer itself that is cleaned.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acl.model.characters import visible

Span = tuple[int, int]

_EMPHASIS: Final = "*`"
_SPECIAL: Final = re.compile(
    r"(&#?[A-Za-z0-9]{1,32};?)|\\([!-/:-@\[-`{-~])|([*`])|([^\x00-\x7f])|[^&\\*`\x80-\U0010ffff]+|.",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_DOUBLE: Final = "\u2033\u02ba\u02ee\u301d\u301e\u301f"
_SINGLE: Final = "\u2032\u02bc\u02b9"
_OPENING: Final = "\u3010\u3014\u3016\u3018\u27e6\u2772\u2997"
_CLOSING: Final = "\u3011\u3015\u3017\u3019\u27e7\u2773\u2998"


def _one_form() -> dict[int, str]:
    # No digit and no dash lies beyond these planes (Unicode 16).
    foreign = [chr(code) for code in range(0x80, 0x20000)]
    digits = {ord(c): str(unicodedata.decimal(c)) for c in foreign if c.isdecimal()}
    dashes = {ord(c): "-" for c in foreign if unicodedata.category(c) == "Pd"}
    quotes = dict.fromkeys(map(ord, _DOUBLE), '"') | dict.fromkeys(map(ord, _SINGLE), "'")
    brackets = dict.fromkeys(map(ord, _OPENING), "[") | dict.fromkeys(map(ord, _CLOSING), "]")
    return {**digits, **dashes, 0x2212: "-", **quotes, **brackets}


_ONE_FORM: Final = _one_form()


@dataclass(frozen=True, slots=True)
class Folded:
    """
    A text in one form, and for each character from where to where it stood in the original.
    """

    text: str
    begins: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, original: str) -> "Folded":
        """
        Fold a text.
        """
        characters: list[str] = []
        begins: list[int] = []
        ends: list[int] = []
        for piece, start, end in _pieces(original):
            characters.append(piece)
            as_it_is = len(piece) == end - start
            begins += range(start, end) if as_it_is else [start] * len(piece)
            ends += range(start + 1, end + 1) if as_it_is else [end] * len(piece)
        return cls("".join(characters), begins, ends)

    def original(self, start: int, end: int) -> Span:
        """
        Return where in the original a stretch of at least one character stands.
        """
        return self.begins[start], self.ends[end - 1]

    def without(self, spans: Iterable[Span]) -> "Folded":
        """
        Return the text with stretches left out, in order; what they part stands side by side.
        """
        kept: list[int] = []
        past = 0
        for start, end in spans:
            kept += range(past, start)
            past = max(past, end)
        kept += range(past, len(self.text))
        return Folded(
            "".join([self.text[at] for at in kept]),
            [self.begins[at] for at in kept],
            [self.ends[at] for at in kept],
        )


def folded(text: str) -> str:
    """
    Return a text in the same form, where nobody asks what stood where.
    """
    shown = _ESCAPED.sub(r"\1", visible(html.unescape(text)))
    return _in_one_form(shown.translate(dict.fromkeys(map(ord, _EMPHASIS))))


def _pieces(original: str) -> Iterator[tuple[str, int, int]]:
    for found in _SPECIAL.finditer(original):
        reference, escaped, emphasis, foreign = found.groups()
        if emphasis:
            continue
        if reference:
            piece = visible(html.unescape(reference))
            piece = piece if piece == reference else _in_one_form(piece)
        else:
            piece = _in_one_form(foreign) if foreign else escaped or found[0]
        yield piece, *found.span()


def _in_one_form(text: str) -> str:
    # Twice: some have a form of their own only before normalisation, and some only after it.
    return unicodedata.normalize("NFKC", text.translate(_ONE_FORM)).translate(_ONE_FORM)
