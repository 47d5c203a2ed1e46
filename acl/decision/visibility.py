"""
Which readerships may a reader see? The rule of `read`, for all of them at once.

`decide_read` is the specification, and it alone decides at the last door; this file gives the
second door the same answer in a time that does not grow with documents or with the reader's
groups. Property tests hold the two equal.

To answer:

1. mark the principals that the reader holds, and those whom the reader might be;
2. mark the runs that this reader meets: one that names a principal who is held, or a denial
   that names one whom the reader might be; what has expired names nobody;
3. of each gate's runs, the first that is met decides;
4. a readership is visible if all of its gates are open and its label is below the ceiling.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

import numpy as np

from acl.decision.compiled import (
    Gates,
    Marks,
    Memberships,
    Places,
    PrincipalNumbers,
    Runs,
    microseconds,
    moment_of,
)
from acl.decision.membership import Directory
from acl.model.identifiers import AuthorityId, ReadershipDigest, ReadershipKey, TenantId
from acl.model.labels import Ceiling
from acl.model.principals import Principal, everyone
from acl.model.readerships import Readership, ReadershipSet

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

    `readable` counts, by label, those that the ACLs let the reader read whatever the ceiling; it
    is for operators alone.
    """

    readerships: ReadershipSet
    next_expiry: datetime | None
    readable: Mapping[str, int] = field(default_factory=dict)


NOTHING: Final = Visible(ReadershipSet(), None)


@dataclass(frozen=True, slots=True)
class _Doubted:
    """
    Of some runs, the denials that name one whom the reader might be: runs, and dated rows.
    """

    runs: Places
    rows: Places

    @classmethod
    def of(cls, runs: Runs, might_be: Marks) -> "_Doubted":
        named = _any_of(might_be, runs.strip)
        named[runs.further_run[_any_of(might_be, runs.further_strip)]] = True
        dated = might_be[runs.dated_principal] & runs.denies[runs.dated_run]
        return cls(np.flatnonzero(named & runs.denies), np.flatnonzero(dated))


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
        self._first_gate = gates.first_gate[self._snapshot]
        self._several = np.flatnonzero(np.isin(self._snapshot, gates.further_of))
        self._several_of = self._snapshot[self._several]
        self._expiries = np.unique(np.concatenate([gates.first.until, gates.later.until]))
        self._doubted: dict[frozenset[AuthorityId], tuple[_Doubted, _Doubted]] = {}
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
        memberships = Memberships.compile(directory, numbers)
        gates = Gates.none(directory.tenant, numbers).extended(
            {digests[key]: one.acl for key, one in readerships.items()}
        )
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
        if not len(self._key):
            return NOTHING
        opened = self._open_gates(linked, now)
        chosen = opened[self._first_gate]
        shut = np.zeros(len(gates.first_gate), dtype=np.bool_)
        shut[gates.further_of[~opened[gates.further_gate]]] = True
        chosen[self._several] &= ~shut[self._several_of]
        # Over all readerships, whichever are chosen: how long it takes tells nothing.
        counted = np.bincount(self._label, weights=chosen, minlength=len(self._labels))
        below = np.array([ceiling.covers(label) for label in self._labels], dtype=np.bool_)
        if not below.all():
            chosen &= below[self._label]
        return Visible(
            ReadershipSet(self._key[chosen]),
            self._next_expiry(chosen, now),
            {label: int(n) for label, n in zip(self._labels, counted, strict=True) if n},
        )

    def _open_gates(self, linked: frozenset[Principal], now: int) -> Marks:
        gates, held, doubted = self._gates, self._held(linked), self._doubted_by(linked)
        decided = _met(gates.first, held, doubted[0], now)
        opened = decided & ~gates.first.denies
        of_later = np.flatnonzero(_met(gates.later, held, doubted[1], now))
        undecided = of_later[~decided[gates.later_gate[of_later]]]
        gate = gates.later_gate[undecided]
        first = np.ones(len(gate), dtype=np.bool_)
        np.not_equal(gate[1:], gate[:-1], out=first[1:])
        opened[gate[first]] = ~gates.later.denies[undecided[first]]
        return opened

    def _held(self, linked: frozenset[Principal]) -> Marks:
        tenants_everyone = everyone(self._directory.tenant)
        start = self._gates.numbers.known([*linked, tenants_everyone])
        # Whoever was numbered later is in no group here, and no ACL here names them.
        return self._memberships.closure([n for n in start if n < self._count], self._count)

    def _doubted_by(self, linked: frozenset[Principal]) -> tuple[_Doubted, _Doubted]:
        # Rule 4b of `read`; it depends on the links' authorities alone.
        authorities = frozenset(principal.authority for principal in linked)
        with self._lock:
            found = self._doubted.get(authorities)
        if found is None:
            gates = self._gates
            standing = self._directory.standing_of(linked)
            named = gates.numbers.first(self._count)
            doubtful = standing.doubtful(frozenset(named))
            might_be = np.array([*(one in doubtful for one in named), False], dtype=np.bool_)
            found = _Doubted.of(gates.first, might_be), _Doubted.of(gates.later, might_be)
            with self._lock:
                self._doubted[authorities] = found
        return found

    def _next_expiry(self, chosen: Marks, now: int) -> datetime | None:
        if not len(self._expiries):
            return None
        gates = self._gates
        of_snapshot = np.zeros(len(gates.first_gate), dtype=np.bool_)
        of_snapshot[self._snapshot[chosen]] = True
        concerned = np.zeros(len(gates.known), dtype=np.bool_)
        concerned[gates.first_gate[of_snapshot]] = True
        concerned[gates.further_gate[of_snapshot[gates.further_of]]] = True
        soonest = [
            *_upcoming(gates.first, concerned, now),
            *_upcoming(gates.later, concerned[gates.later_gate], now),
        ]
        return moment_of(min(soonest)) if soonest else None


def _met(runs: Runs, held: Marks, doubted: _Doubted, now: int) -> Marks:
    """
    Mark the runs that name the reader, or deny somebody whom the reader might be.
    """
    met = _any_of(held, runs.strip)
    met[runs.further_run[_any_of(held, runs.further_strip)]] = True
    met[doubted.runs] = True
    dated = held[runs.dated_principal]
    dated[doubted.rows] = True
    met[runs.dated_run[dated & (runs.until > now)]] = True
    return met


def _any_of(held: Marks, strips: Places) -> Marks:
    # Column by column: in one go it would take twice as long.
    found: Marks = held[strips[0]]
    for column in strips[1:]:
        found |= held[column]
    return found


def _upcoming(runs: Runs, concerned: Marks, now: int) -> list[int]:
    upcoming = runs.until[concerned[runs.dated_run] & (runs.until > now)]
    return [int(upcoming.min())] if len(upcoming) else []
