"""
`acl.decision.exposure` equals asking the oracle about every combination of broad principals.
"""

from datetime import datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.decision.exposure import Exposure, conjunction
from acl.decision.membership import Directory
from acl.decision.read import Permit, decide_read
from acl.model.grants import AclSnapshot, Effect, Entry
from acl.model.principals import Principal, PrincipalKind
from tests.acl.people import (
    ACME,
    ACME_DOMAIN,
    ALICE,
    CONTRACTORS,
    CORP,
    ENG,
    EVERYONE,
    NOON,
    STAFF,
    WIKI,
    user,
)
from tests.properties import oracle
from tests.properties.effort import tries
from tests.properties.oracle import World
from tests.properties.worlds import GROUPS, USERS, directory_of, links, snapshots
from tests.properties.worlds import worlds as any_worlds

pytestmark = pytest.mark.promise("brake")

SECOND = timedelta(seconds=1)
CROWDS = (ENG, STAFF, CONTRACTORS)

STRANGERS = frozenset({user("stranger"), user("stranger", authority=WIKI)})
"""
Nobody whom an entry or a group names, vouched for in every authority that there is.
"""

sizes = st.integers(0, 1)
expiries = st.sampled_from([None, None, None, NOON - SECOND, NOON + SECOND])
named = st.frozensets(st.sampled_from((*CROWDS, EVERYONE, ALICE)), min_size=1, max_size=2)
entries = st.builds(Entry, st.sampled_from(Effect), named, expiries)
gates = st.lists(entries, min_size=1, max_size=3).map(tuple)
acls = st.lists(gates, min_size=1, max_size=2).map(lambda some: AclSnapshot(ACME, tuple(some)))
"""
ACLs that speak of crowds: most of any others concern nobody broad.
"""

crowds = st.frozensets(st.sampled_from((*USERS, *CROWDS)), min_size=1, max_size=3)
crowded = st.fixed_dictionaries({one: crowds.map(lambda some: (some,)) for one in CROWDS}).map(
    lambda stated: World(ACME, stated)
)


@st.composite
def lifted(draw: st.DrawFn) -> tuple[AclSnapshot | None, AclSnapshot]:
    """
    Return an ACL and the one that is left when some entries are taken out.
    """
    old = draw(acls)
    kept = [tuple(entry for entry in gate if draw(st.booleans())) for gate in old.gates]
    return old, AclSnapshot(ACME, tuple(kept))


changes = st.tuples(st.none() | acls, acls) | lifted() | acls.map(lambda one: (one, one))


@st.composite
def regrouped(draw: st.DrawFn) -> tuple[World, World]:
    """
    Return a world, and the one in which some groups have other members, or none have.
    """
    before = draw(crowded)
    moved = draw(
        st.dictionaries(st.sampled_from(CROWDS), crowds.map(lambda some: (some,)), max_size=1)
    )
    return before, World(before.tenant, {**before.stated, **moved})


def users_below(world: World, top: Principal) -> frozenset[Principal]:
    return oracle.users_below(world, top, frozenset())


def is_broad(world: World, one: Principal, size: int) -> bool:
    """
    Say it plainly: a made-up `everyone` or domain would be in the group, or too many users are.
    """
    if one in {EVERYONE, ACME_DOMAIN}:
        return True
    inside = (oracle.holds(world, frozenset({broad}), one) for broad in (ACME_DOMAIN,))
    return any(inside) or len(users_below(world, one)) > size


def broad_ones(world: World, size: int) -> list[Principal]:
    return [one for one in (*GROUPS, ACME_DOMAIN, EVERYONE) if is_broad(world, one, size)]


def formerly(before: World, after: World, one: Principal, size: int) -> Principal:
    if one.kind is not PrincipalKind.GROUP:
        return one
    newcomers = users_below(after, one) - users_below(before, one)
    return EVERYONE if len(newcomers) > size else one


def gains(
    before: World,
    after: World,
    reader: tuple[Principal, ...],
    old: AclSnapshot | None,
    new: AclSnapshot,
    size: int,
) -> bool:
    """
    Say whether a made-up reader gains, now or at any later moment.
    """
    moments = {NOON} | {one for one in new.expiries() if one > NOON}
    moments |= {one for one in (old.expiries() if old else ()) if one > NOON}
    was = {formerly(before, after, one, size) for one in reader}
    return any(
        oracle.permits(after, STRANGERS | set(reader), new, moment)
        and not oracle.permits(before, STRANGERS | was, old, moment)
        for moment in moments
    )


def exposure(before: World, after: World, size: int, now: datetime = NOON) -> Exposure:
    return Exposure(directory_of(before), directory_of(after), group_size=size, now=now)


@given(
    turned=regrouped(),
    change=changes,
    size=sizes,
)
@tries(600)
def test_newly_exposed_is_what_some_broad_reader_gains(
    turned: tuple[World, World], change: tuple[AclSnapshot | None, AclSnapshot], size: int
) -> None:
    """
    Whatever combination of broad principals a reader holds.
    """
    (before, after), (old, new) = turned, change
    broad = broad_ones(after, size)
    expected = any(
        gains(before, after, reader, old, new, size)
        for number in range(1, len(broad) + 1)
        for reader in combinations(broad, number)
    )

    assert expected is bool(exposure(before, after, size).newly(old, new))


@given(world=any_worlds, linked=links, old=snapshots, new=snapshots)
@tries(400)
def test_a_conjunction_permits_whom_both_permit(
    world: World, linked: frozenset[Principal], old: AclSnapshot, new: AclSnapshot
) -> None:
    """
    Nobody else, and nobody less.
    """
    both = conjunction(old, new)
    assert both is not None

    permitted = permits(directory_of(world), linked, both)

    assert permitted is all(permits(directory_of(world), linked, one) for one in (old, new))


def permits(directory: Directory, linked: frozenset[Principal], one: AclSnapshot) -> bool:
    return isinstance(decide_read(directory.standing_of(linked), one, now=NOON), Permit)


@given(world=any_worlds, old=snapshots, new=snapshots, size=sizes)
@tries(200)
def test_a_conjunction_exposes_nothing_while_no_group_changes(
    world: World, old: AclSnapshot, new: AclSnapshot, size: int
) -> None:
    both = conjunction(old, new)
    assert both is not None

    assert frozenset() == exposure(world, world, size).newly(old, both)


def test_the_strangers_are_of_every_authority() -> None:
    assert {CORP, WIKI} == {one.authority for one in (*STRANGERS, *GROUPS)}
