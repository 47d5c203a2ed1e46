"""
Search inside a scope against the same engine with an array of group names on every chunk.

100,000 chunks of 384 numbers, 5,000 groups. Once with 2,000 readerships of 1 to 8 groups, and
once in the worst case: a readership of its own for every chunk. Each side has an index of its
own, as it would be without the other. Both search exactly, so recall is 1; the sets that they
return are compared. Beside it stands the same search by the engine alone, without the vectors in
memory, whose answer must be the same to the last bit.
"""

import random  # noqa: TID251 - repeatable on purpose
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import qdrant_edge as edge

from acl.index import stored
from acl.index.engine_shard import EngineShard
from acl.model.identifiers import ReadershipKey
from acl.model.readerships import ReadershipSet

CHUNKS: Final = 100_000
DIMENSION: Final = 384
GROUPS: Final = 5_000
CLASSES: Final = 2_000
HELD: Final = (10, 200, 3_000)
QUESTIONS: Final = 40
CANDIDATES: Final = 100
ARRAY: Final = "g"
BATCH: Final = 2_000


@dataclass(frozen=True)
class Case:
    """
    Which readership every chunk has, and which groups each of them names.
    """

    name: str
    readership: Sequence[int]
    groups: Sequence[frozenset[int]]


def cases(seed: int = 7) -> list[Case]:
    """
    Draw both cases; the same for the same seed.
    """
    rng = random.Random(seed)  # noqa: S311
    sizes = np.random.default_rng(seed).zipf(1.3, size=CHUNKS) % CLASSES

    def some() -> frozenset[int]:
        return frozenset(rng.sample(range(GROUPS), rng.randint(1, 8)))

    shared = [some() for _ in range(CLASSES)]
    return [
        Case("2,000 readerships", [int(one) for one in sizes], shared),
        Case("a readership a chunk", range(CHUNKS), [some() for _ in range(CHUNKS)]),
    ]


def measure(told: Callable[[str], None]) -> dict[str, Any]:
    """
    Build and ask both indexes.
    """
    found: dict[str, Any] = {"chunks": CHUNKS, "groups": GROUPS, "questions": QUESTIONS}
    vectors = np.random.default_rng(1).normal(size=(CHUNKS, DIMENSION)).astype(np.float32)
    for case in cases():
        told(f"building {CHUNKS:,} chunks, {case.name}")
        with tempfile.TemporaryDirectory(prefix="readership-bench-") as directory:
            own = Path(directory) / "ours"
            own.mkdir()
            theirs = _Arrays(directory)
            _fill(own, theirs, case, vectors)
            ours = _opened(own)
            found[case.name] = {
                str(held): _compare(ours, theirs, case, held, vectors) for held in HELD
            }
            ours.close()
            theirs.shard.close()
    return found


class _Arrays:
    """
    The same engine, configured alike, with the names of groups on every point.
    """

    def __init__(self, directory: str) -> None:
        where = Path(directory) / "arrays"
        where.mkdir()
        self.shard = edge.EdgeShard.create(str(where), stored.shard_config(DIMENSION))
        for key in (stored.SOURCE, stored.DOCUMENT, ARRAY):
            keyword = edge.PayloadSchemaType.Keyword
            self.shard.update(edge.UpdateOperation.create_field_index(key, keyword))

    def nearest(self, row: list[float], names: list[str]) -> Sequence[edge.ScoredPoint]:
        """
        Search what any of these groups may read.
        """
        # No source either: one that searches all of them names none.
        array = edge.Filter(must=[edge.FieldCondition(key=ARRAY, match=edge.MatchAny(any=names))])
        return self.shard.query(
            edge.QueryRequest(
                query=edge.Query.Nearest(row, using=stored.DENSE),
                filter=array,
                limit=CANDIDATES,
                with_payload=[stored.SOURCE, stored.DOCUMENT, stored.REVISION],
                params=edge.SearchParams(exact=True),
            )
        )


