"""
ACL snapshots: their limits, their canonical bytes, and the way to storage and back.
"""

import json
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.grants import MAX_ENTRIES, MAX_GATES, AclSnapshot, Effect, Entry
from acl.model.identifiers import AuthorityId
from acl.model.principals import Principal
from tests.acl.people import (
    ACME,
    ALICE,
    BOB,
    CAROL,
    ENG,
    EVERYONE,
    GLOBEX,
    NOON,
    STAFF,
    WIKI,
    acl,
    deny,
    permit,
    readable_by,
    user,
)
from tests.properties.effort import tries
from tests.properties.worlds import entries, snapshots


@given(snapshot=snapshots)
@tries(200)
def test_storage_gives_back_what_was_stored(snapshot: AclSnapshot) -> None:
    stored = json.loads(json.dumps(snapshot.to_json()))

    restored = AclSnapshot.from_json(ACME, stored)

    assert snapshot == restored
    assert snapshot.digest() == restored.digest()


@given(one=snapshots, other=snapshots)
@tries(300)
def test_digests_are_equal_only_for_equal_snapshots(one: AclSnapshot, other: AclSnapshot) -> None:
    assert (one == other) is (one.digest() == other.digest())


@given(gate=st.lists(entries, min_size=2, max_size=5, unique=True), data=st.data())
@tries(200)
def test_the_order_of_entries_is_part_of_the_meaning(
    gate: list[Entry], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(gate))

    assert (gate == shuffled) is (acl(tuple(gate)).digest() == acl(tuple(shuffled)).digest())


@given(named=st.permutations([ALICE, BOB, CAROL, ENG, STAFF, EVERYONE]))
@tries(50)
def test_the_order_of_principals_is_not(named: list[Principal]) -> None:
    """
    The principals of one entry are a set.
    """
    written = AclSnapshot.from_json(
        ACME,
        [
            [
                {
                    "effect": "permit",
                    "principals": [[p.authority, p.kind, p.id] for p in named],
                }
            ]
        ],
    )

    assert readable_by(ALICE, BOB, CAROL, ENG, STAFF, EVERYONE).digest() == written.digest()


def test_every_part_changes_the_digest() -> None:
    later = NOON + timedelta(microseconds=1)
    different = [
        acl(),
        acl(()),
        acl((), ()),
        acl((permit(ALICE),)),
        acl((deny(ALICE),)),
        acl((permit(ALICE, BOB),)),
        acl((permit(ALICE), permit(BOB))),
        acl((permit(ALICE),), (permit(BOB),)),
        acl((permit(ALICE, until=NOON),)),
        acl((permit(ALICE, until=later),)),
        acl((permit(user("alice", authority=WIKI)),)),
        acl((), tenant=GLOBEX),
    ]

    assert len(different) == len({one.digest() for one in different})


def test_parts_of_a_principal_do_not_run_together() -> None:
    """
    Written one after the other, these two would be the same text.
    """
    one = user("user1", authority=AuthorityId("x"))
    other = user("1", authority=AuthorityId("xuser"))

    assert readable_by(one).digest() != readable_by(other).digest()


def test_one_moment_in_two_zones_is_one_readership() -> None:
    abroad = NOON.astimezone(timezone(timedelta(hours=-5)))

    assert (
        acl((permit(ALICE, until=NOON),)).digest() == acl((permit(ALICE, until=abroad),)).digest()
    )


def test_the_digest_of_a_known_acl_never_changes() -> None:
    """
    Stored readerships are found by it: a new encoding needs a new `CANONICAL_VERSION`.
    """
    known = acl((deny(BOB, until=NOON), permit(ENG, EVERYONE)), (permit(ALICE),))

    assert "61cc5cab8a04baa61094903dcd748db5c0eb8c8d2b76e5ace821ca4907443362" == known.digest()


def test_an_entry_that_names_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="names nobody"):
        Entry(Effect.PERMIT, frozenset())


def test_an_expiry_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        permit(ALICE, until=NOON.replace(tzinfo=None))


@pytest.mark.promise("other-tenant")
def test_principals_of_another_tenant_are_refused() -> None:
    with pytest.raises(ValueError, match="own tenant"):
        acl((permit(user("alice", tenant=GLOBEX)),))


def test_an_acl_over_a_limit_is_refused_whole() -> None:
    """
    Cutting one short would drop a denial.
    """
    crowd = [user(str(number)) for number in range(MAX_ENTRIES)]

    assert MAX_GATES == len(acl(*[()] * MAX_GATES).gates)
    assert MAX_ENTRIES == len(readable_by(*crowd).principals())
    with pytest.raises(ValueError, match="at most"):
        acl(*[()] * (MAX_GATES + 1))
    with pytest.raises(ValueError, match="at most"):
        acl((permit(*crowd), deny(ALICE)))


GOOD = {"effect": "permit", "principals": [["corp", "user", "alice"]]}


@pytest.mark.parametrize(
    "stored",
    [
        None,
        7,
        [7],
        [None],
        [[None]],
        [[[]]],
        [["permit"]],
        {"gates": []},
        [[{}]],
        [[{**GOOD, "effect": "allow"}]],
        [[{**GOOD, "effect": None}]],
        [[{**GOOD, "principals": None}]],
        [[{**GOOD, "principals": []}]],
        [[{**GOOD, "principals": "alice"}]],
        [[{**GOOD, "principals": [["corp", "user"]]}]],
        [[{**GOOD, "principals": [["corp", "user", "alice", "x"]]}]],
        [[{**GOOD, "principals": [["corp", "role", "alice"]]}]],
        [[{**GOOD, "principals": [["corp", "user", ""]]}]],
        [[{**GOOD, "principals": [["corp", "user", 0]]}]],
        [[{**GOOD, "principals": [["corp", "user", 7]]}]],
        [[{**GOOD, "principals": [["corp", "user", None]]}]],
        [[{**GOOD, "principals": [["corp", "user", ["a"]]]}]],
        [[{**GOOD, "principals": [[None, "user", "alice"]]}]],
        [[{**GOOD, "principals": [["corp", "everyone", "alice"]]}]],
        [[{**GOOD, "until": "tomorrow"}]],
        [[{**GOOD, "until": "2027-01-01T00:00:00"}]],
        [[{**GOOD, "until": 7}]],
        [[GOOD, {"effect": "deny"}]],
    ],
)
def test_what_was_not_stored_here_is_refused(stored: object) -> None:
    """
    One family of errors, whatever somebody wrote into the table.
    """
    with pytest.raises(ValueError):  # noqa: PT011 - any wording
        AclSnapshot.from_json(ACME, stored)  # type: ignore[arg-type]
