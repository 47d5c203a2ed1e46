"""
Dense vectors in memory, those of one readership side by side, and a scan over some of them.

The scan looks at the rows that a scope covers and at no other, and proposes chunks; it gives
nobody a score. The engine scores what is proposed, so an answer is the engine's own to the last
bit, whether or not there was a scan. For that the proposal must hold every chunk that the engine
would have found among all. With `u` half the spacing of floats at 1 and `n` the dimension:

1. A product of two unit rows, summed in whatever order, differs from the exact one by at most
   `n * u / (1 - n * u)` (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
2. So the engine's score and the scan's differ by less than `slack = 4 * (n + 16) * u`: both
   products, and both ways to bring the question to unit length.
3. `wanted` rows scan at `least` or above. The engine scores each of them at `least - slack` or
   above, and so everything that it would find.
4. What it scores so high scans at `least - 2 * slack` or above, and is proposed.

The last bits of a product may depend on where a row lies, and so on rows that nobody sees. They
move a proposal by rows that are not found, and nothing else.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from acl.index.embedder import Vectors
from acl.model.readerships import Numbers

Rows: TypeAlias = NDArray[np.int32]

NOBODY: Final = 0
PLACES: Final = 200_000
"""
Rows that are kept unless the configuration says otherwise.
"""
ID_BYTES: Final = 16
ROWS_A_CANDIDATE: Final = 20
"""
Where fewer are covered the engine is as quick by itself as with what it is told to score.
"""
SHORT: Final = 16
LONG: Final = 256
"""
Fewer rows than `SHORT` side by side are not worth a call of their own; as many as `LONG` are
worth a second thread, which a product of matrices takes.
"""
BLOCK: Final = 256
"""
Rows that are brought together at a time: as many as stay in a core's own cache.
"""
COLUMNS: Final = 64
SPARE: Final = 1_000
"""
A proposal that is longer by more than this, because many chunks are equal, is none.
"""
MAX_LENGTH: Final = 1.001


class Seen(NamedTuple):
    """
    What a point bears besides its vector. No readership is nobody's.
    """

    chunk: bytes
    document: str
    source: str
    readership: int


@dataclass(frozen=True, slots=True)
class Selection:
    """
    The rows that a scope covers, until the rows change: `runs` from first to past the last, and
    then `loose`, one by one.
    """

    rows: Rows
    runs: tuple[tuple[int, int], ...]
    loose: Rows
    changes: int


class DenseRows:
    """
    As many rows as there is place for; what is never written takes no memory.
    """

    def __init__(self, dimension: int, places: int) -> None:
        self._vectors: Vectors = np.empty((places, dimension), dtype=np.float32)
        self._chunks = np.empty((places, ID_BYTES), dtype=np.uint8)
        self._readerships: Numbers = np.zeros(places, dtype=np.int64)
        self._sources = np.zeros(places, dtype=np.int32)
        self._numbers: dict[str, int] = {}
        self._of_document: dict[str, list[int]] = {}
        self._free: list[int] = []
        self._end = 0
        self._changes = 0
        self._slack = 4 * (dimension + 16) * float(np.finfo(np.float32).eps) / 2

    def __len__(self) -> int:
        return self._end - len(self._free)

    def has_place_for(self, more: int) -> bool:
        """
        Say whether this many rows can be added.
        """
        return len(self) + more <= len(self._vectors)

    def restate(self, documents: Iterable[str], seen: Iterable[Seen]) -> list[Seen]:
        """
        Take over what is seen of all points of these documents; return those without a row.
        """
        self._changes += 1
        before = {
            self._chunks[row].tobytes(): row
            for document in documents
            for row in self._of_document.pop(document, ())
        }
        missing: list[Seen] = []
        for one in seen:
            row = before.pop(one.chunk, None)
            if row is None:
                missing.append(one)
            else:
                self._state(row, one)
        for row in before.values():
            self._readerships[row] = NOBODY
            self._free.append(row)
        return missing

    def add(self, seen: Sequence[Seen], vectors: Vectors) -> None:
        """
        Give points rows, each its vector as the engine keeps it.

        Raises:
            ValueError: One is not finite, or longer than 1.
        """
        # The negation, so that what is not a number is refused as well.
        if not (np.linalg.norm(vectors, axis=1) <= MAX_LENGTH).all():
            msg = "the engine holds a vector that is not finite or too long"
            raise ValueError(msg)
        self._changes += 1
        rows = [self._place() for _ in seen]
        self._vectors[rows] = vectors
        names = b"".join(one.chunk for one in seen)
        self._chunks[rows] = np.frombuffer(names, dtype=np.uint8).reshape(-1, ID_BYTES)
        for row, one in zip(rows, seen, strict=True):
            self._state(row, one)

    def _place(self) -> int:
        if self._free:
            return self._free.pop()
        self._end += 1
        return self._end - 1

    def _state(self, row: int, one: Seen) -> None:
        self._readerships[row] = one.readership
        self._sources[row] = self._numbers.setdefault(one.source, len(self._numbers))
        self._of_document.setdefault(one.document, []).append(row)

    def arrange(self) -> None:
        """
        Lay the rows of one readership side by side again, and close gaps.
        """
        self._changes += 1
        taken = np.ones(self._end, dtype=np.bool_)
        taken[self._free] = False
        kept = np.flatnonzero(taken)
        order = kept[np.argsort(self._readerships[kept], kind="stable")]
        place = np.zeros(self._end, dtype=np.int64)
        place[order] = np.arange(len(order))
        for start in range(0, self._vectors.shape[1], COLUMNS):
            columns = self._vectors[:, start : start + COLUMNS]
            columns[: len(order)] = columns[order]
        for column in (self._chunks, self._readerships, self._sources):
            column[: len(order)] = column[order]
        moved = place.tolist()
        for document, rows in self._of_document.items():
            self._of_document[document] = [moved[row] for row in rows]
        self._free, self._end = [], len(order)

    def select(
        self,
        visible: Numbers,
        sources: Collection[str],
        withheld: Collection[str],
        last: Selection | None = None,
    ) -> Selection:
        """
        Return the rows that a scope covers; `last` is what it was given before.

        `visible` ascends.
        """
        if last is not None and last.changes == self._changes:
            return last
        readerships = self._readerships[: self._end]
        covered = _among(readerships, visible) & (readerships != NOBODY)
        searched = [number for name, number in self._numbers.items() if name in sources]
        if len(searched) < len(self._numbers):
            covered &= np.isin(self._sources[: self._end], searched)
        for document in withheld:
            covered[self._of_document.get(document, [])] = False
        return _selected(np.flatnonzero(covered).astype(np.int32), self._changes)

    def nearest(self, question: Vectors, selected: Selection, wanted: int) -> set[str] | None:
        """
        Propose chunks among which are the `wanted` best of the selection; `None` if the engine
        had better find them by itself.
        """
        length = float(np.linalg.norm(question.astype(np.float64)))
        if not 0 < length < np.inf or len(selected.rows) < wanted * ROWS_A_CANDIDATE:
            return None
        scanned = self._scan((question / length).astype(np.float32), selected)
        least = np.partition(scanned, len(scanned) - wanted)[len(scanned) - wanted]
        near = np.flatnonzero(scanned >= least - 2 * self._slack)
        if not wanted <= len(near) <= wanted + SPARE:
            return None
        names = self._chunks[selected.rows[near]].tobytes()
        return {names[at : at + ID_BYTES].hex() for at in range(0, len(names), ID_BYTES)}

    def _scan(self, unit: Vectors, selected: Selection) -> Vectors:
        scanned = np.empty(len(selected.rows), dtype=np.float32)
        done = 0
        for first, past in selected.runs:
            until = done + past - first
            multiply = np.vecdot if past - first < LONG else np.matmul
            multiply(self._vectors[first:past], unit, out=scanned[done:until])
            done = until
        together = np.empty((BLOCK, len(unit)), dtype=np.float32)
        for start in range(0, len(selected.loose), BLOCK):
            some = selected.loose[start : start + BLOCK]
            block, until = together[: len(some)], done + len(some)
            np.take(self._vectors, some, axis=0, out=block, mode="clip")
            np.vecdot(block, unit, out=scanned[done:until])
            done = until
        return scanned


def _among(values: Numbers, ascending: Numbers) -> NDArray[np.bool_]:
    if not len(ascending):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    found: NDArray[np.bool_] = ascending[places] == values
    return found


def _selected(rows: Rows, changes: int) -> Selection:
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    starts, ends = np.concatenate(([0], breaks)), np.concatenate((breaks, [len(rows)]))
    long = ends - starts >= SHORT
    firsts, lasts = rows[starts[long]].tolist(), rows[ends[long] - 1].tolist()
    runs = tuple((first, last + 1) for first, last in zip(firsts, lasts, strict=True))
    in_runs = np.repeat(long, ends - starts)
    loose = rows[~in_runs]
    return Selection(np.concatenate((rows[in_runs], loose)), runs, loose, changes)
