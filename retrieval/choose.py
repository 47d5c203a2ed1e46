"""
Which of the passages that may be released make the answer. Part of step 7.

The rules, in the order they are applied to passages, best first:

1. What policy quarantines is left out (`acl.screening`).
2. What mostly repeats a passage that is in already is left out.
3. Nobody fills more than half of the places: an author where the source names one, and else a
   document.
4. What would make the answer larger than every host takes is left out, and so is the rest.

Each can be laid down by whoever may write one document; together they keep one writer from
filling an answer. They look at passages of the reader only, so that nothing hidden moves them.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from retrieval.passage import Passage

MAX_ANSWER_CHARACTERS: Final = 92_000
"""
GPT Actions refuse responses of 100,000 characters, and Claude those of 150,000.
"""

OVERHEAD_CHARACTERS: Final = 1_600
"""
What a passage costs besides title, text, address and id: members, digests and times in the
answer, and its fence in the context.
"""

REPEATS: Final = 0.6
REPEATS_IF_SHORT: Final = 0.9
"""
The share of the shorter one's word triples from which two texts count as one. In a sentence or
two most words can be the same and the meaning another.
"""

SHORT_TRIPLES: Final = 10

_WORD: Final = re.compile("[\u3040-\u9fff]|[^\\W_]+")
_TRIPLE: Final = 3

QUARANTINED: Final = "quarantined"
REPEATED: Final = "repeated"
SHARE: Final = "share"
SIZE: Final = "size"
"""
Why a passage was left out.
"""


@dataclass(slots=True)
class Choice:
    """
    The passages of one answer, as they are chosen: `limit` of them, after the `offset` that
    earlier pages of the same length have shown.

    Every page comes to the same choice of the ones before it. `more` says that some were not
    looked at.
    """

    limit: int
    offset: int = 0
    passages: list[Passage] = field(default_factory=list)
    more: bool = False
    _taken: int = 0
    _left_out: Counter[str] = field(default_factory=Counter)
    _shares: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _triples: list[frozenset[tuple[str, ...]]] = field(default_factory=list)
    _characters: int = 0

    def missing(self) -> int:
        """
        Return how many passages there is place for.
        """
        return 0 if self._left_out[SIZE] else self.offset + self.limit - self._taken

    def left_out(self) -> Mapping[str, int]:
        """
        Return how many passages were left out, by reason; with `size`, how many places are empty.
        """
        return {reason: number for reason, number in sorted(self._left_out.items()) if number}

    def offer(self, passage: Passage) -> None:
        """
        Take a passage in, or leave it out.
        """
        triples = word_triples(passage.text)
        reason = self._objection(passage, triples)
        here = self._taken >= self.offset
        if reason == SIZE:
            self._left_out[SIZE] = self.limit - len(self.passages)
            return
        if reason is not None:
            self._left_out[reason] += here
            return
        self._taken += 1
        self._shares[writer(passage)] += 1
        self._triples.append(triples)
        if here:
            self.passages.append(passage)
            self._characters += cost(passage)

    def _objection(self, passage: Passage, triples: frozenset[tuple[str, ...]]) -> str | None:
        if passage.quarantined:
            return QUARANTINED
        if any(repeats(triples, one) for one in self._triples):
            return REPEATED
        pages = self._taken // self.limit + 1
        if self._shares[writer(passage)] >= share(self.limit) * pages:
            return SHARE
        if self._taken < self.offset:
            return None
        too_large = self._characters + cost(passage) > MAX_ANSWER_CHARACTERS
        return SIZE if too_large or self._left_out[SIZE] else None


def share(limit: int) -> int:
    """
    Return how many of the places one writer may fill.
    """
    return (limit + 1) // 2


def writer(passage: Passage) -> tuple[str, str, str]:
    """
    Return whose share a passage counts against.
    """
    provenance = passage.provenance
    if provenance.author:
        return "author", provenance.source, provenance.author
    return "document", provenance.source, provenance.document


def word_triples(text: str) -> frozenset[tuple[str, ...]]:
    """
    Return the runs of three words in a text; the words as one run if there are fewer.
    """
    words = _WORD.findall(text.casefold())
    runs = range(max(1, len(words) - _TRIPLE + 1))
    return frozenset(tuple(words[at : at + _TRIPLE]) for at in runs)


def repeats(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    """
    Say whether the shorter text stands mostly in the other.
    """
    shorter = min(len(one), len(other))
    return len(one & other) >= shorter * (REPEATS_IF_SHORT if shorter < SHORT_TRIPLES else REPEATS)


def cost(passage: Passage) -> int:
    """
    Return the most characters that a passage takes in a response, its place in the context
    included.
    """
    provenance = passage.provenance
    twice = _as_json(passage.text) + _as_json(passage.title) + _as_json(passage.url)
    named = _as_json(provenance.document) + _as_json("".join(provenance.trust))
    return OVERHEAD_CHARACTERS + 2 * twice + 4 * named


def fitting(text: str, most: int) -> str:
    """
    Return the beginning of a text that takes at most so many characters in JSON.
    """
    if _as_json(text) <= most:
        return text
    left, right = 0, len(text)
    while left < right:
        middle = (left + right + 1) // 2
        left, right = (middle, right) if _as_json(text[:middle]) <= most else (left, middle - 1)
    return text[:left]


def _as_json(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False))
