"""
Why a reader may see a passage is told in their own terms, and gives nothing else away.
"""

import pytest

from acl.decision.read import Opening
from acl.model.identifiers import AuthorityId
from acl.model.principals import Principal, PrincipalKind
from retrieval.console.citations import Way, ways_of
from tests.acl.people import ACME, ALICE, CORP


def group(name: str) -> Principal:
    return Principal(ACME, CORP, PrincipalKind.GROUP, name)


SECRET_GROUP = group("layoffs-2027")
STAFF = group("staff")


@pytest.mark.promise("page-names-nobody")
def test_no_group_is_named() -> None:
    told = ways_of([Opening(1, 1, SECRET_GROUP)])

    assert (Way.BY_GROUP,) == told
    assert "layoffs" not in " ".join(told)


@pytest.mark.promise("page-names-nobody")
def test_how_many_gates_and_entries_there_are_does_not_show() -> None:
    """
    One gate with one entry, and five gates of which late entries opened, are told alike.
    """
    simple = ways_of([Opening(1, 1, STAFF)])
    intricate = ways_of([Opening(n, 7 * n, SECRET_GROUP) for n in range(1, 6)])

    assert simple == intricate


@pytest.mark.promise("page-names-nobody")
def test_the_order_of_gates_does_not_show() -> None:
    one, other = Opening(1, 1, ALICE), Opening(2, 1, STAFF)

    assert (Way.BY_NAME, Way.BY_GROUP) == ways_of([one, other]) == ways_of([other, one])


def test_every_kind_of_principal_has_a_way() -> None:
    everyone = Principal(ACME, AuthorityId(""), PrincipalKind.EVERYONE, "")
    others = [
        Principal(ACME, CORP, kind, "x")
        for kind in PrincipalKind
        # No statement can name whom a directory does not list.
        if kind not in {PrincipalKind.EVERYONE, PrincipalKind.UNLISTED}
    ]

    assert tuple(Way) == ways_of(Opening(1, 1, one) for one in (everyone, *others))
