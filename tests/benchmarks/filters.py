"""
Search inside a scope against the same engine with an array of group names on every chunk.

100,000 chunks of 384 numbers, 5,000 groups. Once with 2,000 readerships of 1 to 8 groups, and
once in the worst case: a readership of its own for every chunk. Both sides search exactly, so
recall is 1; the sets that they return are compared.
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
            shard = EngineShard(Path(directory), DIMENSION)
            _fill(shard, case, vectors)
            found[case.name] = {str(held): _compare(shard, case, held, vectors) for held in HELD}
            shard.close()
    return found


def _fill(shard: EngineShard, case: Case, vectors: "np.ndarray[Any, Any]") -> None:
    # Straight into the engine: publishing each chunk by itself would take an hour.
    inner = shard._shard  # noqa: SLF001
    keyword = edge.PayloadSchemaType.Keyword
    inner.update(edge.UpdateOperation.create_field_index(ARRAY, keyword))
    for start in range(0, CHUNKS, BATCH):
        points = []
        for number in range(start, start + BATCH):
            readership = case.readership[number]
            payload = {
                stored.SOURCE: "source",
                stored.DOCUMENT: f"{number:032x}",
                stored.REVISION: 1,
                stored.READERSHIP: _key(readership),
                stored.ACL_REVISION: 1,
                ARRAY: [f"group-{one:05}" for one in sorted(case.groups[readership])],
            }
            named = str(uuid.UUID(int=number + 1))
            points.append(edge.Point(named, {stored.DENSE: vectors[number].tolist()}, payload))
        inner.update(edge.UpdateOperation.upsert_points(points))
    inner.optimize()
    shard._know({_key(one) for one in set(case.readership)})  # noqa: SLF001


def _key(readership: int) -> int:
    return (readership + 1) * 1_000_003_000_007 % (2**61)


def _compare(
    shard: EngineShard, case: Case, held: int, vectors: "np.ndarray[Any, Any]"
) -> dict[str, Any]:
    rng = np.random.default_rng(held)
    mine = {int(one) for one in rng.choice(GROUPS, size=held, replace=False)}
    visible = [number for number, groups in enumerate(case.groups) if groups & mine]
    packed = ReadershipSet([ReadershipKey(_key(one)) for one in visible]).packed()
    names = sorted(f"group-{one:05}" for one in mine)
    array = edge.Filter(
        must=[
            edge.FieldCondition(key=stored.SOURCE, match=edge.MatchAny(any=["source"])),
            edge.FieldCondition(key=ARRAY, match=edge.MatchAny(any=names)),
        ]
    )
    ours, theirs, recalls = [], [], []
    for question in rng.choice(CHUNKS, size=QUESTIONS + 3):
        row = vectors[question]
        start = time.perf_counter()
        legs = shard.search((row.tobytes(), [], []), (packed, ["source"], []), CANDIDATES)
        middle = time.perf_counter()
        other = shard._nearest(  # noqa: SLF001
            edge.Query.Nearest(row.tolist(), using=stored.DENSE),
            array,
            CANDIDATES,
            edge.SearchParams(exact=True),
        )
        end = time.perf_counter()
        ours.append((middle - start) * 1e3)
        theirs.append((end - middle) * 1e3)
        expected = {str(one.id) for one in other}
        recalls.append(len({str(one[0]) for one in legs[0]} & expected) / max(len(expected), 1))
    warm, array_warm = np.array(ours[3:]), np.array(theirs[3:])
    return {
        "readerships_visible": len(visible),
        "first_ms": ours[0],
        "scope_ms": _percentiles(warm),
        "array_ms": _percentiles(array_warm),
        "array_to_scope": float(np.median(array_warm) / np.median(warm)),
        "recall": min(recalls),
    }


def _percentiles(times: "np.ndarray[Any, Any]") -> dict[str, float]:
    p50, p95 = (float(one) for one in np.percentile(times, (50, 95)))
    return {"p50": p50, "p95": p95}
