"""
The reading port: search, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from acl.index.embedder import Vectors
from acl.model.documents import Hit
from acl.model.scope import ReadScope


@dataclass(frozen=True, slots=True)
class Question:
    """
    A question as the index understands it: one dense row, and weights by term name.
    """

    dense: Vectors
    sparse: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Leg:
    """
    What one kind of vector found, best first, with the engine's scores.
    """

    hits: tuple[tuple[Hit, float], ...]


class ChunkSearcher(Protocol):
    """
    Finds the nearest chunks inside a read scope.

    Implementations MUST apply the scope inside the engine, to every leg and to the document
    frequencies. Searching first and filtering afterwards leaks through counts and scores.
    """

    def search(self, question: Question, *, scope: ReadScope, candidates: int) -> tuple[Leg, Leg]:
        """
        Return the dense and the sparse leg, each at most `candidates` long.

        A scope that covers nothing finds nothing; it never means "all".

        Raises:
            ScopeRefusedError: The scope has expired or belongs to another tenant.
            IndexUnavailableError: The index did not answer in time.
        """
        ...
