"""
The rules of `acl.decision.visibility`, one by one; that it equals the rule of `read` for
whatever may occur is a matter of `tests/properties`.
"""

from datetime import datetime, timedelta

import pytest

from acl.decision.compiled import PrincipalNumbers, microseconds, moment_of
from acl.decision.visibility import VisibilityIndex
from acl.model.grants import AclSnapshot
from acl.model.identifiers import ReadershipKey
from acl.model.labels import NO_CEILING, Ceiling, LabelPolicy
from acl.model.principals import Principal, everyone
from acl.model.readerships import Readership
from tests.acl.people import (
    ALICE,
    BOB,
    CAROL,
    ENG,
    EVERYONE,
    GLOBEX,
    NOON,
    WIKI,
    acl,
    deny,
    directory,
    permit,
    readable_by,
    user,
)

MOMENT = timedelta(microseconds=1)
POLICY = LabelPolicy(("public", "secret"), "public", {"vault": "secret"})


def index_of(*acls: AclSnapshot, labels: tuple[str, ...] = ()) -> VisibilityIndex:
    """
    Return an index of these ACLs, numbered from 1; the only group is eng, of alice and bob.
    """
    known = {
        ReadershipKey(n): Readership(one, labels[n - 1] if labels else "public")
        for n, one in enumerate(acls, 1)
    }
    return VisibilityIndex.of(directory({ENG: {ALICE, BOB}}), known)


def seen(
    index: VisibilityIndex,
    *linked: Principal,
    ceiling: Ceiling = NO_CEILING,
    now: datetime = NOON,
) -> list[int]:
    found = index.visible(frozenset(linked), ceiling=ceiling, now=now)
    return [int(key) for key in found.readerships]


def test_nobody_sees_nothing() -> None:
    assert [] == seen(index_of(readable_by(EVERYONE), readable_by(ALICE)))


@pytest.mark.promise("deny-first")
def test_the_first_entry_of_each_gate_decides() -> None:
    """
    Also where gates name the same people in another order, or to another effect.
    """
    index = index_of(
        acl((deny(ALICE), permit(ENG))),
        acl((permit(ENG), deny(ALICE))),
        acl((permit(ALICE), permit(ENG))),
        acl((deny(ALICE), deny(ENG))),
    )

    assert [2, 3] == seen(index, ALICE)
    assert [1, 2, 3] == seen(index, BOB)


@pytest.mark.promise("deny-first")
def test_so_it_does_where_effects_take_turns() -> None:
    """
    And an empty gate opens for nobody, whatever comes after it.
    """
    index = index_of(
        acl((permit(CAROL), deny(ALICE), permit(ENG))),
        acl((deny(CAROL), permit(ALICE), deny(ENG), permit(BOB))),
        acl(()),
        acl((permit(ENG),)),
    )

    assert [2, 4] == seen(index, ALICE)
    assert [1, 4] == seen(index, BOB)
    assert [1] == seen(index, CAROL)


def test_every_gate_must_open() -> None:
    index = index_of(acl((permit(ENG),), (permit(BOB),)), acl((permit(ENG),), (permit(CAROL),)))

    assert [1] == seen(index, BOB)
    assert [] == seen(index, ALICE)


@pytest.mark.promise("unknown-group")
def test_a_denial_of_whom_a_reader_might_be_denies() -> None:
    """
    The reader of one authority might be anybody in another; readers are asked in both orders.
    """
    namesake = user("carol", authority=WIKI)
    for order in ((ALICE, namesake), (namesake, ALICE)):
        index = index_of(
            acl((deny(user("eve", authority=WIKI)), permit(EVERYONE))),
            acl((deny(CAROL), permit(EVERYONE))),
        )
        found = {linked: seen(index, linked) for linked in order}

        assert {ALICE: [2], namesake: [1]} == found
        assert [1, 2] == seen(index, ALICE, namesake)


