"""
Memberships and ACLs in numbers: arrays in place of objects, for `visibility`.

Nothing is decided here. Every principal has a number, and so has every distinct gate.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from acl.decision.membership import Directory
from acl.model.grants import AclSnapshot, Effect, Entry, Gate
from acl.model.identifiers import ReadershipDigest, TenantId
from acl.model.principals import Principal

Marks: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]

STRIP: Final = 4
"""
Most runs name up to four principals; the further ones of a run cost a little more.
"""

NOBODY: Final = -1
"""
Fills a strip. The marks of principals have a last place for it.
"""

MAX_CLIMBED: Final = 64 * 2**20
"""
Bytes of climbs that are kept; with 10,000 groups they take 12 MB.
"""

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

    `climbed[g]` is the whole climb from group `g`, itself included: a bit for every place in
    `groups`. Groups in a cycle or below one have none, and neither do those for which there
    was no room; from them the climb goes step by step.
    """

    above: Sequence[Sequence[int]]
    groups: Places
    climbed: Mapping[int, int]

    @classmethod
    def compile(cls, directory: Directory, numbers: PrincipalNumbers) -> "Memberships":
        """
        Number every membership of a directory.
        """
        direct: defaultdict[int, list[int]] = defaultdict(list)
        # Groups side by side: what is read of them then lies in a small part of the memory.
        defined = [(numbers.number(group), some) for group, some in directory.definitions.items()]
        for number, members in defined:
            for member in members:
                direct[numbers.number(member)].append(number)
        above = [tuple(direct.get(number, ())) for number in range(len(numbers))]
        groups = [number for number, _ in defined]
        return cls(above, np.array(groups, dtype=np.int64), _climbs(groups, above))

    def closure(self, start: Sequence[int], count: int) -> Marks:
        """
        Mark `start` and every group above, among the principals numbered below `count`.

        The last mark, one more, is `NOBODY`'s and never set.
        """
        held = np.zeros(count + 1, dtype=np.bool_)
        # Whoever was numbered later is in no group of this directory.
        frontier = [number for number in start if number < len(self.above)]
        seen, climbed = set(start), 0
        while frontier:
            for group in self.above[frontier.pop()]:
                if group in self.climbed:
                    climbed |= self.climbed[group]
                elif group not in seen:
                    seen.add(group)
                    frontier.append(group)
        held[list(seen)] = True
        held[self.groups[_places_in(climbed, len(self.groups))]] = True
        return held


def _climbs(groups: Sequence[int], above: Sequence[Sequence[int]]) -> dict[int, int]:
    place = {group: n for n, group in enumerate(groups)}
    from_the_top = TopologicalSorter({group: above[group] for group in groups})
    with suppress(CycleError):  # then it goes as far as the cycles
        from_the_top.prepare()
    climbed: dict[int, int] = {}
    room = MAX_CLIMBED
    while room > 0 and from_the_top.is_active():
        for group in from_the_top.get_ready():
            bits = 1 << place[group]
            for higher in above[group]:
                bits |= climbed[higher]
            climbed[group] = bits
            room -= bits.bit_length() // 8
            from_the_top.done(group)
    return climbed


