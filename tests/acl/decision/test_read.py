"""
The rules of `acl.decision.read`, one by one and in their order.
"""

from datetime import datetime, timedelta

import pytest

from acl.decision.membership import Standing
from acl.decision.read import (
    NO_GATES,
    NO_SNAPSHOT,
    OTHER_TENANT,
    Decision,
    Deny,
    Opening,
    Permit,
    decide_read,
)
from acl.model.grants import AclSnapshot
from acl.model.principals import Principal
from tests.acl.people import (
    ACME_DOMAIN,
    ALICE,
    BOB,
    CONTRACTORS,
    ENG,
    EVERYONE,
    GLOBEX,
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

WIKI_CAROL = user("carol", authority=WIKI)
WRITERS = group("writers", authority=WIKI)
TICK = timedelta(microseconds=1)
GROUPS = directory({ENG: {ALICE}, STAFF: {ENG}})
ALICES: Standing = GROUPS.standing_of({ALICE})
NOBODY: Standing = GROUPS.standing_of(())


def decide(snapshot: AclSnapshot | None, standing: Standing = ALICES) -> Decision:
    return decide_read(standing, snapshot, now=NOON)


@pytest.mark.promise("no-snapshot")
def test_1_no_snapshot_is_nobody() -> None:
    assert NO_SNAPSHOT == decide(None)


@pytest.mark.promise("other-tenant")
def test_2_another_tenants_document_is_refused() -> None:
    """
    Before anything in it is read, `everyone` of that tenant included.
    """
    theirs = acl((permit(user("alice", tenant=GLOBEX)),), tenant=GLOBEX)

    assert OTHER_TENANT == decide(theirs)


@pytest.mark.promise("no-snapshot")
def test_3_no_gates_is_nobody() -> None:
    assert NO_GATES == decide(acl())


def test_4_every_gate_must_open() -> None:
    """
    The refusal names the first gate that stays shut.
    """
    assert Deny("no entry names the reader", 2) == decide(
        acl((permit(ALICE),), (permit(BOB),), (permit(ALICE),))
    )


def test_4_an_empty_gate_is_shut() -> None:
    assert Deny("no entry names the reader", 1) == decide(acl(()))


@pytest.mark.parametrize(
    ("until", "open_"), [(NOON + TICK, True), (NOON, False), (NOON - TICK, False)]
)
def test_4a_a_permission_ends_at_its_expiry(until: datetime, *, open_: bool) -> None:
    """
    At the moment itself it has ended.
    """
    snapshot = acl((permit(ALICE, until=until),))

    assert open_ is isinstance(decide(snapshot), Permit)


def test_4a_a_denial_ends_at_its_expiry_too() -> None:
    def until(moment: datetime) -> Decision:
        return decide(acl((deny(ALICE, until=moment), permit(ALICE))))

    assert isinstance(until(NOON + TICK), Deny)
    assert isinstance(until(NOON), Permit)


@pytest.mark.promise("deny-first")
def test_4b_a_denial_before_a_permission_decides() -> None:
    """
    Alice is refused by name although her group is granted.
    """
    expected = Deny("a denial names the reader", 1, 1, ALICE)

    assert expected == decide(acl((deny(ALICE), permit(STAFF))))


@pytest.mark.promise("deny-first")
@pytest.mark.parametrize("denied", [ENG, STAFF, EVERYONE])
def test_4b_a_denial_of_a_group_denies_its_members(denied: Principal) -> None:
    """
    Through every level of nesting.
    """
    decision = decide(acl((deny(denied), permit(ALICE))))

    assert Deny("a denial names the reader", 1, 1, denied) == decision


@pytest.mark.promise("unknown-group")
@pytest.mark.parametrize("denied", [CONTRACTORS, ACME_DOMAIN])
def test_4b_a_denial_of_an_unknown_group_denies_everybody(denied: Principal) -> None:
    """
    Alice might be one of them.
    """
    decision = decide(acl((deny(denied), permit(ALICE))))

    expected = "a denial names somebody whom the reader might be"
    assert Deny(expected, 1, 1, denied) == decision


@pytest.mark.promise("unknown-group")
@pytest.mark.parametrize(
    "denied", [user("carol", authority=WIKI), group("writers", authority=WIKI)]
)
def test_4b_a_denial_in_an_authority_without_a_link_denies_everybody(denied: Principal) -> None:
    """
    Alice might be carol there: none of her links says who she is in the wiki.
    """
    writers = directory({group("writers", authority=WIKI): {user("carol", authority=WIKI)}})
    snapshot = acl((deny(denied), permit(ALICE)))
    in_both = {ALICE, user("alice", authority=WIKI)}

    expected = Deny("a denial names somebody whom the reader might be", 1, 1, denied)
    assert expected == decide(snapshot, writers.standing_of({ALICE}))
    assert isinstance(decide(snapshot, writers.standing_of(in_both)), Permit)


def test_4b_a_denial_of_a_known_group_passes_others_by() -> None:
    everybody_known = directory({ENG: {BOB}}).standing_of({ALICE})

    decision = decide(acl((deny(ENG), permit(ALICE))), everybody_known)

    assert Permit((Opening(1, 2, ALICE),)) == decision


@pytest.mark.promise("unknown-group")
def test_4c_a_permission_for_an_unknown_group_opens_for_nobody() -> None:
    assert Deny("no entry names the reader", 1) == decide(readable_by(CONTRACTORS, ACME_DOMAIN))


def test_4c_a_permission_names_the_principal_that_opened() -> None:
    assert Permit((Opening(1, 1, ENG),)) == decide(readable_by(ENG, BOB))


@pytest.mark.promise("deny-first")
def test_4d_the_first_entry_that_decides_decides() -> None:
    """
    Order is the source's: a permission before a denial stands.
    """
    assert isinstance(decide(acl((permit(ALICE), deny(ENG)))), Permit)
    assert isinstance(decide(acl((deny(ENG), permit(ALICE)))), Deny)
    assert isinstance(decide(acl((deny(BOB), permit(ALICE), deny(ALICE)))), Permit)


def test_5_every_gate_is_accounted_for() -> None:
    decision = decide(acl((permit(BOB), permit(STAFF)), (permit(EVERYONE),)))

    assert Permit((Opening(1, 2, STAFF), Opening(2, 1, EVERYONE))) == decision


def test_nobody_reads_nothing() -> None:
    """
    Who has no principal is not part of everyone.
    """
    assert Deny("no entry names the reader", 1) == decide(readable_by(EVERYONE), NOBODY)


def test_a_decision_has_no_truth_value() -> None:
    """
    `if decision:` must not be mistaken for "permitted".
    """
    assert not any("__bool__" in vars(one) for one in (Permit, Deny))
