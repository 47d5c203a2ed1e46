"""
Small worlds in which the leg of meaning is scanned, and what a plain look at the shard says.

The engine asks for twenty rows a candidate before it scans; here one is enough, so that small
worlds are scanned as large ones are.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import qdrant_edge as edge

from acl.index import stored
from acl.index.dense_rows import DenseRows
from acl.index.embedder import Vectors
from acl.index.engine_shard import EngineShard
from acl.model.identifiers import ReadershipKey
from acl.model.readerships import ReadershipSet
from tests.acl.index.engines import DIMENSION, OPEN, PRIVATE, STAFFS

ALL: Final = (OPEN, STAFFS, PRIVATE)
SOURCES: Final = ("handbook", "intranet")
CLOSE: Final = 1e-5
"""
Scores of the engine differ from exact ones by less.
"""

Found: TypeAlias = list[tuple[str, float]]


class Scope(NamedTuple):
    """
    As the engine is told.
    """

    readerships: frozenset[int] = frozenset(ALL)
    sources: tuple[str, ...] = SOURCES
    withheld: tuple[str, ...] = ()

    def told(self) -> tuple[bytes, list[str], list[str]]:
        packed = ReadershipSet(ReadershipKey(one) for one in self.readerships).packed()
        return packed, list(self.sources), list(self.withheld)


def document_of(number: int) -> str:
    return f"{number:032x}"


def chunk_of(document: int, revision: int, ordinal: int) -> str:
    return str(uuid.UUID(int=document << 64 | revision << 32 | ordinal + 1))


def record(
    document: int, row: Vectors, *, revision: int = 1, ordinal: int = 0, source: str = "handbook"
) -> list[object]:
    """
    Return a chunk as it is staged.
    """
    name = chunk_of(document, revision, ordinal)
    return [name, source, document_of(document), revision, row.tolist(), [7], [1.0]]


def put(shard: EngineShard, document: int, row: Vectors, readership: int = OPEN) -> None:
    """
    Stage and publish a document of one chunk.
    """
    shard.stage([record(document, row)])
    shard.publish([[document_of(document), 1, 1, readership]])


def found(shard: EngineShard, question: Vectors, scope: Scope, candidates: int) -> Found:
    """
    Return the leg of meaning.
    """
    asked = question.astype(np.float32).tobytes(), list[int](), list[float]()
    leg, _ = shard.search(asked, scope.told(), candidates)
    return [(str(hit[0]), float(str(hit[-1]))) for hit in leg]


@contextmanager
def engine_alone(shard: EngineShard) -> Iterator[None]:
    """
    Nothing is scanned in the block.
    """
    copy = shard._copy  # noqa: SLF001 - the copy that is put aside
    whole, copy._gathered = copy._gathered, False  # noqa: SLF001
    try:
        yield
    finally:
        copy._gathered = whole  # noqa: SLF001


def certain(leg: Found, candidates: int) -> Found:
    """
    Return what of a leg is no chance: of a full one not the last equals; equals by name.
    """
    cut = leg[-1][1] if leg and len(leg) >= candidates else -2.0
    return sorted((one for one in leg if one[1] > cut), key=lambda one: (-one[1], one[0]))


class Point(NamedTuple):
    """
    What the shard holds of a chunk.
    """

    chunk: str
    document: str
    source: str
    readership: int
    vector: bytes


def points(shard: EngineShard) -> set[Point]:
    """
    Read everything in the shard.
    """
    request = edge.ScrollRequest(limit=2**31, with_payload=True, with_vector=True)
    records, _ = shard._shard.scroll(request)  # noqa: SLF001 - past every filter
    read = set()
    for one in records:
        payload, vector = one.payload or {}, one.vector
        assert isinstance(vector, dict)
        row = np.array(vector[stored.DENSE], dtype=np.float32).tobytes()
        bears = str(payload["d"]), str(payload["s"]), int(str(payload["r"]))
        read.add(Point(str(one.id), *bears, row))
    return read


def rows_of(shard: EngineShard) -> DenseRows:
    rows = shard._copy.rows  # noqa: SLF001 - what no operation returns
    assert rows is not None
    return rows


def copied(shard: EngineShard) -> set[Point]:
    """
    Read everything in the copy. Nothing may be there twice.
    """
    rows = rows_of(shard)
    names = {number: name for name, number in rows._numbers.items()}  # noqa: SLF001
    read = [
        Point(
            str(uuid.UUID(bytes=rows._chunks[row].tobytes())),  # noqa: SLF001
            document,
            names[int(rows._sources[row])],  # noqa: SLF001
            int(rows._readerships[row]),  # noqa: SLF001
            rows._vectors[row].tobytes(),  # noqa: SLF001
        )
        for document, some in rows._of_document.items()  # noqa: SLF001
        for row in some
    ]
    assert len(read) == len(rows) == len(set(read))
    return set(read)


def expected(shard: EngineShard, question: Vectors, scope: Scope) -> Found:
    """
    Score every point that the scope covers, by the book and exactly, best first.
    """
    unit = question.astype(np.float64) / np.linalg.norm(question.astype(np.float64))
    scored = [
        (one.chunk, float(np.frombuffer(one.vector, dtype=np.float32).astype(np.float64) @ unit))
        for one in points(shard)
        if one.readership in scope.readerships
        and one.readership != stored.NOBODY
        and one.source in scope.sources
        and one.document not in scope.withheld
    ]
    return sorted(scored, key=lambda one: -one[1])


def agree(leg: Found, by_the_book: Found, candidates: int) -> None:
    """
    Insist that a leg is what the book says, as far as scores so close can be told apart.
    """
    best = by_the_book[:candidates]
    assert len(best) == len(leg)
    assert {name for name, _ in leg} <= {name for name, _ in by_the_book}
    exact = dict(by_the_book)
    for (name, score), (_, of_rank) in zip(leg, best, strict=True):
        assert abs(score - exact[name]) < CLOSE
        assert abs(score - of_rank) < CLOSE


def opened(directory: Path, *, places: int = 10_000) -> EngineShard:
    """
    Open a shard in this process, its copy whole.
    """
    directory.mkdir(exist_ok=True)
    shard = EngineShard(directory, DIMENSION, places)
    while shard.gather():
        pass
    return shard


def drawn(seed: int, count: int) -> Sequence[Vectors]:
    """
    Draw directions.
    """
    some = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    unit: Vectors = some / np.linalg.norm(some, axis=1, keepdims=True)
    return list(unit)
