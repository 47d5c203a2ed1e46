"""
Memberships and ACLs in numbers: arrays in place of objects, for `visibility`.

Nothing is decided here. Every principal has a number, and so has every distinct gate.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from acl.decision.membership import Directory
from acl.model.grants import AclSnapshot, Effect, Gate
from acl.model.identifiers import ReadershipDigest, TenantId
from acl.model.principals import Principal

Marks: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]

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
    `above[n]` are the groups directly above principal `n`, of those numbered when it was made.
    """

    above: Sequence[Sequence[int]]

    @classmethod
    def compile(cls, directory: Directory, numbers: PrincipalNumbers) -> "Memberships":
        """
        Number every membership of a directory.
        """
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for group, direct in directory.definitions.items():
            number = numbers.number(group)
            for member in direct:
                groups[numbers.number(member)].append(number)
        return cls([tuple(groups.get(number, ())) for number in range(len(numbers))])

    def closure(self, start: Sequence[int], count: int) -> Marks:
        """
        Mark `start` and every group above, among the principals numbered below `count`.
        """
        held, above = bytearray(count), self.above
        for number in start:
            held[number] = True
        # Whoever was numbered later is in no group of this directory.
        frontier = [number for number in start if number < len(above)]
        while frontier:
            for group in above[frontier.pop()]:
                if not held[group]:
                    held[group] = True
                    frontier.append(group)
        return np.frombuffer(held, dtype=np.bool_)


@dataclass(frozen=True)
class Gates:
    """
    ACL snapshots in numbers. Grows by `extended`, so that one more costs little.

    Of a gate, neighbouring entries of one effect are a *run*: which of them decides makes no
    difference, so the first run with a row that decides, decides. Three tables, by column:

    - a row for each principal that an entry names: `principal`, its `run`, and `until`, in
      microseconds;
    - runs, in the order of their gate: `gate`, and whether it `denies`; of each gate the
      `first_run`, and all `later_runs`;
    - of each snapshot the `first_gate`; and of each `further_gate` the snapshot that it is
      `further_of`.

    A snapshot without gates is nobody's and has no place, and neither has one of another
    tenant.
    """

    tenant: TenantId
    numbers: PrincipalNumbers
    places: Mapping[ReadershipDigest, int]
    known: Mapping[Gate, int]
    principal: Places
    run: Places
    until: Places
    gate: Places
    denies: Marks
    first_run: Places
    later_runs: Places
    first_gate: Places
    further_gate: Places
    further_of: Places

    @classmethod
    def none(cls, tenant: TenantId, numbers: PrincipalNumbers) -> "Gates":
        """
        Return no snapshots.
        """
        empty = np.empty(0, dtype=np.int64)
        return cls(
            tenant=tenant,
            numbers=numbers,
            places={},
            known={},
            principal=empty,
            run=empty,
            until=empty,
            gate=empty,
            denies=empty.astype(np.bool_),
            first_run=empty,
            later_runs=empty,
            first_gate=empty,
            further_gate=empty,
            further_of=empty,
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
        more = _Rows(self.numbers, len(self.gate))
        first_gate: list[int] = []
        further: list[tuple[int, int]] = []
        for digest, snapshot in fresh.items():
            places[digest] = len(places)
            for gate in snapshot.gates:
                if gate not in known:
                    known[gate] = len(known)
                    more.add(gate, known[gate])
            numbers = [known[gate] for gate in snapshot.gates]
            first_gate.append(numbers[0])
            further += [(number, places[digest]) for number in numbers[1:]]
        return Gates(
            tenant=self.tenant,
            numbers=self.numbers,
            places=places,
            known=known,
            principal=_joined(self.principal, more.principal),
            run=_joined(self.run, more.run),
            until=_joined(self.until, more.until),
            gate=_joined(self.gate, more.gate),
            denies=np.concatenate([self.denies, np.array(more.denies, dtype=np.bool_)]),
            first_run=_joined(self.first_run, more.first_run),
            later_runs=_joined(self.later_runs, more.later_runs),
            first_gate=_joined(self.first_gate, first_gate),
            further_gate=_joined(self.further_gate, (gate for gate, _ in further)),
            further_of=_joined(self.further_of, (snapshot for _, snapshot in further)),
        )


class _Rows:
    """
    Rows and runs that are to be added to others.
    """

    def __init__(self, numbers: PrincipalNumbers, runs_before: int) -> None:
        self._numbers = numbers
        self._runs_before = runs_before
        self.principal: list[int] = []
        self.run: list[int] = []
        self.until: list[int] = []
        self.gate: list[int] = []
        self.denies: list[bool] = []
        self.first_run: list[int] = []
        self.later_runs: list[int] = []

    def add(self, gate: Gate, number: int) -> None:
        split = groupby(gate, key=lambda entry: entry.effect)
        # An empty gate has a run as well, with no row that could decide.
        runs = [(effect, tuple(entries)) for effect, entries in split] or [(Effect.DENY, ())]
        for place, (effect, entries) in enumerate(runs):
            run = self._runs_before + len(self.gate)
            (self.later_runs if place else self.first_run).append(run)
            self.gate.append(number)
            self.denies.append(effect is Effect.DENY)
            for entry in entries:
                until = NEVER if entry.until is None else microseconds(entry.until)
                for principal in entry.principals:
                    self.principal.append(self._numbers.number(principal))
                    self.run.append(run)
                    self.until.append(until)


def _joined(before: Places, more: Iterable[int]) -> Places:
    return np.concatenate([before, np.fromiter(more, dtype=np.int64)])
