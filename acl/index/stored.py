"""
The stored schema of the index: payload fields in both directions, and the one filter.

A point's payload holds only opaque names (`acl.keys.naming`) and numbers:
`s` source, `d` document, `v` revision, `r` readership and, once published, `a` ACL revision.
A point whose `r` is `NOBODY` can be found by nobody: no scope covers it.

`scope_filter` and `only` build the filters for searching. `Filter(must=[])` matches everything,
so they never build one without conditions and refuse empty lists.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import qdrant_edge as edge

from acl.index import dense_rows
from acl.index.dense_rows import Seen
from acl.index.errors import ScopeRefusedError

DENSE: Final = "dense"
SPARSE: Final = "terms"
SOURCE: Final = "s"
DOCUMENT: Final = "d"
REVISION: Final = "v"
READERSHIP: Final = "r"
ACL_REVISION: Final = "a"
NOBODY: Final = dense_rows.NOBODY
SEEN: Final = [SOURCE, DOCUMENT, READERSHIP]
Condition: TypeAlias = (
    edge.FieldCondition
    | edge.IsEmptyCondition
    | edge.IsNullCondition
    | edge.HasIdCondition
    | edge.HasVectorCondition
    | edge.NestedCondition
    | edge.Filter
)
PAYLOAD_INDEXES: Final[Mapping[str, edge.PayloadSchemaType | edge.IntegerIndexParams]] = {
    SOURCE: edge.PayloadSchemaType.Keyword,
    DOCUMENT: edge.PayloadSchemaType.Keyword,
    # Points of one readership lie side by side once the index was optimised: a search looks at
    # whole readerships, and takes a quarter less time.
    READERSHIP: edge.IntegerIndexParams(lookup=True, range=False, is_principal=True),
}


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
    payload = {
        SOURCE: str(source),
        DOCUMENT: str(document),
        REVISION: int(str(revision)),
        READERSHIP: NOBODY,
    }
    return edge.Point(str(uuid.UUID(str(chunk))), vectors, payload)  # type: ignore[arg-type]


def hit(found: edge.ScoredPoint, payload: Mapping[str, object]) -> list[object]:
    """
    Read a found point as `[chunk, document, readership, revision, acl_revision, score]`.
    """
    return [
        str(found.id),
        payload[DOCUMENT],
        payload[READERSHIP],
        payload[REVISION],
        payload[ACL_REVISION],
        found.score,
    ]


def seen(found: edge.Record) -> Seen:
    """
    Read what a point bears, asked for by `SEEN`.
    """
    payload = found.payload or {}
    readership = payload.get(READERSHIP)
    known = readership if isinstance(readership, int) else NOBODY
    return Seen(name_of(found), str(payload[DOCUMENT]), str(payload.get(SOURCE)), known)


def name_of(found: edge.Record) -> bytes:
    """
    Return the name of a point's chunk.
    """
    return uuid.UUID(str(found.id)).bytes


def dense_of(found: edge.Record) -> object:
    """
    Return a point's dense vector as the engine keeps it.
    """
    match found.vector:
        case {"dense": list(row)}:
            return row
        case _:
            msg = "a point has no dense vector"
            raise ValueError(msg)


@dataclass(slots=True)
class Present:
    """
    Every readership and every source that some point of an index bears.
    """

    readerships: set[int] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)

    def learns(self, more: "Present") -> bool:
        """
        Take these in as well; say whether some are new.
        """
        known = more.readerships <= self.readerships and more.sources <= self.sources
        self.readerships |= more.readerships
        self.sources |= more.sources
        return not known


def scope_filter(
    visible: Collection[int],
    present: Present,
    sources: Sequence[str],
    withheld: Sequence[str],
) -> edge.Filter:
    """
    Build the filter of a scope that covers `visible`, in an index that holds `present`.

    The engine's work grows with the values that a filter names. A reader who sees most of the
    index gets the shorter list of what is left out, and sources are named only if some are left
    out; `present` is complete because the process that asks is the only one that writes points.

    Raises:
        ScopeRefusedError: It would name no readership or no source.
    """
    covered = set(visible) & present.readerships - {NOBODY}
    if not covered or not sources:
        msg = "a search without readerships or sources would not be filtered"
        raise ScopeRefusedError(msg)
    left_out = present.readerships - covered | {NOBODY}
    must: list[Condition] = []
    must_not: list[Condition] = []
    if not present.sources.issubset(sources):
        must.append(_any_of(SOURCE, sources))
    if withheld:
        must_not.append(_any_of(DOCUMENT, withheld))
    if len(covered) <= len(left_out):
        must.append(_any_number(READERSHIP, covered))
    else:
        must_not += [edge.IsEmptyCondition(READERSHIP), _any_number(READERSHIP, left_out)]
    return edge.Filter(must=must or None, must_not=must_not or None)


def only(chunks: Collection[str]) -> edge.Filter:
    """
    Match these points; refuses an empty list.
    """
    if not chunks:
        msg = "an empty list of chunks would not be a filter"
        raise ScopeRefusedError(msg)
    return edge.Filter(must=[edge.HasIdCondition(set(chunks))])


def inside(
    payload: Mapping[str, object],
    visible: Collection[int],
    sources: Collection[str],
    withheld: Collection[str],
) -> bool:
    """
    Check a found point again, against the scope and not against the filter built from it.
    """
    return (
        payload.get(READERSHIP) in visible
        and payload.get(SOURCE) in sources
        and payload.get(DOCUMENT) not in withheld
    )


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


def _any_number(key: str, values: Collection[int]) -> edge.FieldCondition:
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
