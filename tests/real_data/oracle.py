"""
What a question must release, computed the slow and obvious way.

Nothing here is shared with the product: who may read what comes from the raw data, words and
weights are computed anew from the documented formulas, and every score is exact, in 64 bits:

1. A reader's corpus is the chunks of the documents that they may read. Nothing else exists.
2. Dense leg: the cosine between the question's vector and each chunk's.
3. Sparse leg: BM25 without the average length. A chunk weighs a term by
   `tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / 80))`, a question by
   `ln(1 + (N - n + 0.5) / (n + 0.5))`, with N and n counted over the reader's corpus.
   Only chunks that share a term with the question are in this leg.
4. A leg is cut at its first `candidates` chunks. Equal scores share the rank of the first.
5. If a leg reached that length, its last group of equal scores is not used, unless that is all
   there is (`retrieval.search` says why: which equals the engine kept is chance).
6. A chunk scores the sum of `1 / (60 + rank)`; equal sums are ordered by the chunk's name.
7. A chunk that repeats one before it comes after all that repeat none: three tenths of its
   runs of three words stand in the other, or nine tenths where it has fewer than ten.

The engine computes in 32 bits, so scores that differ by less than `TOLERANCE`, relative to
their size, may stand in either order there. `Judge` therefore keeps two views of each leg:

- *nominal*: scores within the tolerance are equal. If the released chunks are the nominal ones
  in the nominal order, the comparison is decided without any allowance.
- *interval*: the best and the worst rank that the tolerance allows each chunk, the border of
  rule 5 included. Chunks that hold each of the question's terms equally, in texts of one
  length, are equal in any arithmetic: the tolerance never tells those apart.

An answer that is not the nominal one is accepted only if it has the right length and no
released chunk's best sum lies below the worst sum of a chunk that was released after it or not
at all. These are the comparisons *decided by the tie rule*.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

import numpy as np
import Stemmer
from numpy.typing import NDArray

TOLERANCE: Final = 1e-6
SUM_TOLERANCE: Final = 1e-12
_JOINERS: Final = "_'\u2019"
_WORD_CHARACTERS: Final = 64
_STOP_TEXT: Final = """
    a about after all also an and any are as at be because been before but by can could did do
    does for from had has have he her his how i if in into is it its just may me might more most
    my no nor not of on one only or other our out over she should so some such than that the
    their them then there these they this those to under up us was we were what when where which
    while who whom whose why will with would you your
