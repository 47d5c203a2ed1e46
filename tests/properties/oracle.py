"""
May this reader see that document? The answer once more, written to be read.

Independent of `acl.decision`: it shares the nouns and not one verb. It recurses over the plain
relation "is a member of", keeps no closure, no index and no cache, and is far too slow to use.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from acl.model.grants import AclSnapshot, Effect, Entry, Gate
from acl.model.identifiers import TenantId
from acl.model.principals import Principal, PrincipalKind

GROUP_LIKE = (PrincipalKind.GROUP, PrincipalKind.DOMAIN)


@dataclass(frozen=True, slots=True)
class World:
    """
    What all sources say of groups: for each group, every membership list that one of them gave.
    """

    tenant: TenantId
    stated: Mapping[Principal, tuple[frozenset[Principal], ...]]

    def members(self, group: Principal) -> frozenset[Principal] | None:
        """
        Return the members on which all sources agree; nothing where they differ or are silent.
        """
        lists = set(self.stated.get(group, ()))
        return lists.pop() if len(lists) == 1 else None


def permits(
    world: World, links: Iterable[Principal], snapshot: AclSnapshot | None, now: datetime
) -> bool:
    """
    Say whether a reader with these identity links may read.
    """
    if snapshot is None or snapshot.tenant != world.tenant or not snapshot.gates:
        return False
    return all(opens(world, frozenset(links), gate, now) for gate in snapshot.gates)


def opens(world: World, links: frozenset[Principal], gate: Gate, now: datetime) -> bool:
    """
    Say whether a gate opens: whether the first entry that decides is a permission.
    """
    for entry in gate:
        if entry.until is not None and now >= entry.until:
            continue
        if decides(world, links, entry):
            return entry.effect is Effect.PERMIT
    return False


def decides(world: World, links: frozenset[Principal], entry: Entry) -> bool:
    """
    Say whether an entry is about this reader, or, if it denies, might be.
    """
    if any(holds(world, links, named) for named in entry.principals):
        return True
    return entry.effect is Effect.DENY and any(
        might_be(world, links, named) for named in entry.principals
    )


def might_be(world: World, links: frozenset[Principal], named: Principal) -> bool:
    """
    Say whether nobody vouches that the reader is not this principal, or in this group.
    """
    if named.kind is PrincipalKind.USER:
        return named.authority not in {link.authority for link in links}
    return named.kind in GROUP_LIKE and (
        not fully_known(world, named)
        or any(might_be(world, links, member) for member in users_below(world, named, frozenset()))
    )


def users_below(
    world: World, group: Principal, asked: frozenset[Principal]
) -> frozenset[Principal]:
    """
    Return every user in a group and in the groups nested in it.
    """
    if group in asked:
        return frozenset()
    found: frozenset[Principal] = frozenset()
    for member in world.members(group) or ():
        if member.kind is PrincipalKind.USER:
            found |= {member}
        else:
            found |= users_below(world, member, asked | {group})
    return found


def holds(
    world: World,
    links: frozenset[Principal],
    principal: Principal,
    asked: frozenset[Principal] = frozenset(),
) -> bool:
    """
    Say whether the reader is, or belongs to, this principal.
    """
    if not links or principal in asked:
        return False
    if principal in links:
        return True
    if principal.kind is PrincipalKind.EVERYONE:
        return principal.tenant == world.tenant
    return any(
        holds(world, links, member, asked | {principal})
        for member in world.members(principal) or ()
    )


def fully_known(world: World, group: Principal, asked: frozenset[Principal] = frozenset()) -> bool:
    """
    Say whether a group is defined beyond doubt, and so is everything nested below it.
    """
    if group in asked:
        return True
    members = world.members(group)
    return members is not None and all(
        fully_known(world, member, asked | {group})
        for member in members
        if member.kind in GROUP_LIKE
    )
