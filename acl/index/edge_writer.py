"""
The writing adapter of the embedded engine.
"""

from collections.abc import Mapping, Sequence

from acl.index.embedder import require_sound
from acl.index.engine_lease import MAINTENANCE_SECONDS, EngineLease
from acl.index.errors import IndexUnavailableError
from acl.index.writing import Publication, StagedChunk
from acl.keys.naming import Namer
from acl.model.identifiers import DocumentKey

CHUNKS_A_CALL = 256


class EdgeWriter:
    """
    Changes one tenant's shard; see `ChunkWriter`.
    """

    def __init__(self, lease: EngineLease, namer: Namer, dimension: int) -> None:
        self._lease = lease
        self._namer = namer
        self._dimension = dimension

    def discard_uncommitted(self, documents: Mapping[DocumentKey, int]) -> None:
        """
        Keep only the named revision of each document.
        """
        kept = [[document, revision] for document, revision in documents.items()]
        self._lease.call("discard", kept, timeout_seconds=MAINTENANCE_SECONDS)

    def stage(self, chunks: Sequence[StagedChunk]) -> None:
        """
        Write points without a readership.
        """
        for start in range(0, len(chunks), CHUNKS_A_CALL):
            some = chunks[start : start + CHUNKS_A_CALL]
            self._lease.call("stage", [self._record(chunk) for chunk in some])

    def publish(self, publications: Sequence[Publication]) -> None:
        """
        Make the committed revisions findable.
        """
        records = [[p.document, p.revision, p.acl_revision, p.readership] for p in publications]
        self._lease.call("publish", records, timeout_seconds=MAINTENANCE_SECONDS)

    def withdraw(self, documents: Sequence[DocumentKey]) -> None:
        """
        Make documents unfindable.
        """
        self._lease.call("withdraw", list(documents), timeout_seconds=MAINTENANCE_SECONDS)

    def remove(self, documents: Sequence[DocumentKey]) -> None:
        """
        Delete documents from the index.
        """
        self._lease.call("remove", list(documents), timeout_seconds=MAINTENANCE_SECONDS)

    def count(self, document: DocumentKey, revision: int) -> int:
        """
        Count the points of one revision.
        """
        return _number(self._lease.call("count", document, revision))

    def total(self) -> int:
        """
        Count all points.
        """
        return _number(self._lease.call("total"))

    def flush(self) -> None:
        """
        Make everything written durable.
        """
        self._lease.call("flush", timeout_seconds=MAINTENANCE_SECONDS)

    def optimize(self) -> None:
        """
        Rebuild what makes searching fast.
        """
        self._lease.call("optimize", timeout_seconds=MAINTENANCE_SECONDS)

    def _record(self, chunk: StagedChunk) -> list[object]:
        dense = require_sound(chunk.dense.reshape(1, -1), dimension=self._dimension)
        return [
            chunk.chunk,
            self._namer.source(chunk.source),
            chunk.document,
            chunk.revision,
            dense[0].tolist(),
            list(chunk.sparse.keys()),
            list(chunk.sparse.values()),
        ]


def _number(counted: object) -> int:
    if not isinstance(counted, int):
        msg = "the engine did not answer a count with a number"
        raise IndexUnavailableError(msg)
    return counted
