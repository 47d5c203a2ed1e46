"""
Which principals a reader holds, and which groups are fully known.
"""

import pytest

from acl.decision.membership import Directory
from acl.decision.read import Permit, decide_read
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


def held(known: Directory, *linked: Principal) -> frozenset[Principal]:
    return known.standing_of(linked).principals


def test_1_a_reader_holds_what_is_linked_and_nobody_elses() -> None:
    assert {ALICE, EVERYONE} == held(directory({ENG: {BOB}}), ALICE)


def test_1_the_same_id_in_another_authority_is_somebody_else() -> None:
    namesake = user("alice", authority=WIKI)

    assert ENG not in held(directory({ENG: {ALICE}}), namesake)


def test_1_groups_of_one_name_are_two_groups() -> None:
    elsewhere = group("eng", authority=WIKI)

    assert {ALICE, elsewhere, EVERYONE} == held(directory({elsewhere: {ALICE}, ENG: {BOB}}), ALICE)


def test_2_nobody_does_not_hold_everyone() -> None:
    assert frozenset() == held(directory({ENG: {EVERYONE}}))


def test_3_groups_nest_to_any_depth() -> None:
    """
    Ten thousand levels: neither time nor the stack runs out.
    """
    chain = [group(f"level-{number}") for number in range(10_000)]
    definitions = {outer: {inner} for inner, outer in zip([ALICE, *chain], chain, strict=False)}

    assert {ALICE, EVERYONE, *chain} == held(directory(definitions), ALICE)
    assert 10_001 == len(directory(definitions).path_to({ALICE}, chain[-1]))


def test_3_ten_thousand_groups_are_all_held() -> None:
    many = {group(str(number)): {ALICE} for number in range(10_000)}

    assert 10_002 == len(held(directory(many), ALICE))


def test_3_cycles_are_harmless() -> None:
    """
    And do not make a group unknown.
    """
    ring = directory({ENG: {STAFF, ALICE}, STAFF: {CONTRACTORS}, CONTRACTORS: {ENG, STAFF}})

    assert {ALICE, ENG, STAFF, CONTRACTORS, EVERYONE} == held(ring, ALICE)
    assert {ENG, STAFF, CONTRACTORS} == ring.standing_of({ALICE}).known_groups


def test_3_a_group_of_itself_is_a_group() -> None:
    assert {ALICE, ENG, EVERYONE} == held(directory({ENG: {ENG, ALICE}}), ALICE)


@pytest.mark.promise("deny-first")
def test_3_a_group_that_everyone_is_a_member_of_is_everyones() -> None:
    """
    Its denial denies every reader, and its permission permits every reader but nobody.
    """
    nested = directory({ENG: {EVERYONE}, STAFF: {ENG}})

    assert {ALICE, ENG, STAFF, EVERYONE} == held(nested, ALICE)
    denied = decide_read(nested.standing_of({ALICE}), acl((deny(STAFF), permit(ALICE))), now=NOON)
    assert not isinstance(denied, Permit)
    assert (EVERYONE, ENG, STAFF) == nested.path_to({ALICE}, STAFF)
    assert () == nested.path_to((), STAFF)


@pytest.mark.promise("unknown-group")
def test_4_nobody_vouches_for_a_reader_in_an_authority_without_a_link() -> None:
    """
    Groups with a user of the wiki in them, at any depth, are in doubt for whoever is only corp's.
    """
    namesake = user("alice", authority=WIKI)
    mixed = directory({ENG: {namesake}, STAFF: {ENG}, CONTRACTORS: {BOB}})
    everything = frozenset({ENG, STAFF, CONTRACTORS, ALICE, BOB, namesake})

    assert {ENG, STAFF, namesake} == mixed.standing_of({ALICE}).doubtful(everything)
    assert {CONTRACTORS, ALICE, BOB} == mixed.standing_of({namesake}).doubtful(everything)
    assert frozenset() == mixed.standing_of({ALICE, namesake}).doubtful(everything)


@pytest.mark.promise("unknown-group")
@pytest.mark.parametrize(
    ("definitions", "conflicting", "known"),
    [
        ({}, set(), set()),
        ({ENG: set()}, set(), {ENG}),
        ({ENG: {ALICE}, STAFF: {ENG}}, set(), {ENG, STAFF}),
        ({STAFF: {ENG}}, set(), set()),
        ({STAFF: {ACME_DOMAIN}}, set(), set()),
        ({STAFF: {EVERYONE}}, set(), {STAFF}),
        ({ENG: {ALICE}, STAFF: {CONTRACTORS}}, set(), {ENG}),
        ({STAFF: {ENG}}, {ENG}, set()),
        ({ENG: {ALICE}}, {ENG}, set()),
        ({ENG: {ALICE}, STAFF: {BOB}}, {CONTRACTORS}, {ENG, STAFF}),
    ],
)
def test_5_a_group_is_fully_known_if_all_below_it_is(
    definitions: dict[Principal, set[Principal]],
    conflicting: set[Principal],
    known: set[Principal],
) -> None:
    found = directory(definitions, conflicting=frozenset(conflicting))

    assert known == found.standing_of({ALICE}).known_groups


@pytest.mark.promise("unknown-group")
def test_5_what_is_known_of_a_group_still_grants() -> None:
    """
    Staff holds contractors, whom nobody defined; alice, who is named, is staff all the same.
    """
    partly = directory({STAFF: {ALICE, CONTRACTORS}})

    decision = decide_read(partly.standing_of({ALICE}), readable_by(STAFF), now=NOON)

    assert isinstance(decision, Permit)


@pytest.mark.promise("unknown-group")
def test_5_what_is_unknown_of_a_group_denies_everybody() -> None:
    partly = directory({STAFF: {ALICE, CONTRACTORS}})

    decision = decide_read(partly.standing_of({CAROL}), acl((deny(STAFF), permit(CAROL))), now=NOON)

    assert not isinstance(decision, Permit)


def test_a_path_is_a_shortest_chain_of_memberships() -> None:
    known = directory({ENG: {ALICE}, STAFF: {ENG, BOB}, CONTRACTORS: {STAFF}})

    assert (ALICE, ENG, STAFF, CONTRACTORS) == known.path_to({ALICE}, CONTRACTORS)
    assert (BOB, STAFF) == known.path_to({ALICE, BOB}, STAFF)
    assert (ALICE,) == known.path_to({ALICE}, ALICE)
    assert () == known.path_to({CAROL}, STAFF)
