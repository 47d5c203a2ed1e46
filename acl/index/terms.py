"""
The sparse leg: words, stems and BM25 weights.

Both sides must agree on these, so they stand here once.

A chunk's weight for a term is BM25's saturation,
`tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / TYPICAL_LENGTH))`,
and the question supplies the inverse document frequency, which the engine computes over the
reader's scope alone. `TYPICAL_LENGTH` is a constant where BM25 usually has the corpus average:
an average over all documents would let a hidden one move everybody's scores.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import Stemmer

K1: Final = 1.2
B: Final = 0.75
TYPICAL_LENGTH: Final = 80
"""
Terms of a chunk of typical size, after stop words.
"""

MAX_WORD_CHARACTERS: Final = 64
MAX_TERMS: Final = 4_096

_WORD: Final = re.compile(r"[^\W_]+(?:[_'\u2019][^\W_]+)*")
_stem: Final = lru_cache(maxsize=65_536)(Stemmer.Stemmer("english", 0).stemWord)

_STOP_TEXT: Final = (
    "a about after all also an and any are as at be because been before but by can could did "
    "do does for from had has have he her his how i if in into is it its just may me might "
    "more most my no nor not of on one only or other our out over she should so some such "
    "than that the their them then there these they this those to under up us was we were "
    "what when where which while who whom whose why will with would you your"
)
STOP_WORDS: Final = frozenset(_STOP_TEXT.split())


def words(text: str) -> Iterator[str]:
    """
    Yield the words of a text, lower-cased, in their order.
    """
    for match in _WORD.finditer(text):
        yield match.group().casefold()[:MAX_WORD_CHARACTERS]


def terms(text: str) -> Counter[str]:
    """
    Count the stems of a text, stop words left out.
    """
    counted = Counter(_stem(word) for word in words(text) if word not in STOP_WORDS)
    return Counter(dict(counted.most_common(MAX_TERMS)))


def chunk_weights(text: str) -> dict[str, float]:
    """
    Return what BM25 makes of a chunk, without the inverse document frequency.
    """
    counted = terms(text)
    length = K1 * (1 - B + B * counted.total() / TYPICAL_LENGTH)
    return {term: tf * (K1 + 1) / (tf + length) for term, tf in counted.items()}


def question_weights(text: str) -> dict[str, float]:
    """
    Return the terms of a question, each once: the engine multiplies by its frequency in scope.
    """
    return dict.fromkeys(terms(text), 1.0)
