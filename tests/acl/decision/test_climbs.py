"""
`Memberships.closure` marks what a plain walk over the definitions finds, however much of the
climb was worked out before: cycles, groups below them, and groups for which there was no room.
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.decision import compiled
from acl.decision.compiled import Memberships, PrincipalNumbers
from acl.decision.membership import Directory
from acl.model.principals import Principal
from tests.acl.people import ACME, group, user

GROUPS = [group(f"g{number}") for number in range(8)]
PEOPLE = [user(f"u{number}") for number in range(4)]

definitions = st.dictionaries(
    st.sampled_from(GROUPS),
    st.frozensets(st.sampled_from(GROUPS + PEOPLE), min_size=1, max_size=3),
    min_size=4,
)


def plain_walk(directory: Directory, start: set[Principal]) -> set[Principal]:
    held = set(start)
    while True:
        more = {one for one, members in directory.definitions.items() if members & held} - held
        if not more:
            return held
        held |= more


def climbed(directory: Directory, start: set[Principal]) -> set[Principal]:
    numbers = PrincipalNumbers()
    memberships = Memberships.compile(directory, numbers)
    for one in PEOPLE + GROUPS:
        numbers.number(one)  # somebody who is in nothing
    marks = memberships.closure(numbers.known(start), len(numbers))
    assert not marks[-1]
    return {one for one, held in zip(numbers.first(len(numbers)), marks[:-1], strict=True) if held}


@given(definitions, st.sets(st.sampled_from(PEOPLE + GROUPS), min_size=1, max_size=3))
def test_a_climb_finds_what_a_plain_walk_finds(
    defined: dict[Principal, frozenset[Principal]], start: set[Principal]
) -> None:
    directory = Directory(ACME, defined)
    assert plain_walk(directory, start) == climbed(directory, start)


@pytest.mark.parametrize("room", [0, 1, 3])
def test_so_it_does_without_room(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MAX_CLIMBED", room)
    chain = {above: frozenset([below]) for below, above in pairwise(GROUPS)}
    directory = Directory(ACME, chain | {GROUPS[0]: frozenset(PEOPLE[:1])})
    assert {PEOPLE[0], *GROUPS} == climbed(directory, {PEOPLE[0]})
    assert {PEOPLE[1]} == climbed(directory, {PEOPLE[1]})


def test_below_a_cycle_the_climb_goes_step_by_step_and_above_it_at_once() -> None:
    one, two, three, top = GROUPS[:4]
    directory = Directory(
        ACME,
        {
            one: frozenset(PEOPLE[:1]),
            two: frozenset([one, three]),
            three: frozenset([two]),
            top: frozenset([three]),
        },
    )
    numbers = PrincipalNumbers()
    memberships = Memberships.compile(directory, numbers)
    assert numbers.known([top]) == list(memberships.climbed)
    assert {PEOPLE[0], one, two, three, top} == climbed(directory, {PEOPLE[0]})
