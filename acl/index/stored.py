"""
The stored schema of the index: payload fields in both directions, and the one filter.

A point's payload holds only opaque names (`acl.keys.naming`) and numbers:
`s` source, `d` document, `v` revision, and, once published, `r` readership and `a` ACL
revision. A point without `r` can be found by nobody: every filter demands one.

`scope_filter` is the only function that builds a filter for searching. `Filter(must=[])`
matches everything, so it never builds one without conditions and refuses empty lists.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import qdrant_edge as edge

from acl.index.errors import ScopeRefusedError

DENSE: Final = "dense"
SPARSE: Final = "terms"
SOURCE: Final = "s"
DOCUMENT: Final = "d"
REVISION: Final = "v"
READERSHIP: Final = "r"
ACL_REVISION: Final = "a"
KEYWORDS: Final = (SOURCE, DOCUMENT, READERSHIP)


def shard_config(dimension: int) -> edge.EdgeConfig:
    """
    Return the shard's configuration: no graph, so that search is exact and hidden points
    cannot bend it.
    """
    return edge.EdgeConfig(
        vectors={DENSE: edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Cosine)},
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        hnsw_config=edge.HnswIndexConfig(
            m=0, payload_m=0, ef_construct=100, full_scan_threshold=10_000
        ),
        optimizers=edge.EdgeOptimizersConfig(default_segment_number=1, max_segment_size=10_000_000),
        max_search_threads=1,
    )


def point(record: Sequence[object]) -> edge.Point:
    """
    Build a staged point from `[chunk, source, document, revision, dense, terms, weights]`.
    """
    chunk, source, document, revision, dense, terms, weights = record
    vectors: dict[str, object] = {DENSE: _floats(dense)}
    if terms:
        vectors[SPARSE] = edge.SparseVector(indices=_integers(terms), values=_floats(weights))
    payload = {SOURCE: str(source), DOCUMENT: str(document), REVISION: int(str(revision))}
    return edge.Point(str(uuid.UUID(str(chunk))), vectors, payload)  # type: ignore[arg-type]


def hit(found: edge.ScoredPoint) -> list[object]:
    """
    Read a found point as `[chunk, document, readership, revision, acl_revision, score]`.
    """
    payload = found.payload or {}
    return [
        str(found.id),
        payload[DOCUMENT],
        payload[READERSHIP],
        payload[REVISION],
        payload[ACL_REVISION],
        found.score,
    ]


def scope_filter(
    readerships: Sequence[str], sources: Sequence[str], unsettled: Sequence[str]
) -> edge.Filter:
    """
    Build the filter of a scope.

    Raises:
        ScopeRefusedError: It would name no readership or no source.
    """
    if not readerships or not sources:
        msg = "a search without readerships or sources would not be filtered"
        raise ScopeRefusedError(msg)
    return edge.Filter(
        must=[_any_of(READERSHIP, readerships), _any_of(SOURCE, sources)],
        must_not=[_any_of(DOCUMENT, unsettled)] if unsettled else None,
    )


def inside(found: edge.ScoredPoint, readerships: frozenset[str], sources: frozenset[str]) -> bool:
    """
    Check a found point again, against the scope and not against the filter built from it.
    """
    payload: Mapping[str, object] = found.payload or {}
    return payload.get(READERSHIP) in readerships and payload.get(SOURCE) in sources


def revision_of(document: str, revision: int) -> edge.Filter:
    """
    Match the points of one revision.
    """
    return edge.Filter(must=[_any_of(DOCUMENT, [document]), _revision(revision)])


def other_revisions_of(document: str, revision: int) -> edge.Filter:
    """
    Match a document's points of every other revision.
    """
    return edge.Filter(must=[_any_of(DOCUMENT, [document])], must_not=[_revision(revision)])


def all_of(documents: Sequence[str]) -> edge.Filter:
    """
    Match every point of these documents; refuses an empty list.
    """
    if not documents:
        msg = "an empty list of documents would not be a filter"
        raise ScopeRefusedError(msg)
    return edge.Filter(must=[_any_of(DOCUMENT, documents)])


def _any_of(key: str, values: Sequence[str]) -> edge.FieldCondition:
    return edge.FieldCondition(key=key, match=edge.MatchAny(any=sorted(values)))


def _revision(revision: int) -> edge.FieldCondition:
    return edge.FieldCondition(key=REVISION, match=edge.MatchValue(value=revision))


def _floats(values: object) -> list[float]:
    if not isinstance(values, list):
        msg = "expected a list of numbers"
        raise TypeError(msg)
    return [float(value) for value in values]


def _integers(values: object) -> list[int]:
    if not isinstance(values, list):
        msg = "expected a list of integers"
        raise TypeError(msg)
    return [int(value) for value in values]