def _opened(directory: Path) -> EngineShard:
    shard = EngineShard(directory, DIMENSION)
    while shard.gather():
        pass
    if shard.scanned() != CHUNKS:
        msg = "the vectors are not in memory"
        raise RuntimeError(msg)
    return shard


def _fill(directory: Path, arrays: _Arrays, case: Case, vectors: "np.ndarray[Any, Any]") -> None:
    # Straight into the engine: publishing each chunk by itself would take an hour.
    shard = EngineShard(directory, DIMENSION, 0)
    inner = shard._shard  # noqa: SLF001
    for start in range(0, CHUNKS, BATCH):
        ours, theirs = [], []
        for number in range(start, start + BATCH):
            readership = case.readership[number]
            common: dict[str, object] = {stored.SOURCE: "source", stored.REVISION: 1}
            common[stored.DOCUMENT] = f"{number:032x}"
            names = [f"group-{one:05}" for one in sorted(case.groups[readership])]
            named, vector = str(uuid.UUID(int=number + 1)), {stored.DENSE: vectors[number].tolist()}
            bears = {stored.READERSHIP: _key(readership), stored.ACL_REVISION: 1}
            ours.append(edge.Point(named, vector, common | bears))
            theirs.append(edge.Point(named, vector, common | {ARRAY: names}))
        inner.update(edge.UpdateOperation.upsert_points(ours))
        arrays.shard.update(edge.UpdateOperation.upsert_points(theirs))
    inner.optimize()
    arrays.shard.optimize()
    shard.close()


def _key(readership: int) -> int:
    return (readership + 1) * 1_000_003_000_007 % (2**61)


def _compare(
    shard: EngineShard,
    arrays: _Arrays,
    case: Case,
    held: int,
    vectors: "np.ndarray[Any, Any]",
) -> dict[str, Any]:
    rng = np.random.default_rng(held)
    mine = {int(one) for one in rng.choice(GROUPS, size=held, replace=False)}
    visible = [number for number, groups in enumerate(case.groups) if groups & mine]
    packed = ReadershipSet([ReadershipKey(_key(one)) for one in visible]).packed()
    names = sorted(f"group-{one:05}" for one in mine)
    ours, alone, theirs, recalls = [], [], [], []
    for question in rng.choice(CHUNKS, size=QUESTIONS + 3):
        row = vectors[question]
        asked = (row.tobytes(), list[int](), list[float]()), (packed, ["source"], list[str]())
        start = time.perf_counter()
        legs = shard.search(*asked, CANDIDATES)
        middle = time.perf_counter()
        other = arrays.nearest(row.tolist(), names)
        end = time.perf_counter()
        ours.append((middle - start) * 1e3)
        theirs.append((end - middle) * 1e3)
        alone.append(_by_the_engine_alone(shard, asked, legs))
        expected = {str(one.id) for one in other}
        recalls.append(len({str(one[0]) for one in legs[0]} & expected) / max(len(expected), 1))
    warm, array_warm = np.array(ours[3:]), np.array(theirs[3:])
    engine_warm = np.array(alone[3:])
    return {
        "readerships_visible": len(visible),
        "first_ms": ours[0],
        "scope_ms": _percentiles(warm),
        "engine_ms": _percentiles(engine_warm),
        "array_ms": _percentiles(array_warm),
        "array_to_scope": float(np.median(array_warm) / np.median(warm)),
        "recall": min(recalls),
    }


def _by_the_engine_alone(shard: EngineShard, asked: tuple[Any, Any], legs: object) -> float:
    copy = shard._copy  # noqa: SLF001 - put aside for one search
    copy._gathered = False  # noqa: SLF001
    start = time.perf_counter()
    found = shard.search(*asked, CANDIDATES)
    took = (time.perf_counter() - start) * 1e3
    copy._gathered = True  # noqa: SLF001
    if found != legs:
        msg = "scan and engine differ"
        raise RuntimeError(msg)
    return took


def _percentiles(times: "np.ndarray[Any, Any]") -> dict[str, float]:
    p50, p95 = (float(one) for one in np.percentile(times, (50, 95)))
    return {"p50": p50, "p95": p95}
