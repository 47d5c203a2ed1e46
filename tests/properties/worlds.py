"""
Random worlds: few people and few groups, so that they meet often.

Groups nest, in cycles too; some are defined by nobody, some by two sources in conflict; a
domain has no definition anywhere; entries expire around the moment of the decision.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from acl.decision.membership import Directory
from acl.model.grants import AclSnapshot, Effect, Entry, Gate
from acl.model.principals import Principal
from tests.acl.people import (
    ACME,
    ACME_DOMAIN,
    ALICE,
    BOB,
    CAROL,
    CONTRACTORS,
    ENG,
    EVERYONE,
    NOON,
    STAFF,
    WIKI,
    group,
    user,
)
from tests.properties.oracle import World

USERS: Final = (ALICE, BOB, CAROL, user("alice", authority=WIKI))
GROUPS: Final = (ENG, STAFF, CONTRACTORS, group("eng", authority=WIKI), group("guests"))
ANYBODY: Final = (*USERS, *GROUPS, ACME_DOMAIN, EVERYONE)

member_lists: Final = st.frozensets(st.sampled_from(ANYBODY), max_size=4)
links: Final = st.frozensets(st.sampled_from((*USERS, *USERS, ENG)), max_size=2)
moments: Final = st.integers(-90, 90).map(lambda seconds: NOON + timedelta(seconds=seconds))
expiries: Final = st.none() | moments


def _entries(effects: tuple[Effect, ...]) -> st.SearchStrategy[Entry]:
    named = st.frozensets(st.sampled_from(ANYBODY), min_size=1, max_size=3)
    return st.builds(Entry, st.sampled_from(effects), named, expiries)


def _snapshots(effects: tuple[Effect, ...]) -> st.SearchStrategy[AclSnapshot]:
    gates: st.SearchStrategy[Gate] = st.lists(_entries(effects), max_size=4).map(tuple)
    return st.lists(gates, max_size=3).map(lambda some: AclSnapshot(ACME, tuple(some)))


entries: Final = _entries(tuple(Effect))
denials: Final = _entries((Effect.DENY,))
snapshots: Final = _snapshots(tuple(Effect))
permissive_snapshots: Final = _snapshots((Effect.PERMIT,))

worlds: Final[st.SearchStrategy[World]] = st.dictionaries(
    st.sampled_from(GROUPS),
    st.lists(member_lists, min_size=1, max_size=2).map(tuple)
    | member_lists.map(lambda members: (members,)),
    max_size=len(GROUPS),
).map(lambda stated: World(ACME, stated))
"""
Every group with what one or two sources say of it.
"""


def directory_of(world: World) -> Directory:
    """
    Hand a world to the code under test, as the registry would.
    """
    agreed = {one: lists[0] for one, lists in world.stated.items() if len(set(lists)) == 1}
    conflicting = frozenset(one for one, lists in world.stated.items() if len(set(lists)) > 1)
    return Directory(ACME, agreed, conflicting)


def moments_between(
    start: datetime, end: datetime, snapshots: Iterable[AclSnapshot]
) -> list[datetime]:
    """
    Return moments from `start` to just before `end` at which something might change.
    """
    edges = {m for snapshot in snapshots for m in snapshot.expiries()} | {start, end}
    tick = timedelta(microseconds=1)
    near = {moment + step for moment in edges for step in (-tick, timedelta(0), tick)}
    return sorted(moment for moment in near if start <= moment < end)


def edges_of(world: World) -> set[tuple[str, str]]:
    """
    Return every membership on which all sources agree, as an explanation would write it.
    """
    return {(str(member), str(one)) for one in world.stated for member in world.members(one) or ()}


def without_member(world: World, one: Principal, leaving: Principal) -> World:
    """
    Return the world in which somebody has left a group.
    """
    left = tuple(members - {leaving} for members in world.stated.get(one, ()))
    return World(world.tenant, {**world.stated, one: left} if left else world.stated)


def without_definition(world: World, one: Principal) -> World:
    """
    Return the world in which nobody says who belongs to a group.
    """
    return World(world.tenant, {g: lists for g, lists in world.stated.items() if g != one})
