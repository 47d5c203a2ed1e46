"""
Derives the opaque names under which documents, chunks, readerships and terms are stored.

All are HMACs under the tenant's index key over an unambiguous encoding, so a stolen index
shows neither ids nor words, and nobody can compute the name of a thing to probe for it.
"""

import hmac
import uuid
from functools import lru_cache

from acl.model.encoding import Encodable, encode
from acl.model.identifiers import (
    ChunkId,
    DocumentId,
    DocumentKey,
    ReadershipDigest,
    ReadershipKey,
    SourceName,
    TenantId,
)

TERM_CACHE = 65_536
READERSHIP_CACHE = 16_384


class Namer:
    """
    Derives the names of one tenant.
    """

    def __init__(self, tenant: TenantId, key: bytes) -> None:
        self._tenant = tenant
        self._key = key
        self._term = lru_cache(maxsize=TERM_CACHE)(self._term_uncached)
        self._readership = lru_cache(maxsize=READERSHIP_CACHE)(self._readership_uncached)

    def installation(self) -> str:
        """
        Name the installation, so that other keys than it was made with are noticed.
        """
        return self._mac("installation").hex()

    def document(self, source: SourceName, document: DocumentId) -> DocumentKey:
        """
        Name a document.
        """
        return DocumentKey(self._mac("document", source, document)[:16].hex())

    def chunk(self, document: DocumentKey, revision: int, ordinal: int) -> ChunkId:
        """
        Name the n-th chunk of a revision. Deterministic, so that writing twice is harmless.
        """
        digest = self._mac("chunk", document, revision, ordinal)
        return ChunkId(str(uuid.UUID(bytes=digest[:16], version=5)))

    def readership(self, digest: ReadershipDigest, label: str) -> ReadershipKey:
        """
        Name a readership with a label: a number, because the engine filters those quickest.

        Among a million readerships two share a name with a chance of one in ten million; the
        last door compares digests and would refuse the wrong one.
        """
        return self._readership(digest, label)

    def source(self, source: SourceName) -> str:
        """
        Name a source.
        """
        return self._mac("source", source)[:16].hex()

    def term(self, term: str) -> int:
        """
        Name a word: 32 bits, the width of a sparse index.

        Among a million distinct words about a hundred pairs share a name; they are then one
        word to the sparse leg, which costs a little ranking and no permission.
        """
        return self._term(term)

    def _term_uncached(self, term: str) -> int:
        return int.from_bytes(self._mac("term", term)[:4], "big")

    def _readership_uncached(self, digest: ReadershipDigest, label: str) -> ReadershipKey:
        named = int.from_bytes(self._mac("readership", digest, label)[:8], "big") >> 1
        return ReadershipKey(named or 1)

    def _mac(self, kind: str, *parts: Encodable) -> bytes:
        named = encode(["readership-name", kind, self._tenant, *parts])
        return hmac.digest(self._key, named, "sha256")
