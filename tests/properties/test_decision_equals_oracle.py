"""
`acl.decision` equals the oracle, on random worlds.
"""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.decision.explaining import explain_read
from acl.decision.read import Deny, Permit, decide_read
from acl.decision.scoping import MAX_SCOPE_LIFE, mint_scope
from acl.model.grants import AclSnapshot
from acl.model.identifiers import ReadershipKey
from acl.model.labels import NO_CEILING
from acl.model.principals import Principal
from acl.model.scope import ReadScope
from tests.acl.people import NOON, ground_of
from tests.properties import oracle
from tests.properties.effort import tries
from tests.properties.oracle import World
from tests.properties.worlds import (
    directory_of,
    edges_of,
    links,
    moments_between,
    snapshots,
    worlds,
)

Readerships = dict[ReadershipKey, AclSnapshot]
readerships = st.lists(snapshots, max_size=8).map(
    lambda some: {ReadershipKey(number): one for number, one in enumerate(some, 1)}
)
token_lives = st.integers(1, 120).map(lambda seconds: timedelta(seconds=seconds))


def scope(
    world: World, linked: frozenset[Principal], known: Readerships, token_expires_at: datetime
) -> ReadScope:
    ground = ground_of(directory_of(world), known)
    return mint_scope(
        linked, ground, now=NOON, token_expires_at=token_expires_at, ceiling=NO_CEILING
    )


@pytest.mark.promise("deny-first")
@pytest.mark.promise("unknown-group")
@given(world=worlds, linked=links, snapshot=st.none() | snapshots)
@tries(1500)
def test_the_decision_is_the_oracles(
    world: World, linked: frozenset[Principal], snapshot: AclSnapshot | None
) -> None:
    """
    Nobody is let in whom the plain rules keep out, and nobody is kept out whom they let in.
    """
    decision = decide_read(directory_of(world).standing_of(linked), snapshot, now=NOON)

    assert oracle.permits(world, linked, snapshot, NOON) is isinstance(decision, Permit)


@given(world=worlds, linked=links, known=readerships)
@tries(100)
def test_a_scope_is_exactly_what_the_oracle_permits(
    world: World, linked: frozenset[Principal], known: Readerships
) -> None:
    """
    Nothing leaks and nothing readable is lost.
    """
    minted = scope(world, linked, known, NOON + timedelta(hours=1))

    assert set(minted.readerships) == {
        key for key, snapshot in known.items() if oracle.permits(world, linked, snapshot, NOON)
    }


@given(world=worlds, linked=links, known=readerships, life=token_lives)
@tries(100)
def test_a_scope_covers_nothing_that_it_should_not_until_it_expires(
    world: World, linked: frozenset[Principal], known: Readerships, life: timedelta
) -> None:
    """
    At every moment before its end the oracle would still permit all of its readerships.
    """
    minted = scope(world, linked, known, NOON + life)

    for moment in moments_between(NOON, minted.expires_at, known.values()):
        assert set(minted.readerships) <= {
            key
            for key, snapshot in known.items()
            if oracle.permits(world, linked, snapshot, moment)
        }


@given(world=worlds, linked=links, known=readerships, life=token_lives)
@tries(100)
def test_a_scope_ends_with_the_first_fact_that_it_rests_on(
    world: World, linked: frozenset[Principal], known: Readerships, life: timedelta
) -> None:
    """
    The token's end, the next expiry inside a readership that it covers, or a minute from now.

    An expiry in a readership that it does not cover changes nothing: a hidden document must
    not be felt.
    """
    ends = [NOON + life, NOON + MAX_SCOPE_LIFE]
    for snapshot in known.values():
        if oracle.permits(world, linked, snapshot, NOON):
            ends += [moment for moment in snapshot.expiries() if moment > NOON]

    assert min(ends) == scope(world, linked, known, NOON + life).expires_at


@given(world=worlds, linked=links, snapshot=st.none() | snapshots)
@tries(166)
def test_an_explanation_tells_the_decision(
    world: World, linked: frozenset[Principal], snapshot: AclSnapshot | None
) -> None:
    """
    Verdict, gate and entry agree, and every link that it names exists.
    """
    directory = directory_of(world)
    decision = decide_read(directory.standing_of(linked), snapshot, now=NOON)

    verdict, chain = explain_read(directory, linked, snapshot, now=NOON)

    assert isinstance(decision, Permit) is verdict
    named = [found.groups() for line in chain if (found := re.fullmatch(_MEMBERSHIP, line))]
    assert set(named) <= edges_of(world)
    if isinstance(decision, Deny) and linked:
        assert decision.reason in chain[-1]
        assert (f"gate {decision.gate}" in chain[-1]) is bool(decision.gate)
    if isinstance(decision, Permit):
        assert [
            f"gate {o.gate}, entry {o.entry} permits {o.principal}" for o in decision.openings
        ] == [line for line in chain if line.startswith("gate ")]


_MEMBERSHIP = r"(.+) is a member of (.+)"