def _places_in(bits: int, count: int) -> Marks:
    packed = np.frombuffer(bits.to_bytes(-(-count // 8), "little"), dtype=np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little").view(np.bool_)


@dataclass(frozen=True)
class Runs:
    """
    Neighbouring entries of one effect in a gate: which of them decides makes no difference.

    By column: whether a run `denies`, and a strip of principals that it names for good, shape
    `(STRIP, runs)`; further strips with the run of each; and a row, with its run, for each
    principal that is named `until` some time, in microseconds.
    """

    denies: Marks
    strip: Places
    further_strip: Places
    further_run: Places
    dated_principal: Places
    dated_run: Places
    until: Places

    @classmethod
    def of(cls, listed: Sequence[Sequence[Entry]], numbers: PrincipalNumbers) -> "Runs":
        """
        Compile runs. An empty one denies, and nobody meets it.
        """
        rows = _Rows(numbers)
        for run, entries in enumerate(listed):
            rows.add(entries, run)
        return cls(
            denies=np.array(rows.denies, dtype=np.bool_),
            strip=_by_column(rows.strip),
            further_strip=_by_column(rows.further_strip),
            further_run=np.array(rows.further_run, dtype=np.int64),
            dated_principal=np.array(rows.dated_principal, dtype=np.int64),
            dated_run=np.array(rows.dated_run, dtype=np.int64),
            until=np.array(rows.until, dtype=np.int64),
        )

    def followed_by(self, more: "Runs") -> "Runs":
        """
        Return these and then those, which get the next numbers.
        """
        before = len(self.denies)
        return Runs(
            denies=np.concatenate([self.denies, more.denies]),
            strip=np.concatenate([self.strip, more.strip], axis=1),
            further_strip=np.concatenate([self.further_strip, more.further_strip], axis=1),
            further_run=np.concatenate([self.further_run, more.further_run + before]),
            dated_principal=np.concatenate([self.dated_principal, more.dated_principal]),
            dated_run=np.concatenate([self.dated_run, more.dated_run + before]),
            until=np.concatenate([self.until, more.until]),
        )


class _Rows:
    """
    Rows of runs that are being compiled.
    """

    def __init__(self, numbers: PrincipalNumbers) -> None:
        self._numbers = numbers
        self.denies: list[bool] = []
        self.strip: list[list[int]] = []
        self.further_strip: list[list[int]] = []
        self.further_run: list[int] = []
        self.dated_principal: list[int] = []
        self.dated_run: list[int] = []
        self.until: list[int] = []

    def add(self, entries: Sequence[Entry], run: int) -> None:
        self.denies.append(not entries or entries[0].effect is Effect.DENY)
        for_good: list[int] = []
        for entry in entries:
            named = [self._numbers.number(principal) for principal in entry.principals]
            if entry.until is None:
                for_good += named
            else:
                self.dated_principal += named
                self.dated_run += [run] * len(named)
                self.until += [microseconds(entry.until)] * len(named)
        self.strip.append(_filled(for_good[:STRIP]))
        for start in range(STRIP, len(for_good), STRIP):
            self.further_strip.append(_filled(for_good[start : start + STRIP]))
            self.further_run.append(run)


def _filled(some: list[int]) -> list[int]:
    return some + [NOBODY] * (STRIP - len(some))


def _by_column(strips: list[list[int]]) -> Places:
    # A column is read from end to end, so it lies in one piece.
    return np.array(strips, dtype=np.int64).reshape(-1, STRIP).T.copy(order="C")


@dataclass(frozen=True)
class Gates:
    """
    ACL snapshots in numbers. Grows by `extended`, so that one more costs little.

    The `first` run of a gate has the gate's number; each of the `later` ones, in their order,
    has the number of its gate in `later_gate`. Of each snapshot there is the `first_gate`; and
    of each `further_gate` the snapshot that it is `further_of`.

    A snapshot without gates is nobody's and has no place, and neither has one of another
    tenant.
    """

    tenant: TenantId
    numbers: PrincipalNumbers
    places: Mapping[ReadershipDigest, int]
    known: Mapping[Gate, int]
    first: Runs
    later: Runs
    later_gate: Places
    first_gate: Places
    further_gate: Places
    further_of: Places

    @classmethod
    def none(cls, tenant: TenantId, numbers: PrincipalNumbers) -> "Gates":
        """
        Return no snapshots.
        """
        none, empty = Runs.of([], numbers), np.empty(0, dtype=np.int64)
        return cls(tenant, numbers, {}, {}, none, none, empty, empty, empty, empty)

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
        first: list[Sequence[Entry]] = []
        later: list[Sequence[Entry]] = []
        later_gate: list[int] = []
        first_gate: list[int] = []
        further: list[tuple[int, int]] = []
        for digest, snapshot in fresh.items():
            places[digest] = len(places)
            for gate in snapshot.gates:
                if gate not in known:
                    known[gate] = len(known)
                    runs = _runs(gate)
                    first.append(runs[0])
                    later += runs[1:]
                    later_gate += [known[gate]] * len(runs[1:])
            numbers = [known[gate] for gate in snapshot.gates]
            first_gate.append(numbers[0])
            further += [(number, places[digest]) for number in numbers[1:]]
        return Gates(
            tenant=self.tenant,
            numbers=self.numbers,
            places=places,
            known=known,
            first=self.first.followed_by(Runs.of(first, self.numbers)),
            later=self.later.followed_by(Runs.of(later, self.numbers)),
            later_gate=_joined(self.later_gate, later_gate),
            first_gate=_joined(self.first_gate, first_gate),
            further_gate=_joined(self.further_gate, (gate for gate, _ in further)),
            further_of=_joined(self.further_of, (snapshot for _, snapshot in further)),
        )


def _runs(gate: Gate) -> list[tuple[Entry, ...]]:
    # An empty gate has a run as well.
    return [tuple(run) for _, run in groupby(gate, key=lambda entry: entry.effect)] or [()]


def _joined(before: Places, more: Iterable[int]) -> Places:
    return np.concatenate([before, np.fromiter(more, dtype=np.int64)])
