"""
Step 4, the second door. What is near, among what this reader may read?

The engine searches each leg inside the scope; this file only merges the two rankings, by
reciprocal rank fusion: a chunk scores the sum of 1 / (K + rank) over the legs that found it.
Ties are broken by the chunk's opaque name, so the same question gives the same order.

A leg that came back full ends in the middle of its chunks of equal score; which of them the
engine returned is chance. Those are dropped, so that chance never reaches a reader.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acl.index.reading import ChunkSearcher, Leg, Question
from acl.model.documents import Hit
from acl.model.scope import ReadScope

DEEPER: Final = (1, 4, 16)
"""
How many times the configured candidates are looked for, where fewer do not fill an answer.
"""

RRF_K: Final = 60
"""
The constant of Cormack, Clarke and Büttcher (SIGIR 2009).
"""


@dataclass(frozen=True, slots=True)
class ScopedSearch:
    """
    Searches both legs and fuses them.
    """

    searcher: ChunkSearcher
    candidates: int

    def nearest(self, question: Question, scope: ReadScope) -> Iterator[list[Hit]]:
        """
        Yield every candidate inside the scope, best first; then, as long as a leg came back full
        and so may have been cut, what only a deeper search finds.

        What was found before keeps its place, so that a later page follows on an earlier one
        however deep either had to look.
        """
        found: set[Hit] = set()
        for times in DEEPER:
            candidates = self.candidates * times
            legs = self.searcher.search(question, scope=scope, candidates=candidates)
            hits = [hit for hit in fuse(legs, full=candidates) if hit not in found]
            yield hits
            if all(len(leg.hits) < candidates for leg in legs):
                return
            found.update(hits)


def fuse(legs: tuple[Leg, ...], *, full: int) -> list[Hit]:
    """
    Merge rankings; `full` is the length at which a leg may have been cut.
    """
    scores: defaultdict[Hit, float] = defaultdict(float)
    for leg in legs:
        for equals, rank in _ranks(leg, full):
            for hit in equals:
                scores[hit] += 1 / (RRF_K + rank)
    return sorted(scores, key=lambda hit: (-scores[hit], hit.chunk))


def _ranks(leg: Leg, full: int) -> list[tuple[list[Hit], int]]:
    # Chunks of equal score share the rank of the first of them.
    groups: list[tuple[list[Hit], int, float]] = []
    for position, (hit, score) in enumerate(leg.hits, 1):
        if groups and groups[-1][2] == score:
            groups[-1][0].append(hit)
        else:
            groups.append(([hit], position, score))
    if len(leg.hits) >= full and len(groups) > 1:
        groups.pop()
    return [(hits, position) for hits, position, _ in groups]