"""
_STOP: Final = frozenset(_STOP_TEXT.split())

Numbers = NDArray[np.float64]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """
    One chunk as it is stored: its name, its document, and the redacted title and text.
    """

    chunk: str
    document: str
    title: str
    text: str

    @property
    def embedded(self) -> str:
        """
        What stands for the chunk in both legs.
        """
        return f"{self.title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class RedactedQuestion:
    """
    A question as it is searched for: its redacted text and its vector.
    """

    text: str
    vector: Numbers


class Verdict(Enum):
    """
    How a comparison came out.
    """

    EXACT = "the nominal answer"
    BY_TIE_RULE = "another answer that rounding allows"
    WRONG = "not an answer that the permitted chunks give"


@dataclass(frozen=True, slots=True)
class Leg:
    """
    One leg over a reader's corpus: what each chunk adds to its sum, by chunk position.
    """

    nominal: Numbers
    lowest: Numbers
    highest: Numbers


@dataclass(frozen=True, slots=True)
class Judge:
    """
    The oracle's answer to one question of one reader, against which releases are held.
    """

    corpus: Sequence[StoredChunk]
    nominal: Numbers
    lowest: Numbers
    highest: Numbers
    limit: int

    def expected(self) -> list[str]:
        """
        Return the names of the nominal answer, best first.
        """
        sums = [round(float(score), 12) for score in self.nominal]
        ordered = sorted(
            (-score, one.chunk, at)
            for at, (score, one) in enumerate(zip(sums, self.corpus, strict=True))
        )
        found = [at for score, _, at in ordered if score < 0]
        first, waiting = list[int](), list[int]()
        for at in found:
            if len(first) < self.limit:
                (waiting if self._repeats(at, first) else first).append(at)
        return [self.corpus[at].chunk for at in [*first, *waiting][: self.limit]]

    def _repeats(self, chunk: int, others: Sequence[int]) -> bool:
        runs = runs_of_three(self.corpus[chunk].text)
        return any(alike(runs, runs_of_three(self.corpus[one].text)) for one in others)

    def verdict(self, released: Sequence[str]) -> Verdict:
        """
        Compare what was released, in its order.
        """
        if list(released) == self.expected():
            return Verdict.EXACT
        return Verdict.BY_TIE_RULE if self._is_allowed(released) else Verdict.WRONG

    def _is_allowed(self, released: Sequence[str]) -> bool:
        at = {one.chunk: position for position, one in enumerate(self.corpus)}
        if len(set(released)) != len(released) or not set(released) <= at.keys():
            return False
        fewest = min(self.limit, int((self.lowest > 0).sum()))
        most = min(self.limit, int((self.highest > 0).sum()))
        if not fewest <= len(released) <= most:
            return False
        unplaced = np.ones(len(at), dtype=bool)
        first: list[int] = []
        for name in released:
            unplaced[at[name]] = False
            highest = self.highest[at[name]]
            waits = self._repeats(at[name], first)
            rivals = np.flatnonzero(unplaced & (self.lowest > highest + SUM_TOLERANCE))
            if waits:
                # Whatever repeats nothing comes before it.
                surely = np.flatnonzero(unplaced & (self.lowest > 0))
                if not all(self._repeats(int(one), first) for one in surely):
                    return False
            else:
                rivals = np.array([one for one in rivals if not self._repeats(int(one), first)])
                first.append(at[name])
            if highest <= 0 or rivals.size:
                return False
        return True


@cache
def runs_of_three(text: str) -> frozenset[tuple[str, ...]]:
    """
    Return every run of three words; all words of a shorter text.
    """
    words = re.findall("[\u3040-\u9fff]|[^\\W_]+", text.casefold())
    return frozenset(tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2)))


def alike(one: frozenset[tuple[str, ...]], earlier: frozenset[tuple[str, ...]]) -> bool:
    """
    Say whether a text repeats an earlier one.
    """
    share = len(one & earlier) / len(one)
    return share >= (9 / 10 if len(one) < 10 else 3 / 10)


class Oracle:
    """
    All stored chunks with their vectors and term counts.
    """

    def __init__(
        self,
        chunks: Sequence[StoredChunk],
        vectors: Numbers,
        permitted: Mapping[str, frozenset[str]],
        *,
        candidates: int,
    ) -> None:
        self._chunks = chunks
        self._rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self._terms = [Counter(stems(one.embedded)) for one in chunks]
        self._lengths = np.array([counted.total() for counted in self._terms], dtype=np.float64)
        self._permitted = permitted
        self._candidates = candidates

    def judge(self, reader: str, question: RedactedQuestion, *, limit: int) -> Judge:
        """
        Answer one question for one reader.
        """
        readable = self._permitted.get(reader, frozenset())
        chosen = [at for at, one in enumerate(self._chunks) if one.document in readable]
        corpus = [self._chunks[at] for at in chosen]
        rows = np.array(chosen, dtype=np.int64)
        dense = self._leg(self._cosines(rows, question), np.arange(len(rows)))
        sparse = self._leg(*self._bm25(rows, question), least=0.0)
        return Judge(
            corpus,
            dense.nominal + sparse.nominal,
            dense.lowest + sparse.lowest,
            dense.highest + sparse.highest,
            limit,
        )

    def _cosines(self, rows: Positions, question: RedactedQuestion) -> Numbers:
        row = question.vector.astype(np.float64)
        cosines: Numbers = self._rows[rows] @ (row / np.linalg.norm(row))
        return cosines

    def _bm25(self, rows: Positions, question: RedactedQuestion) -> tuple[Numbers, Positions]:
        # The scores, and the kind of each chunk: those of one kind are equal in any arithmetic.
        asked = sorted(set(stems(question.text)))
        counted = np.array([[self._terms[row][term] for term in asked] for row in rows])
        counted = counted.reshape(len(rows), len(asked)).astype(np.float64)
        length = 1.2 * (0.25 + 0.75 * self._lengths[rows, np.newaxis] / 80)
        weights = counted * 2.2 / (counted + length)
        holding = (counted > 0).sum(axis=0)
        rarity = np.log(1 + (len(rows) - holding + 0.5) / (holding + 0.5))
        _, kinds = np.unique(weights, axis=0, return_inverse=True)
        return weights @ rarity, kinds.reshape(-1)

    def _leg(self, scores: Numbers, kinds: Positions, *, least: float = -np.inf) -> Leg:
        members = scores > least
        near = TOLERANCE * max(1.0, float(np.abs(scores).max(initial=0.0)))
        ordered = np.sort(scores[members])[::-1]
        alike = np.bincount(kinds[members], minlength=len(scores))[kinds]
        best = 1 + _count_above(ordered, scores + near)
        worst = 1 + _count_above(ordered, scores - near) - alike
        sure, possible = self._used(scores, kinds, members, near)
        return Leg(
            nominal=np.where(sure if sure.any() else possible, 1 / (60 + best), 0.0),
            lowest=np.where(sure, 1 / (60 + worst), 0.0),
            highest=np.where(possible, 1 / (60 + best), 0.0),
        )

    def _used(
        self, scores: Numbers, kinds: Positions, members: Flags, near: float
    ) -> tuple[Flags, Flags]:
        # Rule 5, on both sides of the doubt: which chunks surely, and which possibly, count.
        if members.sum() < self._candidates:
            return members, members
        last = np.sort(scores[members])[-self._candidates]
        border = members & (np.abs(scores - last) <= near)
        above = members & (scores > last + near)
        if above.any() and len(set(kinds[border])) == 1:
            return above, above
        return above, above | border


def stems(text: str) -> Iterator[str]:
    """
    Yield the stems of a text, in order: words are runs of letters and digits, held together by
    a single underscore or apostrophe; folded, cut at 64 characters, stop words left out.
    """
    for word in _words(text):
        folded = word.casefold()[:_WORD_CHARACTERS]
        if folded not in _STOP:
            yield _stem(folded)


def _words(text: str) -> Iterator[str]:
    word = ""
    for at, character in enumerate(text):
        after = text[at + 1 : at + 2]
        if character.isalnum() or (word and character in _JOINERS and after.isalnum()):
            word += character
        elif word:
            yield word
            word = ""
    if word:
        yield word


@cache
def _stem(word: str) -> str:
    return str(Stemmer.Stemmer("english", 0).stemWord(word))


def _count_above(ordered: Numbers, scores: Numbers) -> Positions:
    # How many of the falling scores lie above each of the others.
    counted: Positions = np.searchsorted(-ordered, -scores, side="left").astype(np.int64)
    return counted
