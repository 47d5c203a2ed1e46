"""
Which of the passages that may be released make the answer. Part of step 7.

The rules, in the order they are applied to passages, best first:

1. What policy quarantines is left out (`acl.screening`).
2. What repeats a passage that is in already waits: it is given a place only if nothing
   else takes it.
3. Nobody fills more than half of the places: an author where the source names one, and else a
   document; nor does a passage with all that repeats it.
4. What would make the answer larger than every host takes is left to the next page, and so is the
   rest.

A flood can be laid down by whoever may write one document; together these rules keep it from
filling an answer. They look at passages of the reader only, so that nothing hidden moves them.
"""

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
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

REDACTION_CHARACTERS: Final = 40
"""
What an answer says of each kind of personal data that was replaced in a passage.
"""

REPEATS: Final = 0.3
REPEATS_IF_SHORT: Final = 0.9
"""
The share of a text's word triples from which it repeats another that has them: of two texts that
each differ from a third in every tenth word, half of the triples are the same. In a sentence or
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
    earlier pages have shown.

    Every page comes to the same choice of the ones before it. `unseen` says that some passages
    were not looked at.
    """

    limit: int
    offset: int = 0
    passages: list[Passage] = field(default_factory=list)
    unseen: bool = False
    _taken: int = 0
    _left_out: Counter[str] = field(default_factory=Counter)
    _shares: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _originals: list[frozenset[tuple[str, ...]]] = field(default_factory=list)
    _copies: Counter[int] = field(default_factory=Counter)
    _waiting: deque[tuple[Passage, int]] = field(default_factory=deque)
    _characters: int = 0

    def missing(self) -> int:
        """
        Return how many passages there is place for.
        """
        return 0 if self._left_out[SIZE] else self.offset + self.limit - self._taken

    def more(self) -> bool:
        """
        Say whether a later page may have passages.
        """
        return self.unseen or bool(self._waiting or self._left_out[SIZE])

    def left_out(self) -> Mapping[str, int]:
        """
        Return how many passages were left out, by reason; with `size`, how many places are empty.
        """
        found = self._left_out + Counter({REPEATED: len(self._waiting)})
        return dict(sorted(found.items()))

    def offer(self, passage: Passage) -> None:
        """
        Take a passage in, leave it out, or let it wait.
        """
        if passage.quarantined:
            self._leave_out(QUARANTINED)
            return
        triples = word_triples(passage.text)
        known = enumerate(self._originals)
        original = next((at for at, one in known if repeats(triples, one)), None)
        if original is not None:
            self._waiting.append((passage, original))
        elif self._takes(passage, len(self._originals)):
            self._originals.append(triples)

    def fill_up(self) -> None:
        """
        Give the places that nothing else has taken to what waits, best first.
        """
        while self._waiting and self.missing():
            self._takes(*self._waiting.popleft())

    def _takes(self, passage: Passage, original: int) -> bool:
        here = self._taken >= self.offset
        most = share(self.limit) * (self._taken // self.limit + 1)
        if self._shares[writer(passage)] >= most or self._copies[original] >= most:
            self._leave_out(SHARE)
            return False
        too_large = self._characters + cost(passage) > MAX_ANSWER_CHARACTERS
        if self._left_out[SIZE] or (here and too_large):
            self._left_out[SIZE] = self.limit - len(self.passages)
            return False
        self._taken += 1
        self._shares[writer(passage)] += 1
        self._copies[original] += 1
        if here:
            self.passages.append(passage)
            self._characters += cost(passage)
        return True

    def _leave_out(self, reason: str) -> None:
        self._left_out[reason] += self._taken >= self.offset


def kept_back(shown: Iterable[Passage]) -> dict[str, object]:
    """
    Return what the audit record says of those that policy keeps back; nothing if there are none.
    """
    number = sum(passage.quarantined for passage in shown)
    return {"left_out": {QUARANTINED: number}} if number else {}


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


def repeats(one: frozenset[tuple[str, ...]], known: frozenset[tuple[str, ...]]) -> bool:
    """
    Say whether a text repeats one that is known.

    How much of the known one stands in it does not count: else a title alone would make whatever
    quotes it wait.
    """
    share_of_it = REPEATS_IF_SHORT if len(one) < SHORT_TRIPLES else REPEATS
    return len(one & known) >= len(one) * share_of_it


def cost(passage: Passage) -> int:
    """
    Return the most characters that a passage takes in a response, its places in the context and
    in the signed statement included.
    """
    provenance = passage.provenance
    twice = as_json(passage.text) + as_json(passage.title) + as_json(passage.url)
    named = as_json(provenance.document) + as_json("".join(provenance.trust))
    signed = 2 * len(provenance.document.encode())
    pseudonyms = REDACTION_CHARACTERS * len(provenance.redactions)
    return OVERHEAD_CHARACTERS + 2 * twice + 4 * named + signed + pseudonyms


def fitting(text: str, most: int) -> str:
    """
    Return the beginning of a text that takes at most so many characters in JSON.
    """
    if as_json(text) <= most:
        return text
    left, right = 0, len(text)
    while left < right:
        middle = (left + right + 1) // 2
        left, right = (middle, right) if as_json(text[:middle]) <= most else (left, middle - 1)
    return text[:left]


def as_json(text: str) -> int:
    """
    Return how many characters a text takes in JSON, between its quotes.
    """
    return len(json.dumps(text, ensure_ascii=False)) - 2
