"""
The real engine in a directory of its own, and words to speak about what is in it.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np

from acl.decision.scoping import mint_scope
from acl.index.edge_reader import EdgeReader
from acl.index.edge_writer import EdgeWriter
from acl.index.embedder import Vectors
from acl.index.engine_lease import EngineLease
from acl.index.reading import Question
from acl.index.writing import Publication, StagedChunk
from acl.keys.naming import Namer
from acl.model.identifiers import (
    ChunkId,
    DocumentId,
    DocumentKey,
    ReadershipKey,
    SourceName,
    TenantId,
)
from acl.model.labels import NO_CEILING
from acl.model.scope import ReadScope
from tests.acl.people import (
    ACME,
    ALICE,
    EVERYONE,
    HANDBOOK,
    NOON,
    directory,
    ground_of,
    readable_by,
)

DIMENSION: Final = 8
NAMER: Final = Namer(ACME, b"n" * 32)
OPEN: Final = ReadershipKey(1)
STAFFS: Final = ReadershipKey(2)
PRIVATE: Final = ReadershipKey(3)
SALARY: Final = 1_000_001
MENU: Final = 1_000_002


def vector(number: int) -> Vectors:
    """
    Return a direction of its own for every number.
    """
    drawn = np.random.default_rng(number).normal(size=DIMENSION).astype(np.float32)
    unit: Vectors = drawn / np.linalg.norm(drawn)
    return unit


def scope_of(
    *readerships: ReadershipKey,
    sources: Iterable[SourceName] = (HANDBOOK,),
    withheld: Iterable[DocumentKey] = (),
    tenant: TenantId = ACME,
) -> ReadScope:
    """
    Mint a scope of exactly these readerships, as `acl.decision` would.
    """
    known = dict.fromkeys(readerships, readable_by(EVERYONE))
    ground = ground_of(directory(), known, sources=sources, withheld=withheld)
    scope = mint_scope(
        frozenset({ALICE}),
        ground,
        now=NOON,
        token_expires_at=NOON + timedelta(hours=1),
        ceiling=NO_CEILING,
    )
    if tenant != ACME:
        # The one thing that no honest caller can do: a scope of somebody else's tenant.
        object.__setattr__(scope, "tenant", tenant)
    return scope


@dataclass(frozen=True)
class Index:
    """
    One engine, with both of its ports.
    """

    lease: EngineLease
    reader: EdgeReader
    writer: EdgeWriter
    directory: Path

    def stage(
        self,
        document: str,
        *,
        revision: int = 1,
        chunks: int = 1,
        source: SourceName = HANDBOOK,
        terms: Mapping[int, float] | None = None,
    ) -> DocumentKey:
        """
        Write a document's points, which nobody can find yet.
        """
        key = NAMER.document(source, DocumentId(document))
        self.writer.stage(
            [
                StagedChunk(
                    NAMER.chunk(key, revision, ordinal),
                    source,
                    key,
                    revision,
                    vector(hash_of(document) + ordinal),
                    {SALARY: 1.0} if terms is None else terms,
                )
                for ordinal in range(chunks)
            ]
        )
        return key

    def publish(self, key: DocumentKey, readership: ReadershipKey, revision: int = 1) -> None:
        self.writer.publish([Publication(key, revision, 1, readership)])

    def put(
        self,
        document: str,
        readership: ReadershipKey,
        *,
        source: SourceName = HANDBOOK,
        terms: Mapping[int, float] | None = None,
    ) -> DocumentKey:
        """
        Stage and publish.
        """
        key = self.stage(document, source=source, terms=terms)
        self.publish(key, readership)
        return key

    def found(self, scope: ReadScope, *, terms: Iterable[int] = (SALARY,)) -> set[DocumentKey]:
        """
        Return every document that either leg finds; both must find the same.
        """
        dense, sparse = self.reader.search(
            Question(vector(0), dict.fromkeys(terms, 1.0)), scope=scope, candidates=1_000
        )
        return {hit.document for leg in (dense, sparse) for hit, _ in leg.hits}

    def clear(self) -> None:
        """
        Take every document of these tests out of the index.
        """
        self.writer.remove(sorted(self.keys()))

    def keys(self) -> set[DocumentKey]:
        """
        Return what any scope of these tests can find.
        """
        return self.found(scope_of(OPEN, STAFFS, PRIVATE))


def hash_of(document: str) -> int:
    return uuid.uuid5(uuid.NAMESPACE_OID, document).int % 2**31


def chunk_of(key: DocumentKey, revision: int = 1, ordinal: int = 0) -> ChunkId:
    return NAMER.chunk(key, revision, ordinal)


@contextmanager
def engine(directory: Path) -> Iterator[Index]:
    """
    Yield an engine that ends with the block.
    """
    lease = EngineLease(directory, DIMENSION)
    lease.open()
    try:
        yield Index(
            lease,
            EdgeReader(lease, ACME, NAMER, lambda: NOON),
            EdgeWriter(lease, NAMER, DIMENSION),
            directory,
        )
    finally:
        lease.close()
