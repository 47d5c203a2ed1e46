"""
A leak of frequencies, on purpose: the positive control of the ranking.
"""

from dataclasses import dataclass, replace
from typing import Final

from acl.index.reading import ChunkSearcher, Leg, Question
from acl.model.scope import ReadScope
from retrieval.answer import ReadingRoom
from retrieval.search import ScopedSearch
from tests.end_to_end.sabotage import UnfilteredSearcher

EVERYTHING: Final = 100_000


@dataclass(frozen=True, slots=True)
class GlobalFrequencies:
    """
    Filters what it returns, but lets the engine count words over all points.
    """

    wide: ChunkSearcher

    def search(self, question: Question, *, scope: ReadScope, candidates: int) -> tuple[Leg, Leg]:
        """
        Search everything, then keep the scope's.
        """
        dense, sparse = self.wide.search(question, scope=scope, candidates=EVERYTHING)
        return _inside(dense, scope, candidates), _inside(sparse, scope, candidates)


def with_global_frequencies(room: ReadingRoom) -> ReadingRoom:
    """
    Return the room with document frequencies of everybody's documents.
    """
    searcher = GlobalFrequencies(UnfilteredSearcher(room.search.searcher, room))
    return replace(room, search=ScopedSearch(searcher, room.search.candidates))


def _inside(leg: Leg, scope: ReadScope, candidates: int) -> Leg:
    kept = [found for found in leg.hits if found[0].readership in scope.readerships]
    return Leg(tuple(kept[:candidates]))
