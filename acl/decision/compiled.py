"""
Memberships and ACLs in numbers: arrays in place of objects, for `visibility`.

Nothing is decided here. Every principal has a number; every distinct gate has a number, and
each principal that one of its entries names is a row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from acl.decision.membership import Directory
from acl.model.grants import AclSnapshot, Effect, Gate
from acl.model.identifiers import ReadershipDigest, TenantId
from acl.model.principals import Principal

Marks: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]
Row: TypeAlias = tuple[int, int, bool, int]

NEVER: Final = int(np.iinfo(np.int64).max)
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """
    Count from 1970; exact, unlike a floating timestamp.
    """
    return (moment - _START) // timedelta(microseconds=1)


def moment_of(counted: int) -> datetime:
    """
    Undo `microseconds`.
    """
    return _START + timedelta(microseconds=counted)


class PrincipalNumbers:
    """
    Gives every principal a number, for good. Shared by the views of many epochs.
    """

    def __init__(self) -> None:
        self._numbers: dict[Principal, int] = {}
        self._principals: list[Principal] = []

    def __len__(self) -> int:
        return len(self._principals)

    def number(self, principal: Principal) -> int:
        """
        Return the principal's number, giving it one if it has none.
        """
        found = self._numbers.setdefault(principal, len(self._principals))
        if found == len(self._principals):
            self._principals.append(principal)
        return found

    def known(self, principals: Iterable[Principal]) -> list[int]:
        """
        Return the numbers of those that have one.
        """
        return [n for one in principals if (n := self._numbers.get(one)) is not None]

    def first(self, count: int) -> list[Principal]:
        """
        Return the principals with the numbers below `count`, in order.
        """
        return self._principals[:count]


@dataclass(frozen=True)
class Memberships:
    """
    For each member the groups directly above it, in one array:
    `groups[starts[n]:starts[n + 1]]` are those of principal `n`.
    """

    starts: Places
    groups: Places

    @classmethod
    def compile(cls, directory: Directory, numbers: PrincipalNumbers) -> "Memberships":
        """
        Number every membership of a directory.
        """
        members: list[int] = []
        groups: list[int] = []
        for group, direct in directory.definitions.items():
            above = numbers.number(group)
            members += [numbers.number(member) for member in direct]
            groups += [above] * len(direct)
        below = np.array(members, dtype=np.int64)
        order = np.argsort(below, kind="stable")
        counts = np.bincount(below, minlength=len(numbers))
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(starts, np.array(groups, dtype=np.int64)[order])

    def closure(self, start: Iterable[int], count: int) -> Marks:
        """
        Mark `start` and every group above, among the principals numbered below `count`.
        """
        held = np.zeros(count, dtype=np.bool_)
        frontier = np.fromiter(start, dtype=np.int64)
        held[frontier] = True
        while len(frontier):
            above = self._above(frontier)
            frontier = np.unique(above[~held[above]])
            held[frontier] = True
        return held

    def _above(self, members: Places) -> Places:
        # A principal that was numbered after this directory was read is in none of its groups.
        members = members[members < len(self.starts) - 1]
        first, last = self.starts[members], self.starts[members + 1]
        lengths = last - first
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        above: Places = self.groups[np.repeat(first, lengths) + within]
        return above


@dataclass(frozen=True)
class Gates:
    """
    ACL snapshots in numbers. Grows by `extended`, so that one more costs little.

    `principal`, `gate`, `denies` and `until` are the columns of the rows, in the order (gate,
    entry); `until` counts microseconds. `conjunctions[first_gate[s]:first_gate[s + 1]]` are
    the gates of snapshot `s`. A snapshot without gates is nobody's and has no place, and
    neither has one of another tenant.
    """

    tenant: TenantId
    numbers: PrincipalNumbers
    places: Mapping[ReadershipDigest, int]
    known: Mapping[Gate, int]
    principal: Places
    gate: Places
    denies: Marks
    until: Places
    conjunctions: Places
    first_gate: Places

    @classmethod
    def none(cls, tenant: TenantId, numbers: PrincipalNumbers) -> "Gates":
        """
        Return no snapshots.
        """
        empty = np.empty(0, dtype=np.int64)
        return cls(
            tenant, numbers, {}, {}, empty, empty, empty.astype(np.bool_), empty, empty, empty
        )

    def extended(self, snapshots: Mapping[ReadershipDigest, AclSnapshot]) -> "Gates":
        """
        Return these, and those of `snapshots` that are new.
        """
        fresh = {
            digest: one
            for digest, one in snapshots.items()
            if digest not in self.places and one.gates and one.tenant == self.tenant
        }
        if not fresh:
            return self
        places, known = dict(self.places), dict(self.known)
        rows: list[Row] = []
        conjunctions: list[int] = []
        first_gate: list[int] = []
        for digest, snapshot in fresh.items():
            places[digest] = len(places)
            first_gate.append(len(self.conjunctions) + len(conjunctions))
            for gate in snapshot.gates:
                if gate not in known:
                    known[gate] = len(known)
                    rows += _rows(self.numbers, gate, known[gate])
                conjunctions.append(known[gate])
        principals, gates, denies, until = zip(*rows, strict=True) if rows else ((), (), (), ())
        return Gates(
            self.tenant,
            self.numbers,
            places,
            known,
            _joined(self.principal, principals),
            _joined(self.gate, gates),
            np.concatenate([self.denies, np.array(denies, dtype=np.bool_)]),
            _joined(self.until, until),
            _joined(self.conjunctions, conjunctions),
            _joined(self.first_gate, first_gate),
        )


def _rows(numbers: PrincipalNumbers, gate: Gate, number: int) -> list[Row]:
    return [
        (
            numbers.number(principal),
            number,
            entry.effect is Effect.DENY,
            NEVER if entry.until is None else microseconds(entry.until),
        )
        for entry in gate
        for principal in entry.principals
    ]


def _joined(before: Places, more: Iterable[int]) -> Places:
    return np.concatenate([before, np.fromiter(more, dtype=np.int64)])
