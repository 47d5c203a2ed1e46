"""
The fast way of the second door equals the rule of the last one, readership by readership.
"""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.decision import visibility
from acl.decision.compiled import Gates, Memberships, PrincipalNumbers
from acl.decision.membership import Directory
from acl.decision.read import Permit, decide_read
from acl.decision.visibility import VisibilityIndex
from acl.model.grants import AclSnapshot
from acl.model.identifiers import ReadershipKey
from acl.model.labels import NO_CEILING, Ceiling, LabelPolicy
from acl.model.principals import Principal
from acl.model.readerships import Readership
from tests.acl.people import ACME, ALICE, BOB, CAROL, NOON, group, readable_by
from tests.properties.effort import tries
from tests.properties.oracle import World
from tests.properties.worlds import directory_of, links, moments, snapshots, worlds

LABELS = ("public", "internal", "secret")
POLICY = LabelPolicy(LABELS, "public", {"chat": "internal", "agent": "secret"})

labelled = st.builds(Readership, snapshots, st.sampled_from((*LABELS, "unheard-of")))
catalogues = st.lists(labelled, max_size=24).map(
    lambda some: {ReadershipKey(number): one for number, one in enumerate(some, 1)}
)
ceilings = st.sampled_from(
    [NO_CEILING, *(POLICY.ceiling(client, None) for client in ("chat", "agent", "stranger"))]
)

Catalogue = dict[ReadershipKey, Readership]


def by_the_rule(
    directory: Directory,
    known: Catalogue,
    linked: frozenset[Principal],
    ceiling: Ceiling,
    seconds: int,
) -> set[ReadershipKey]:
    standing = directory.standing_of(linked)
    now = NOON + timedelta(seconds=seconds)
    return {
        key
        for key, one in known.items()
        if ceiling.covers(one.label) and isinstance(decide_read(standing, one.acl, now=now), Permit)
    }


@pytest.mark.promise("filter-in-engine")
@given(
    world=worlds,
    known=catalogues,
    readers=st.lists(links, min_size=1, max_size=4),
    ceiling=ceilings,
    times=st.lists(st.integers(-100, 100), min_size=1, max_size=3),
)
@tries(400)
def test_a_reader_sees_exactly_what_the_rule_permits(
    world: World,
    known: Catalogue,
    readers: list[frozenset[Principal]],
    ceiling: Ceiling,
    times: list[int],
) -> None:
    """
    For several readers and moments of one index, so that what it remembers is asked again.
    """
    directory = directory_of(world)
    index = VisibilityIndex.of(directory, known)

    for linked in (*readers, *readers):
        for seconds in times:
            now = NOON + timedelta(seconds=seconds)
            visible = index.visible(linked, ceiling=ceiling, now=now).readerships

            assert by_the_rule(directory, known, linked, ceiling, seconds) == set(visible)


@given(world=worlds, known=catalogues, linked=links, at=moments)
@tries(200)
def test_the_next_expiry_is_the_first_inside_what_is_visible(
    world: World, known: Catalogue, linked: frozenset[Principal], at: datetime
) -> None:
    found = VisibilityIndex.of(directory_of(world), known).visible(
        linked, ceiling=NO_CEILING, now=at
    )

    upcoming = [m for key in found.readerships for m in known[key].acl.expiries() if m > at]
    assert min(upcoming, default=None) == found.next_expiry


@given(
    first=worlds,
    later=worlds,
    known=catalogues,
    more=st.lists(snapshots, max_size=8),
    linked=links,
)
@tries(200)
def test_an_index_that_grew_equals_one_built_at_once(
    first: World,
    later: World,
    known: Catalogue,
    more: list[AclSnapshot],
    linked: frozenset[Principal],
) -> None:
    """
    ACLs arrive one epoch, groups change in another; numbers and what was compiled are kept.
    """
    numbers = PrincipalNumbers()
    Memberships.compile(directory_of(first), numbers)
    gates = Gates.none(ACME, numbers).extended({one.digest(): one for one in more})
    gates = gates.extended({one.acl.digest(): one.acl for one in known.values()})
    directory = directory_of(later)
    memberships = Memberships.compile(directory, numbers)
    named = {key: (one.acl.digest(), one.label) for key, one in known.items()}
    grown = VisibilityIndex(directory, memberships, gates, named)

    assert VisibilityIndex.of(directory, known).visible(
        linked, ceiling=NO_CEILING, now=NOON
    ) == grown.visible(linked, ceiling=NO_CEILING, now=NOON)


def test_a_chain_of_ten_thousand_groups_is_climbed() -> None:
    """
    Deeper than Python recurses, with a ring at its end.
    """
    chain = [group(f"level-{number}") for number in range(10_000)]
    definitions = {above: frozenset({below}) for below, above in pairwise(chain)}
    definitions[chain[0]] = frozenset({ALICE, chain[-1]})
    known = {ReadershipKey(1): Readership(readable_by(chain[-1]), "public")}
    index = VisibilityIndex.of(Directory(ACME, definitions), known)

    assert {1} == set(index.visible(frozenset({ALICE}), ceiling=NO_CEILING, now=NOON).readerships)
    assert not index.visible(frozenset({BOB}), ceiling=NO_CEILING, now=NOON).readerships


def test_what_is_remembered_is_bounded_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Many readers who see much do not fill the memory, and each still gets their own answer.
    """
    monkeypatch.setattr(visibility, "MAX_REMEMBERED_KEYS", 25)
    known = {
        ReadershipKey(number): Readership(readable_by(ALICE, BOB), "public")
        for number in range(1, 11)
    }
    index = VisibilityIndex.of(Directory(ACME, {}), known)
    readers = [frozenset({one}) for one in (ALICE, BOB, CAROL)]

    for linked in readers * 3:
        seen = index.visible(linked, ceiling=NO_CEILING, now=NOON).readerships
        assert (0 if CAROL in linked else 10) == len(seen)
        kept = sum(len(one.readerships) for one in index._remembered.values())  # noqa: SLF001
        assert kept <= 25