@pytest.mark.promise("deny-first")
@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 9, 13])
def test_each_of_many_neighbours_decides(count: int) -> None:
    """
    In one entry or in several; and of a permission, nobody beside them.
    """
    crowd = [user(f"u{n}") for n in range(count)]
    index = index_of(
        acl((permit(*crowd),)),
        acl(tuple(permit(one) for one in crowd)),
        acl((deny(*crowd), permit(EVERYONE))),
        acl((*(deny(one) for one in crowd), permit(EVERYONE))),
        acl((permit(CAROL), deny(*crowd), permit(EVERYONE))),
    )

    for one in crowd:
        assert [1, 2] == seen(index, one)
    assert [3, 4, 5] == seen(index, ALICE)
    assert [3, 4, 5] == seen(index, CAROL)


def test_whoever_is_named_last_stands_for_nobody_else() -> None:
    """
    Runs of few are filled up with nobody, who has a mark of its own behind all others.
    """
    index = index_of(readable_by(ALICE), readable_by(BOB), readable_by(CAROL))

    for number, reader in enumerate((ALICE, BOB, CAROL), 1):
        assert [number] == seen(index, reader)


@pytest.mark.promise("unknown-group")
@pytest.mark.parametrize("beside", [0, 1, 7])
def test_a_doubtful_denial_ends_when_it_says(beside: int) -> None:
    eve = user("eve", authority=WIKI)
    crowd = [deny(user(f"u{n}")) for n in range(beside)]
    index = index_of(
        acl((*crowd, deny(eve), permit(EVERYONE))),
        acl((*crowd, deny(eve, until=NOON), permit(EVERYONE))),
        acl((permit(CAROL), *crowd, deny(eve, until=NOON), permit(EVERYONE))),
    )

    assert [] == seen(index, ALICE, now=NOON - MOMENT)
    assert [2, 3] == seen(index, ALICE, now=NOON)
    assert [3] == seen(index, CAROL, now=NOON - MOMENT)


@pytest.mark.parametrize("until", [NOON, NOON + timedelta(milliseconds=500)])
def test_a_permission_ends_at_its_expiry(until: datetime) -> None:
    """
    A moment before it holds, at it it does not; each is asked of an index that remembers nothing.
    """
    ending = acl((permit(ALICE, until=until),))

    assert [1] == seen(index_of(ending), ALICE, now=until - MOMENT)
    assert [] == seen(index_of(ending), ALICE, now=until)
    assert until == moment_of(microseconds(until))


def test_what_is_remembered_is_remembered_for_one_reader() -> None:
    index = index_of(readable_by(ALICE), readable_by(BOB))

    for reader, expected in ((ALICE, [1]), (BOB, [2]), (CAROL, []), (ALICE, [1])):
        assert expected == seen(index, reader)


def test_what_is_remembered_is_forgotten_at_the_next_expiry() -> None:
    index = index_of(acl((permit(ALICE, until=NOON),)), readable_by(ALICE))

    assert [1, 2] == seen(index, ALICE, now=NOON - MOMENT)
    assert [2] == seen(index, ALICE, now=NOON)
    assert [2] == seen(index, ALICE, now=NOON + MOMENT)


@pytest.mark.promise("ceiling")
def test_what_is_remembered_is_remembered_for_one_ceiling() -> None:
    index = index_of(readable_by(ALICE), readable_by(ALICE), labels=("public", "secret"))

    for client, expected in (("vault", [1, 2]), ("chat", [1]), ("vault", [1, 2])):
        assert expected == seen(index, ALICE, ceiling=POLICY.ceiling(client, None))


@pytest.mark.promise("other-tenant")
def test_another_tenants_everyone_is_nobody_here() -> None:
    """
    Nor is a readership ours because a principal of ours got into it.
    """
    theirs = AclSnapshot(GLOBEX, ((permit(everyone(GLOBEX)),),))
    forged = acl((permit(ALICE),))
    object.__setattr__(forged, "tenant", GLOBEX)
    index = index_of(theirs, forged, readable_by(ALICE))

    assert [3] == seen(index, ALICE)


def test_every_principal_keeps_a_number_of_its_own() -> None:
    numbers = PrincipalNumbers()
    named = [user(f"u{n}") for n in range(10)]

    assert list(range(10)) == [numbers.number(one) for one in named]
    assert list(range(10)) == [numbers.number(one) for one in named]
    assert named == numbers.first(10)
    assert [] == numbers.known([ALICE])
