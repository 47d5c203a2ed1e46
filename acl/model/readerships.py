"""
Readerships as the index knows them, and sets of them.

The index stores one number for a document's permission. It names the ACL snapshot and the
label together, so that a scope is one set of numbers and a group change touches no point.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from acl.model.grants import AclSnapshot
from acl.model.identifiers import ReadershipKey

Numbers: TypeAlias = NDArray[np.int64]

LITTLE_ENDIAN: Final = np.dtype("<i8")


@dataclass(frozen=True, slots=True)
class Readership:
    """
    What decides over a document besides its state: who may read, and how sensitive it is.
    """

    acl: AclSnapshot
    label: str


class ReadershipSet:
    """
    An immutable set of readership keys, 8 bytes each.

    A reader may see a hundred thousand of them; as Python objects they would cost more than
    the search.
    """

    __slots__ = ("_sorted",)

    def __init__(self, keys: Iterable[ReadershipKey] | Numbers = ()) -> None:
        """
        `keys` as an array are taken as they are: ascending, and each once.
        """
        if not isinstance(keys, np.ndarray):
            keys = np.unique(np.fromiter(keys, dtype=np.int64))
        self._sorted = keys
        self._sorted.flags.writeable = False

    def __len__(self) -> int:
        return len(self._sorted)

    def __iter__(self) -> Iterator[ReadershipKey]:
        return (ReadershipKey(int(number)) for number in self._sorted)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, int):
            return False
        place = int(np.searchsorted(self._sorted, key))
        return place < len(self._sorted) and int(self._sorted[place]) == key

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ReadershipSet):
            return bool(np.array_equal(self._sorted, other._sorted))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.packed())

    def __repr__(self) -> str:
        # It may be long; logs get the number.
        return f"ReadershipSet({len(self)} readerships)"

    def packed(self) -> bytes:
        """
        Return the keys in ascending order, little-endian, 8 bytes each.
        """
        return self._sorted.astype(LITTLE_ENDIAN, copy=False).tobytes()


def unpacked(packed: bytes) -> Numbers:
    """
    Read what `ReadershipSet.packed` wrote.

    Raises:
        ValueError: It did not write this.
    """
    return np.frombuffer(packed, dtype=LITTLE_ENDIAN).astype(np.int64)
