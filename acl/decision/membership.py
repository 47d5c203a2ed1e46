"""
Which principals does a reader hold?

A directory is a set of group definitions. The rules:

1. A reader holds the principals that its identity links name, and nobody else's.
2. A reader who holds none of these is nobody, and does not hold `everyone` either.
3. A member of a group holds the group; groups nest to any depth, cycles are harmless.
4. A reader may be somebody in an authority that none of its links names. A denial that names
   a user there, or a group with such a user in it, denies the reader: nobody vouches that it
   is somebody else.
5. A group is *fully known* if it is defined once, and so is every group nested below it.
   One that is not grants only what is known of it, and its denial denies every reader:
   incomplete membership would otherwise fail open exactly where somebody is kept out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind, everyone

UNRESOLVED_KINDS = frozenset({PrincipalKind.GROUP, PrincipalKind.DOMAIN, PrincipalKind.UNLISTED})
"""
Kinds whose members only a directory knows, or nobody.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What a reader is, for a decision: the principals held, the authorities that its links
    name, the groups fully known, and the groups with users of other authorities in them.
    """

    tenant: TenantId
    principals: frozenset[Principal]
    authorities: frozenset[AuthorityId]
    known_groups: frozenset[Principal]
    unvouched_groups: frozenset[Principal]

    def doubtful(self, named: frozenset[Principal]) -> frozenset[Principal]:
        """
        Return those of `named` of which it is not known that this reader is not one.
        """
        return frozenset(principal for principal in named if self._is_doubtful(principal))

    def _is_doubtful(self, principal: Principal) -> bool:
        if principal.kind in UNRESOLVED_KINDS:
            return principal not in self.known_groups or principal in self.unvouched_groups
        return principal.kind is PrincipalKind.USER and (
            principal.authority not in self.authorities
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """
    Group definitions of all authorities, with the two views that decisions need.

    `definitions` maps a group to its direct members. A group that is defined in conflicting
    ways is listed in `conflicting` and defined by none of them.
    """

    tenant: TenantId
    definitions: Mapping[Principal, frozenset[Principal]]
    conflicting: frozenset[Principal] = frozenset()
    _groups_of: Mapping[Principal, tuple[Principal, ...]] = field(init=False, repr=False)
    _known: frozenset[Principal] = field(init=False, repr=False)
    _groups_with: Mapping[AuthorityId, frozenset[Principal]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        groups_of: defaultdict[Principal, list[Principal]] = defaultdict(list)
        for group, members in self.definitions.items():
            for member in members:
                groups_of[member].append(group)
        frozen = {member: tuple(sorted(groups)) for member, groups in groups_of.items()}
        object.__setattr__(self, "_groups_of", frozen)
        object.__setattr__(self, "_known", self._fully_known())
        object.__setattr__(self, "_groups_with", self._by_authority_of_users())

    def standing_of(self, linked: Iterable[Principal]) -> Standing:
        """
        Expand a reader's linked principals through every group above them.
        """
        held = frozenset(linked)
        if not held:
            return Standing(self.tenant, held, frozenset(), self._known, frozenset())
        authorities = frozenset(principal.authority for principal in held)
        elsewhere = self._groups_with.keys() - authorities
        unvouched = frozenset().union(*(self._groups_with[one] for one in elsewhere))
        # `everyone` may itself be a member of groups, and those may be denied.
        above = self._closure_above(held | {everyone(self.tenant)})
        return Standing(self.tenant, above, authorities, self._known, unvouched)

    def path_to(self, linked: Iterable[Principal], target: Principal) -> tuple[Principal, ...]:
        """
        Return a shortest chain of memberships from a linked principal, or `everyone`, to `target`.

        Empty if there is none. For explanations; decisions use `standing_of`.
        """
        held = sorted(linked)
        start = [*held, everyone(self.tenant)] if held else []
        came_from: dict[Principal, Principal | None] = dict.fromkeys(start)
        frontier = list(came_from)
        while frontier and target not in came_from:
            reached: list[Principal] = []
            for member in frontier:
                for group in self._groups_of.get(member, ()):
                    if group not in came_from:
                        came_from[group] = member
                        reached.append(group)
            frontier = reached
        return _trace(came_from, target)

    def _closure_above(self, start: Iterable[Principal]) -> frozenset[Principal]:
        held = set(start)
        frontier = list(held)
        while frontier:
            for group in self._groups_of.get(frontier.pop(), ()):
                if group not in held:
                    held.add(group)
                    frontier.append(group)
        return frozenset(held)

    def _by_authority_of_users(self) -> dict[AuthorityId, frozenset[Principal]]:
        users: defaultdict[AuthorityId, set[Principal]] = defaultdict(set)
        for member in self._groups_of:
            if member.kind is PrincipalKind.USER:
                users[member.authority].add(member)
        return {one: self._closure_above(some) - some for one, some in users.items()}

    def _fully_known(self) -> frozenset[Principal]:
        defined = frozenset(self.definitions) - self.conflicting
        nested = {m for m in self._groups_of if m.kind in UNRESOLVED_KINDS}
        unknown = (nested - defined) | self.conflicting
        return defined - self._closure_above(unknown)


def _trace(
    came_from: Mapping[Principal, Principal | None], target: Principal
) -> tuple[Principal, ...]:
    if target not in came_from:
        return ()
    chain = [target]
    while (member := came_from[chain[-1]]) is not None:
        chain.append(member)
    return tuple(reversed(chain))
