"""
Which members a filter chooses, and how much work a request may ask for.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.filters import All, Filter, Not, Operator, Some, Test
from acl.model.provisioning import StatedGroup
from readership.scim.choosing import MAX_LOOKED_AT, Choosing
from readership.scim.errors import INVALID_FILTER, RefusedRequestError
from readership.scim.filters import read_path
from readership.scim.patches import MAX_OPERATIONS, PATCH, patched_group, read_operations

LETTERS = st.text("ab", max_size=2)
TESTS = st.builds(Test, st.just("value"), st.sampled_from(Operator), LETTERS)
FILTERS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Some, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
)


def passes(member: str, stated: Filter) -> bool:
    """
    Say it of one member, plainly (RFC 7644, section 3.4.2.2).
    """
    match stated:
        case All(parts):
            return all(passes(member, one) for one in parts)
        case Some(parts):
            return any(passes(member, one) for one in parts)
        case Not(part):
            return not passes(member, part)
        case Test(_, operator, value):
            assert value is None or isinstance(value, str)
            wanted = value or ""
            return {
                Operator.EQ: member == wanted,
                Operator.NE: member != wanted,
                Operator.CO: wanted in member,
                Operator.SW: member.startswith(wanted),
                Operator.EW: member.endswith(wanted),
                Operator.GT: member > wanted,
                Operator.GE: member >= wanted,
                Operator.LT: member < wanted,
                Operator.LE: member <= wanted,
                Operator.PR: True,
            }[operator]
        case _:
            raise AssertionError(stated)


@given(stated=FILTERS, members=st.frozensets(st.text("ab", min_size=1, max_size=2)))
def test_those_are_chosen_who_pass(stated: Filter, members: frozenset[str]) -> None:
    assert {one for one in members if passes(one, stated)} == Choosing().chosen(stated, members)


@pytest.mark.parametrize("operator", ["eq", "co", "gt"])
def test_a_value_that_is_no_text_chooses_nobody(operator: str) -> None:
    chosen = read_path(f"members[value {operator} 5]").chosen
    assert chosen is not None

    assert frozenset() == Choosing().chosen(chosen, {"5", "a"})


def group_of(count: int) -> StatedGroup:
    return StatedGroup("Staff", "e-staff", frozenset(f"m{number:06}" for number in range(count)))


def after(group: StatedGroup, *paths: str) -> StatedGroup:
    listed = [{"op": "remove", "path": path} for path in paths]
    return patched_group(group, read_operations({"schemas": [PATCH], "Operations": listed}))


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize(
    "chosen",
    [
        'value co "zz"',
        "not (value pr)",
        " or ".join(['value sw "zz"'] * 64),
        'value eq "zz" and (value eq "zz" or value pr)',
    ],
)
def test_a_request_looks_at_no_more_members_than_a_bound(chosen: str) -> None:
    """
    However many operations, tests and members it takes to reach it; one such filter is fine.
    """
    group = group_of(5_000)
    assert group == after(group, f"members[{chosen}]")

    with pytest.raises(RefusedRequestError) as refused:
        after(group, *[f"members[{chosen}]"] * MAX_OPERATIONS)

    assert "tooMany" == refused.value.scim_type
    assert f"{MAX_LOOKED_AT:,}" in refused.value.diagnostics()


@pytest.mark.promise("scim-hostile")
def test_a_thousand_members_are_removed_one_by_one_from_a_large_group() -> None:
    """
    That is what identity providers send, and far from the bound.
    """
    group = group_of(50_000)
    leaving = sorted(group.members)[:MAX_OPERATIONS]

    left = after(group, *(f'members[value eq "{one}"]' for one in leaving))

    assert group.members - set(leaving) == left.members


def test_whether_a_filter_is_one_does_not_depend_on_the_members() -> None:
    for group in (group_of(0), group_of(3)):
        with pytest.raises(RefusedRequestError) as refused:
            after(group, 'members[value eq "zz" and type eq "User"]')
        assert INVALID_FILTER == refused.value.scim_type
