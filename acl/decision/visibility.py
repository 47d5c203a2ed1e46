"""
Which readerships may a reader see? The rule of `read`, for all of them at once.

`decide_read` is the specification, and it alone decides at the last door; this file gives the
second door the same answer in a time that does not grow with documents or with the reader's
groups. Property tests hold the two equal.

To answer:

1. mark the principals that the reader holds, and those whom the reader might be;
2. set aside the rows that decide nothing for this reader: a permission whose principal is not
   held, a denial whose principal is not held and cannot be the reader, and expired rows;
3. of each gate's runs, the first with a row that is left decides;
4. a readership is visible if all of its gates are open and its label is below the ceiling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

import numpy as np

from acl.decision.compiled import (
    NEVER,
    Gates,
    Marks,
    Memberships,
    Places,
    PrincipalNumbers,
    microseconds,
    moment_of,
)
from acl.decision.membership import Directory
from acl.model.identifiers import AuthorityId, ReadershipDigest, ReadershipKey, TenantId
from acl.model.labels import Ceiling
from acl.model.principals import Principal, everyone
from acl.model.readerships import Numbers, Readership, ReadershipSet

MAX_REMEMBERED: Final = 4_096
MAX_REMEMBERED_KEYS: Final = 8_000_000
"""
Readers whose answer is kept, and readerships in all of them: 64 MB. The view dies with its
epoch, and they with it.
"""


@dataclass(frozen=True, slots=True)
class Visible:
    """
    The readerships that a reader may see now, and when that may next shrink by itself.
    """

    readerships: ReadershipSet
    next_expiry: datetime | None


NOTHING: Final = Visible(ReadershipSet(), None)


class VisibilityIndex:
    """
    The readerships of one epoch and the directory of the same epoch, in numbers.
    """

    def __init__(
        self,
        directory: Directory,
        memberships: Memberships,
        gates: Gates,
        readerships: Mapping[ReadershipKey, tuple[ReadershipDigest, str]],
    ) -> None:
        """
        `readerships` are those of live documents: the digest of the ACL, and the label.
        """
        self._directory = directory
        self._memberships = memberships
        self._gates = gates
        self._count = len(gates.numbers)
        self._aside = 1 << len(gates.gate).bit_length()
        self._labels = sorted({label for _, label in readerships.values()})
        level = {label: n for n, label in enumerate(self._labels)}
        listed = [
            (key, gates.places[digest], level[label])
            for key, (digest, label) in readerships.items()
            if digest in gates.places
        ]
        # Ascending by key: whatever is chosen of them is then a set in order.
        columns = np.array(sorted(listed), dtype=np.int64).reshape(-1, 3)
        self._key, self._snapshot, self._label = map(np.ascontiguousarray, columns.T)
        self._expiries = np.unique(gates.until[gates.until < NEVER])
        self._doubtful: dict[frozenset[AuthorityId], Places] = {}
        self._remembered: dict[tuple[frozenset[Principal], Ceiling, int], Visible] = {}
        self._remembered_keys = 0
        self._lock = Lock()

    @classmethod
    def of(
        cls, directory: Directory, readerships: Mapping[ReadershipKey, Readership]
    ) -> "VisibilityIndex":
        """
        Compile from nothing; a registry keeps the parts that did not change.
        """
        numbers = PrincipalNumbers()
        digests = {key: one.acl.digest() for key, one in readerships.items()}
        gates = Gates.none(directory.tenant, numbers).extended(
            {digests[key]: one.acl for key, one in readerships.items()}
        )
        memberships = Memberships.compile(directory, numbers)
        named = {key: (digests[key], one.label) for key, one in readerships.items()}
        return cls(directory, memberships, gates, named)

    @property
    def tenant(self) -> TenantId:
        """
        The tenant whose readerships these are.
        """
        return self._directory.tenant

    def visible(self, linked: frozenset[Principal], *, ceiling: Ceiling, now: datetime) -> Visible:
        """
        Return what a reader with these identity links may see.

        Remembered for this epoch, by links, ceiling, and which expiries have passed.
        """
        if not linked:
            return NOTHING
        passed = int(np.searchsorted(self._expiries, microseconds(now), side="right"))
        asked = (linked, ceiling, passed)
        with self._lock:
            found = self._remembered.get(asked)
        if found is None:
            found = self._resolve(linked, ceiling, microseconds(now))
            with self._lock:
                self._remembered_keys += len(found.readerships)
                full = len(self._remembered) >= MAX_REMEMBERED
                if full or self._remembered_keys > MAX_REMEMBERED_KEYS:
                    self._remembered.clear()
                    self._remembered_keys = len(found.readerships)
                self._remembered[asked] = found
        return found

    def _resolve(self, linked: frozenset[Principal], ceiling: Ceiling, now: int) -> Visible:
        gates = self._gates
        if not len(gates.first_gate):
            return NOTHING
        opened = self._open_gates(self._slots(linked, now))
        readable = opened[gates.first_gate]
        readable[gates.further_of[~opened[gates.further_gate]]] = False
        below = np.array([ceiling.covers(label) for label in self._labels], dtype=np.bool_)
        chosen = readable[self._snapshot] & below[self._label]
        return Visible(
            ReadershipSet(self._key[chosen]), self._next_expiry(self._snapshot[chosen], now)
        )

    def _slots(self, linked: frozenset[Principal], now: int) -> Places:
        """
        Return of each row its run, and `_aside` more if it decides nothing for this reader.

        No row is picked out: that would cost more, whenever about half of them are wanted.
        """
        gates = self._gates
        aside: Places = np.where(self._held(linked), 0, self._aside)[gates.principal]
        aside[self._denies_whom_it_might_be(linked)] = 0
        if len(self._expiries):
            aside[gates.until <= now] = self._aside
        aside |= gates.run
        return aside

    def _held(self, linked: frozenset[Principal]) -> Marks:
        tenants_everyone = everyone(self._directory.tenant)
        start = self._gates.numbers.known([*linked, tenants_everyone])
        # Whoever was numbered later is in no group here, and no ACL here names them.
        return self._memberships.closure([n for n in start if n < self._count], self._count)

    def _denies_whom_it_might_be(self, linked: frozenset[Principal]) -> Places:
        # Rule 4b of `read`; it depends on the links' authorities alone.
        authorities = frozenset(principal.authority for principal in linked)
        with self._lock:
            found = self._doubtful.get(authorities)
        if found is None:
            gates = self._gates
            standing = self._directory.standing_of(linked)
            named = gates.numbers.first(self._count)
            doubtful = standing.doubtful(frozenset(named))
            might_be = np.fromiter((one in doubtful for one in named), np.bool_, self._count)
            found = np.flatnonzero(gates.denies[gates.run] & might_be[gates.principal])
            with self._lock:
                self._doubtful[authorities] = found
        return found

    def _open_gates(self, slots: Places) -> Marks:
        gates = self._gates
        filled = np.zeros(2 * self._aside, dtype=np.bool_)
        filled[slots] = True
        # Most gates have one run, and it is looked at without asking whether there are others.
        decided = filled[gates.first_run]
        opened = decided & ~gates.denies[gates.first_run]
        later = gates.later_runs
        deciding = later[filled[later] & ~decided[gates.gate[later]]]
        of_gate = gates.gate[deciding]
        first = np.ones(len(deciding), dtype=np.bool_)
        np.not_equal(of_gate[1:], of_gate[:-1], out=first[1:])
        opened[of_gate[first]] = ~gates.denies[deciding[first]]
        return opened

    def _next_expiry(self, snapshots: Numbers, now: int) -> datetime | None:
        if not len(self._expiries):
            return None
        gates = self._gates
        chosen = np.zeros(len(gates.first_gate), dtype=np.bool_)
        chosen[snapshots] = True
        concerned = np.zeros(len(gates.known), dtype=np.bool_)
        concerned[gates.first_gate[chosen]] = True
        concerned[gates.further_gate[chosen[gates.further_of]]] = True
        upcoming = gates.until[concerned[gates.gate[gates.run]] & (gates.until > now)]
        soonest = int(upcoming.min()) if len(upcoming) else NEVER
        return None if soonest == NEVER else moment_of(soonest)
