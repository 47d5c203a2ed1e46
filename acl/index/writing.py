"""
The writing port: how points come to agree with the registry.

A point is staged without a readership, which no scope can match, and published once the
registry has committed the revision it belongs to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from acl.index.embedder import Vectors
from acl.model.identifiers import ChunkId, DocumentKey, ReadershipKey, SourceName


@dataclass(frozen=True, slots=True)
class StagedChunk:
    """
    Names and vectors of one chunk: one dense row, and weights by term name.
    """

    chunk: ChunkId
    source: SourceName
    document: DocumentKey
    revision: int
    dense: Vectors
    sparse: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Publication:
    """
    The revision and permission that the registry has committed for a document.
    """

    document: DocumentKey
    revision: int
    acl_revision: int
    readership: ReadershipKey


class ChunkWriter(Protocol):
    """
    Changes the index. Every call is idempotent.
    """

    def discard_uncommitted(self, documents: Mapping[DocumentKey, int]) -> None:
        """
        Delete the points of every revision but the one named: what a crash left behind.
        """
        ...

    def stage(self, chunks: Sequence[StagedChunk]) -> None:
        """
        Write points that no search can find yet.
        """
        ...

    def publish(self, publications: Sequence[Publication]) -> None:
        """
        Make exactly the named revision of each document findable, by its readership.
        """
        ...

    def withdraw(self, documents: Sequence[DocumentKey]) -> None:
        """
        Make documents unfindable; their points stay for a later `publish`.
        """
        ...

    def remove(self, documents: Sequence[DocumentKey]) -> None:
        """
        Delete every point of these documents.
        """
        ...

    def count(self, document: DocumentKey, revision: int) -> int:
        """
        Return how many points of a revision there are, staged ones included.
        """
        ...

    def total(self) -> int:
        """
        Return how many points there are.
        """
        ...

    def flush(self) -> None:
        """
        Return once everything written so far would survive a loss of power.
        """
        ...

    def optimize(self) -> None:
        """
        Rebuild what makes searching fast. Searches wait meanwhile.
        """
        ...
