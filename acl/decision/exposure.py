"""
Would a change let a broad audience read what it could not read before?

The rules:

1. Broad are `everyone`, every domain, and every group that has more users than a given size, or
   `everyone` or a domain somewhere below it.
2. What somebody may read is asked of readers who are made up: each holds one broad principal,
   or as many as an ACL has gates and one more, and with that `everyone` and every group above.
   They are vouched for in every authority and are nobody whom an entry names by name.
3. A document is newly exposed if such a reader may read by the new ACL among the new groups, now
   or once an entry expires, and at that moment could not by the old ACL among the old groups.
4. If a group has more newcomers than the given size, its reader is one of them: among the old
   groups that reader holds `everyone` alone.
5. Where there are too many such readers to ask, the document counts as exposed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from itertools import product
from math import prod
from typing import Final

from acl.decision.membership import Directory, Standing
from acl.decision.read import Permit, decide_read
from acl.model.grants import MAX_GATES, AclSnapshot, Effect
from acl.model.identifiers import ReadershipDigest
from acl.model.principals import Principal, PrincipalKind, everyone

MAX_READERS: Final = 4_096
"""
Readers asked about one ACL.
"""

NOBODY: Final[frozenset[Principal]] = frozenset()
BROAD_KINDS: Final = frozenset({PrincipalKind.EVERYONE, PrincipalKind.DOMAIN})

Audience = frozenset[Principal]


@dataclass
class Groups:
    """
    A directory looked at from above: what is below a principal. Remembers its answers.
    """

    directory: Directory
    _below: dict[Principal, frozenset[Principal]] = field(default_factory=dict)
    _standings: dict[Audience, Standing] = field(default_factory=dict)

    def below(self, principal: Principal) -> frozenset[Principal]:
        """
        Return a principal and everything nested in it.
        """
        found = self._below.get(principal)
        if found is None:
            found = self._below[principal] = _closure_below(self.directory, principal)
        return found

    def users(self, principal: Principal) -> frozenset[Principal]:
        """
        Return the users of a group and of the groups nested in it.
        """
        return frozenset(one for one in self.below(principal) if one.kind is PrincipalKind.USER)

    def standing_of(self, held: Audience) -> Standing:
        """
        Expand what a reader who is made up holds.
        """
        found = self._standings.get(held)
        if found is None:
            expanded = self.directory.standing_of(held)
            found = self._standings[held] = replace(expanded, unvouched_groups=NOBODY)
        return found


class Exposure:
    """
    Compares what broad audiences may read before and after a change.
    """

    def __init__(
        self, before: Directory, after: Directory, *, group_size: int, now: datetime
    ) -> None:
        self._before, self._after = Groups(before), Groups(after)
        self._same_groups = (before.definitions, before.conflicting) == (
            after.definitions,
            after.conflicting,
        )
        self._everyone = everyone(after.tenant)
        self._group_size = group_size
        self._now = now
        self._broad: dict[Principal, bool] = {}
        self._crowded: dict[Principal, bool] = {}
        self._known: dict[tuple[ReadershipDigest | None, ReadershipDigest], Audience] = {}

    def newly(self, old: AclSnapshot | None, new: AclSnapshot) -> Audience:
        """
        Return the broad principals to whom `new` newly exposes what `old` covered; empty if none.
        """
        asked = (None if old is None else old.digest(), new.digest())
        found = self._known.get(asked)
        if found is None:
            unmoved = self._same_groups and asked[0] == asked[1]
            found = self._known[asked] = NOBODY if unmoved else self._gained(old, new)
        return found

    def is_broad(self, principal: Principal) -> bool:
        """
        Say whether a principal is a broad audience among the new groups.
        """
        found = self._broad.get(principal)
        if found is None:
            below = self._after.below(principal)
            users = sum(one.kind is PrincipalKind.USER for one in below)
            holds_many = any(one.kind in BROAD_KINDS for one in below) or users > self._group_size
            found = principal.kind is not PrincipalKind.USER and holds_many
            self._broad[principal] = found
        return found

    def _gained(self, old: AclSnapshot | None, new: AclSnapshot) -> Audience:
        moments = [one for one in self._moments(old, new) if one >= self._now]
        denied = self._denied_before(old)
        candidates = self._permitted_after(new) | {self._everyone}
        openers = [
            [one for one in sorted(candidates) if self._opens(one, gate, moments)]
            for gate in _single_gates(new)
        ]
        if not openers or not all(openers):
            return NOBODY
        if prod(map(len, openers)) * (1 + len(denied)) > MAX_READERS:
            return frozenset(one for some in openers for one in some)
        readers = {frozenset(some) for some in product(*openers)}
        readers |= {reader | {one} for reader in readers for one in denied}
        gaining = [reader for reader in readers if self._gains(reader, old, new, moments)]
        return frozenset().union(*gaining)

    def _gains(
        self,
        reader: Audience,
        old: AclSnapshot | None,
        new: AclSnapshot,
        moments: Iterable[datetime],
    ) -> bool:
        formerly = frozenset(
            self._everyone if self._has_many_newcomers(one) else one for one in reader
        )
        return any(
            _permits(self._after, reader, new, moment)
            and not _permits(self._before, formerly, old, moment)
            for moment in moments
        )

    def _opens(self, one: Principal, gate: AclSnapshot, moments: Iterable[datetime]) -> bool:
        return any(_permits(self._after, frozenset({one}), gate, moment) for moment in moments)

    def _moments(self, old: AclSnapshot | None, new: AclSnapshot) -> frozenset[datetime]:
        expiries = new.expiries() | (old.expiries() if old is not None else frozenset())
        return expiries | {self._now}

    def _permitted_after(self, new: AclSnapshot) -> frozenset[Principal]:
        # Whoever holds what a permission names is below it: nobody else needs to be asked.
        return self._broad_below(self._after, _named(new, Effect.PERMIT))

    def _denied_before(self, old: AclSnapshot | None) -> frozenset[Principal]:
        # Somebody may gain because a denial is lifted.
        return NOBODY if old is None else self._broad_below(self._before, _named(old, Effect.DENY))

    def _broad_below(self, groups: Groups, named: Iterable[Principal]) -> frozenset[Principal]:
        below = (groups.below(one) for one in named)
        return frozenset(one for some in below for one in some if self.is_broad(one))

    def _has_many_newcomers(self, one: Principal) -> bool:
        if self._same_groups or one.kind is not PrincipalKind.GROUP:
            return False
        found = self._crowded.get(one)
        if found is None:
            newcomers = self._after.users(one) - self._before.users(one)
            found = self._crowded[one] = len(newcomers) > self._group_size
        return found


def conjunction(old: AclSnapshot, new: AclSnapshot) -> AclSnapshot | None:
    """
    Return the ACL that permits whom both permit, or `None` where it would be too long.
    """
    if not old.gates or not new.gates:
        return old if not old.gates else new  # the one that permits nobody
    gates = tuple(dict.fromkeys(old.gates + new.gates))
    if len(gates) > MAX_GATES:
        return None
    try:
        return AclSnapshot(new.tenant, gates)
    except ValueError:
        return None


def _permits(groups: Groups, reader: Audience, acl: AclSnapshot | None, moment: datetime) -> bool:
    if acl is None:
        return False
    authorities = frozenset(one.authority for one in acl.principals() | reader)
    standing = replace(groups.standing_of(reader), authorities=authorities)
    return isinstance(decide_read(standing, acl, now=moment), Permit)


def _single_gates(acl: AclSnapshot) -> list[AclSnapshot]:
    return [AclSnapshot(acl.tenant, (gate,)) for gate in acl.gates]


def _named(acl: AclSnapshot, effect: Effect) -> frozenset[Principal]:
    entries = (entry for gate in acl.gates for entry in gate if entry.effect is effect)
    return reduce(frozenset.union, (entry.principals for entry in entries), NOBODY)


def _closure_below(directory: Directory, top: Principal) -> frozenset[Principal]:
    definitions: Mapping[Principal, frozenset[Principal]] = directory.definitions
    found, frontier = {top}, [top]
    while frontier:
        fresh = definitions.get(frontier.pop(), NOBODY) - found
        found |= fresh
        frontier += fresh
    return frozenset(found)
