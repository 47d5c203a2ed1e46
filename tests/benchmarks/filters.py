"""
Search inside a scope against the same engine with an array of group names on every chunk.

100,000 chunks of 384 numbers, 5,000 groups. Once with 2,000 readerships of 1 to 8 groups, and
once in the worst case: a readership of its own for every chunk. Each side has an index of its
own, as it would be without the other, and asks ten questions before it is the other's turn; of
these the first two, which find the other's data in the processor's caches, are not counted. Both
search exactly, so recall is 1; the sets that they return are compared. A third side is the same
search by the engine alone, without the vectors in memory, whose answer must be the same to the
last bit.
"""

import random  # noqa: TID251 - repeatable on purpose
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import qdrant_edge as edge
from threadpoolctl import threadpool_limits

from acl.index import stored
from acl.index.engine_lease import SCAN_THREADS
from acl.index.engine_shard import EngineShard
from acl.model.identifiers import ReadershipKey
from acl.model.readerships import ReadershipSet

CHUNKS: Final = 100_000
DIMENSION: Final = 384
GROUPS: Final = 5_000
CLASSES: Final = 2_000
HELD: Final = (10, 200, 3_000)
ROUNDS: Final = 6
A_TURN: Final = 10
NOT_COUNTED: Final = 2
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
    found: dict[str, Any] = {"chunks": CHUNKS, "groups": GROUPS, "questions": (ROUNDS - 1) * A_TURN}
    vectors = np.random.default_rng(1).normal(size=(CHUNKS, DIMENSION)).astype(np.float32)
    for case in cases():
        told(f"building {CHUNKS:,} chunks, {case.name}")
        with tempfile.TemporaryDirectory(prefix="readership-bench-") as directory:
            own = Path(directory) / "ours"
            own.mkdir()
            theirs = _Arrays(directory)
            _fill(own, theirs, case, vectors)
            ours = _opened(own)
            with threadpool_limits(SCAN_THREADS, user_api="blas"):
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
    rows = [vectors[question] for question in rng.choice(CHUNKS, size=ROUNDS * A_TURN)]

    def ours(row: "np.ndarray[Any, Any]") -> list[list[object]]:
        question = row.tobytes(), list[int](), list[float]()
        return shard.search(question, (packed, ["source"], []), CANDIDATES)[0]

    sides = {
        "scope_ms": ours,
        "engine_ms": _alone(shard, ours),
        "array_ms": lambda row: arrays.nearest(row.tolist(), names),
    }
    times, found = _in_turns(sides, rows)
    if found["scope_ms"] != found["engine_ms"]:
        msg = "scan and engine differ"
        raise RuntimeError(msg)
    recalls = []
    for leg, other in zip(found["scope_ms"], found["array_ms"], strict=True):
        expected = {str(one.id) for one in other}
        recalls.append(len({str(one[0]) for one in leg} & expected) / max(len(expected), 1))
    median = {name: float(np.median(some)) for name, some in times.items()}
    return {
        "readerships_visible": len(visible),
        **{name: _percentiles(np.array(some)) for name, some in times.items()},
        "array_to_scope": median["array_ms"] / median["scope_ms"],
        "recall": min(recalls),
    }


def _alone(shard: EngineShard, search: Callable[..., Any]) -> Callable[..., Any]:
    copy = shard._copy  # noqa: SLF001 - put aside for a search

    def alone(row: "np.ndarray[Any, Any]") -> object:
        copy._gathered = False  # noqa: SLF001
        found = search(row)
        copy._gathered = True  # noqa: SLF001
        return found

    return alone


def _in_turns(
    sides: Mapping[str, Callable[..., Any]], rows: Sequence["np.ndarray[Any, Any]"]
) -> tuple[dict[str, list[float]], dict[str, list[Any]]]:
    times: dict[str, list[float]] = {name: [] for name in sides}
    found: dict[str, list[Any]] = {name: [] for name in sides}
    for start in range(0, len(rows), A_TURN):
        for name, search in sides.items():
            for number, row in enumerate(rows[start : start + A_TURN]):
                began = time.perf_counter()
                found[name].append(search(row))
                took = (time.perf_counter() - began) * 1e3
                # In the first round everything is new to everybody.
                if start and number >= NOT_COUNTED:
                    times[name].append(took)
    return times, found


def _percentiles(times: "np.ndarray[Any, Any]") -> dict[str, float]:
    p50, p95 = (float(one) for one in np.percentile(times, (50, 95)))
    return {"p50": p50, "p95": p95}
