"""
What counts as newly exposed, example by example; each would be missed by a simpler rule.
"""

from datetime import timedelta

import pytest

from acl.decision.exposure import MAX_READERS, Exposure, conjunction
from acl.decision.membership import Directory
from acl.model.grants import MAX_GATES, AclSnapshot
from acl.model.principals import Principal
from tests.acl.people import (
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
    acl,
    deny,
    directory,
    group,
    permit,
    readable_by,
    user,
)

pytestmark = pytest.mark.promise("brake")

MANY = {user(f"employee-{number}") for number in range(5)}
OTHERS = {user(f"contractor-{number}") for number in range(5)}
NO_GROUPS = directory()
CROWDS = directory({STAFF: MANY, CONTRACTORS: OTHERS, ENG: {ALICE, BOB}})
FOR_ALICE = readable_by(ALICE)


def newly(
    old: AclSnapshot | None,
    new: AclSnapshot,
    before: Directory = CROWDS,
    after: Directory | None = None,
) -> set[Principal]:
    exposure = Exposure(before, after or before, group_size=3, now=NOON)
    return set(exposure.newly(old, new))


@pytest.mark.parametrize("broad", [EVERYONE, ACME_DOMAIN, STAFF])
def test_a_broad_principal_that_is_let_in_is_exposure(broad: Principal) -> None:
    assert {broad} == newly(FOR_ALICE, readable_by(ALICE, broad)) == newly(None, readable_by(broad))


@pytest.mark.parametrize("narrow", [ALICE, ENG, group("unknown")])
def test_people_and_small_groups_are_not(narrow: Principal) -> None:
    assert set() == newly(None, readable_by(narrow))


def test_what_was_exposed_already_is_not_newly_exposed() -> None:
    assert set() == newly(readable_by(EVERYONE), readable_by(EVERYONE, STAFF, ALICE))
    assert set() == newly(readable_by(EVERYONE), readable_by(STAFF))


def test_a_small_group_with_a_domain_or_a_crowd_in_it_is_broad() -> None:
    nested = directory({ENG: {STAFF}, STAFF: MANY, CONTRACTORS: {ACME_DOMAIN}})

    assert {ENG, STAFF} == newly(None, readable_by(ENG), nested)
    assert {CONTRACTORS, ACME_DOMAIN} == newly(None, readable_by(CONTRACTORS), nested)


@pytest.mark.parametrize("barred", [BOB, user("bob", authority=WIKI), ENG])
def test_a_denial_of_a_few_hides_nothing(barred: Principal) -> None:
    """
    Somebody vouched for is let in, although a denial names a user of another authority.
    """
    assert {EVERYONE} == newly(FOR_ALICE, acl((deny(barred), permit(EVERYONE))))


def test_users_of_another_authority_in_a_denied_group_hide_nothing() -> None:
    mixed = directory({ENG: {user("bob", authority=WIKI)}})

    assert {EVERYONE} == newly(FOR_ALICE, acl((deny(ENG), permit(EVERYONE))), mixed)


def test_a_denial_that_is_lifted_lets_somebody_in() -> None:
    old = acl((deny(CONTRACTORS), permit(EVERYONE)))

    assert CONTRACTORS in newly(old, readable_by(EVERYONE))


def test_a_lifted_denial_matters_to_whoever_is_in_two_groups() -> None:
    """
    Staff alone could read, contractors alone still cannot.
    """
    old = acl((deny(CONTRACTORS), permit(STAFF)))

    assert {STAFF, CONTRACTORS} == newly(old, readable_by(STAFF))


def test_gates_may_be_opened_by_different_groups() -> None:
    two = acl((permit(STAFF),), (permit(CONTRACTORS),))

    assert {STAFF, CONTRACTORS} == newly(FOR_ALICE, two)
    assert set() == newly(FOR_ALICE, acl((permit(STAFF),), (permit(ENG),)))


def test_an_embargo_that_ends_is_exposure() -> None:
    soon = NOON + timedelta(days=1)

    assert {EVERYONE} == newly(FOR_ALICE, acl((deny(EVERYONE, until=soon), permit(EVERYONE))))
    assert set() == newly(FOR_ALICE, acl((permit(EVERYONE, until=NOON),)))


def test_a_crowd_that_joins_a_group_is_let_in() -> None:
    """
    Whether somebody adds `everyone`, another group, or many people.
    """
    before = directory({ENG: {ALICE}, STAFF: MANY})
    for_eng = readable_by(ENG)

    assert {EVERYONE} <= newly(for_eng, for_eng, before, directory({ENG: {EVERYONE}}))
    assert {STAFF} <= newly(for_eng, for_eng, before, directory({ENG: {STAFF}, STAFF: MANY}))
    assert {ENG} == newly(for_eng, for_eng, before, directory({ENG: MANY}))


def test_a_group_that_grows_over_the_size_is_no_surprise() -> None:
    before = directory({ENG: {ALICE, BOB, CAROL}})
    after = directory({ENG: {ALICE, BOB, CAROL, user("dora")}})

    assert set() == newly(readable_by(ENG), readable_by(ENG), before, after)


def test_too_many_readers_count_as_exposed() -> None:
    crowds = {group(f"crowd-{number}"): MANY for number in range(20)}
    gate = (permit(*crowds),)
    three = acl(gate, gate, gate)

    assert 20**3 > MAX_READERS
    assert set(crowds) == newly(three, acl(gate, gate, gate, gate), directory(crowds))
    assert set() == newly(three, three, directory(crowds))


def test_a_conjunction_names_each_gate_once_and_is_never_cut_short() -> None:
    gates = tuple((permit(user(f"user-{number}")),) for number in range(MAX_GATES))

    assert acl(*gates) == conjunction(acl(*gates), acl(*gates[:3]))
    assert conjunction(acl(*gates), readable_by(EVERYONE)) is None
    assert acl() == conjunction(acl(), readable_by(EVERYONE)) == conjunction(FOR_ALICE, acl())
