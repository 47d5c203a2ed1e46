"""
Names of people by shape: after a title, or beginning with a listed first name.

The first names and surnames are those of the US census in the package `names`. A first name that
is also a word counts only before a listed surname, and so does one in small or in capital letters.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from acl.model.redaction import Finding
from ingestion.redact.vocabulary import AMBIGUOUS_FIRST_NAMES, TECHNICAL_TERMS
from ingestion.redact.words import Word, is_code, side_by_side, words_of

_TITLES = re.compile(
    r"(?:mr|mrs|ms|mx|dr|prof|professor|madam|mme|mlle|herr|frau|señor|señora|rev|reverend"
    r"|capt|captain|sgt|lt|sir|dame|lord|lady|miss)",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    {
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "da",
        "di",
        "du",
        "la",
        "le",
        "al",
        "el",
        "bin",
        "ibn",
        "ter",
        "ten",
    }
)
_MAX_NAME_WORDS = 5
_MIN_FIRST_NAME_LETTERS = 3
_MAX_SURNAME_RANK = 20_000
"""
Rarer census surnames are often words: every frequent English noun is somebody's name.
"""


def titled_names(text: str) -> Iterator[Finding]:
    """
    Find the name that follows a title, as in "Dr. Ana de Souza".
    """
    words = words_of(text)
    for index, word in enumerate(words):
        if not _TITLES.fullmatch(word.form) or not word.form[0].isupper():
            continue
        if side_by_side(text, words, index) and _may_be_surname(words[index + 1]):
            last = _end_of_name(text, words, index + 1)
            yield Finding(words[index + 1].start, words[last].end, "PERSON", 0.6, "titled_names")


def listed_names(text: str) -> Iterator[Finding]:
    """
    Find names that begin with a listed first name.
    """
    words = words_of(text)
    names = first_names()
    for index, word in enumerate(words):
        if word.folded not in names or is_code(text, word.start, word.end):
            continue
        followed = side_by_side(text, words, index)
        if last := _end_of_listed_name(text, words, index, followed=followed):
            yield Finding(word.start, words[last - 1].end, "PERSON", 0.5, "listed_names")


@cache
def first_names() -> frozenset[str]:
    """
    Return the listed first names, folded.
    """
    listed = {*_census("dist.male.first"), *_census("dist.female.first")}
    return frozenset(name for name in listed if len(name) >= _MIN_FIRST_NAME_LETTERS)


@cache
def surnames() -> frozenset[str]:
    """
    Return the frequent surnames, folded, without technical words.
    """
    return frozenset(_census("dist.all.last")[:_MAX_SURNAME_RANK]) - TECHNICAL_TERMS


def _census(file: str) -> list[str]:
    # Located, not imported: the package itself is a script around `random`.
    lines = files("names").joinpath(file).read_text(encoding="ascii").splitlines()
    return [line.split()[0].casefold() for line in lines]


def _end_of_listed_name(
    text: str, words: Sequence[Word], index: int, *, followed: bool
) -> int | None:
    word = words[index]
    with_surname = followed and words[index + 1].folded in surnames()
    if not word.is_capitalised:
        same_case = with_surname and words[index + 1].form.isupper() == word.form.isupper()
        sure = same_case and word.folded not in AMBIGUOUS_FIRST_NAMES
        return index + 2 if sure else None
    if word.folded in AMBIGUOUS_FIRST_NAMES:
        sure = with_surname and words[index + 1].is_capitalised
        return index + 2 if sure and _may_be_surname(words[index + 1]) else None
    return _end_of_name(text, words, index) + 1


def _end_of_name(text: str, words: Sequence[Word], index: int) -> int:
    last = index
    for position in range(index, min(index + _MAX_NAME_WORDS, len(words)) - 1):
        if not side_by_side(text, words, position):
            break
        following = words[position + 1]
        if following.folded not in _PARTICLES:
            if not _may_be_surname(following):
                break
            last = position + 1
    return last


def _may_be_surname(word: Word) -> bool:
    if not word.is_capitalised or word.folded in TECHNICAL_TERMS:
        return False
    return len(word.form) > 1 and word.folded not in _PARTICLES
