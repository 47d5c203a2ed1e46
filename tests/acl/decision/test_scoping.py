"""
The rules of `acl.decision.scoping`, one by one.
"""

from datetime import datetime, timedelta

import pytest

from acl.decision.scoping import MAX_SCOPE_LIFE, mint_scope
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentKey, Epoch, ReadershipKey, TenantId
from acl.model.labels import NO_CEILING
from acl.model.principals import Principal
from acl.model.scope import ReadScope
from tests.acl.people import (
    ACME,
    ALICE,
    BOB,
    GLOBEX,
    HANDBOOK,
    NOON,
    acl,
    directory,
    ground_of,
    permit,
    readable_by,
    user,
)

ALICES = ReadershipKey(0xA)
BOBS = ReadershipKey(0xB)
SECOND = timedelta(seconds=1)


def mint(
    readerships: dict[ReadershipKey, AclSnapshot],
    *linked: Principal,
    token_expires_at: datetime = NOON + timedelta(hours=1),
) -> ReadScope:
    ground = ground_of(directory(), readerships, withheld=[DocumentKey("d" * 32)], epoch=3)
    return mint_scope(
        frozenset(linked),
        ground,
        now=NOON,
        token_expires_at=token_expires_at,
        ceiling=NO_CEILING,
    )


def test_1_a_scope_holds_what_the_reader_may_read() -> None:
    scope = mint({ALICES: readable_by(ALICE), BOBS: readable_by(BOB)}, ALICE)

    assert {ALICES} == set(scope.readerships)
    assert (ACME, Epoch(3)) == (scope.tenant, scope.epoch)
    assert {DocumentKey("d" * 32)} == scope.withheld


def test_1_nobodys_scope_covers_nothing() -> None:
    assert mint({ALICES: readable_by(ALICE)}).covers_nothing()
    assert mint({}, ALICE).covers_nothing()


@pytest.mark.promise("other-tenant")
def test_1_another_tenants_readership_is_in_no_scope() -> None:
    theirs = acl((permit(user("alice", tenant=GLOBEX)),), tenant=TenantId(GLOBEX))

    assert mint({ALICES: theirs}, ALICE).covers_nothing()


def test_2_a_scope_names_the_fresh_sources_only() -> None:
    assert {HANDBOOK} == mint({ALICES: readable_by(ALICE)}, ALICE).sources


@pytest.mark.parametrize(
    ("token", "entry", "expected"),
    [
        (3600 * SECOND, None, MAX_SCOPE_LIFE),
        (10 * SECOND, None, 10 * SECOND),
        (3600 * SECOND, 5 * SECOND, 5 * SECOND),
        (4 * SECOND, 5 * SECOND, 4 * SECOND),
        (3600 * SECOND, 3600 * SECOND, MAX_SCOPE_LIFE),
        (3600 * SECOND, -5 * SECOND, MAX_SCOPE_LIFE),
        (3600 * SECOND, 0 * SECOND, MAX_SCOPE_LIFE),
        (0 * SECOND, None, 0 * SECOND),
    ],
)
def test_3_a_scope_ends_with_whatever_ends_first(
    token: timedelta, entry: timedelta | None, expected: timedelta
) -> None:
    """
    Token, the next expiry inside a readership that it covers, or the limit. What expires in
    one that it does not cover is nothing to this reader.
    """
    until = None if entry is None else NOON + entry
    known = {
        ALICES: acl((permit(ALICE, until=until), permit(ALICE))),
        BOBS: acl((permit(BOB, until=NOON + SECOND),)),
    }

    assert NOON + expected == mint(known, ALICE, token_expires_at=NOON + token).expires_at


def test_3_an_expiry_in_a_hidden_readership_is_not_felt() -> None:
    known = {ALICES: readable_by(ALICE), BOBS: acl((permit(BOB, until=NOON + SECOND),))}

    assert NOON + MAX_SCOPE_LIFE == mint(known, ALICE).expires_at
