"""
Filters and paths are read as RFC 7644 writes them, and nothing else is.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.filters import All, Filter, Not, Operator, Some, Test, Within
from readership.scim.errors import RefusedRequestError
from readership.scim.filters import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_TESTS,
    PatchPath,
    read_filter,
    read_path,
)

EQ = Operator.EQ
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.mark.parametrize(
    ("text", "filter"),
    [
        ('userName eq "bjensen"', Test("username", EQ, "bjensen")),
        ('USERNAME Eq "BJensen"', Test("username", EQ, "BJensen")),
        (f'{CORE}:userName sw "J"', Test("username", Operator.SW, "J")),
        ("title pr", Test("title", Operator.PR)),
        ("active eq false", Test("active", EQ, False)),  # noqa: FBT003 - a value
        ("externalId eq null", Test("externalid", EQ, None)),
        ("x gt -12", Test("x", Operator.GT, -12)),
        ("x ge 1.5", Test("x", Operator.GE, 1.5)),
        (
            'a eq "1" or b eq "2" and c eq "3"',
            Some((Test("a", EQ, "1"), All((Test("b", EQ, "2"), Test("c", EQ, "3"))))),
        ),
        (
            '(a eq "1" or b eq "2") and not (c pr)',
            All((Some((Test("a", EQ, "1"), Test("b", EQ, "2"))), Not(Test("c", Operator.PR)))),
        ),
        ('members[value eq "x"]', Within("members", Test("value", EQ, "x"))),
        ('a eq "or \\" and )"', Test("a", EQ, 'or " and )')),
        ('a eq "\\u00e9"', Test("a", EQ, "é")),
        (
            "schemas pr and meta.created pr",
            All((Test("schemas", Operator.PR), Test("meta.created", Operator.PR))),
        ),
    ],
)
def test_a_filter_is_read(text: str, filter: Filter) -> None:  # noqa: A002 - what it is
    assert filter == read_filter(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq bjensen",
        "userName eq 'bjensen'",
        'userName is "x"',
        'userName eq "x',
        'userName eq "x" and',
        'and userName eq "x"',
        '(userName eq "x"',
        'userName eq "x")',
        'not userName eq "x"',
        'members[value eq "x"',
        'members[value eq "x"].display eq "y"',
        'userName eq "x" userName eq "y"',
        'userName eq "\x00"',
        'userName eq "\\x"',
        "userName eq 12345678901234567890",
        "userName eq 1e5",
        "userName; drop table scim_users",
        'us\u00e9r eq "x"',
        "members[]",
        "()",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(RefusedRequestError) as refused:
        read_filter(text)

    assert "invalidFilter" == refused.value.scim_type


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * (MAX_DEPTH + 1) + "a pr" + ")" * (MAX_DEPTH + 1),
        "not (" * 500 + "a pr" + ")" * 500,
        "a[" * 200 + "b pr" + "]" * 200,
        " or ".join(["a pr"] * (MAX_TESTS + 1)),
        'a eq "' + "x" * MAX_CHARACTERS + '"',
        " " * 50_000 + "a pr",
    ],
)
def test_a_filter_without_end_is_refused(text: str) -> None:
    with pytest.raises(RefusedRequestError):
        read_filter(text)


def test_a_filter_at_the_limits_is_read() -> None:
    depth = MAX_DEPTH - 1
    read_filter("(" * depth + "a pr" + ")" * depth)
    read_filter(" or ".join(["a pr"] * MAX_TESTS))


NAMES = st.from_regex(r"\A[a-z][a-z0-9-]{0,8}\Z").filter(
    lambda one: one not in {"and", "or", "not"}
)
VALUES = st.one_of(
    st.text(max_size=8).filter(lambda one: not any("\ud800" <= c <= "\udfff" for c in one)),
    st.booleans(),
    st.none(),
    st.integers(-(10**9), 10**9),
)
TESTS = st.one_of(
    st.builds(
        Test, NAMES, st.sampled_from([one for one in Operator if one is not Operator.PR]), VALUES
    ),
    st.builds(Test, NAMES, st.just(Operator.PR)),
)
FILTERS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Some, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, inner),
        st.builds(Within, NAMES, inner),
    ),
    max_leaves=8,
)


def written(stated: Filter) -> str:
    """
    Write a filter; every part of a conjunction or disjunction in brackets of its own.
    """
    match stated:
        case Test(attribute, Operator.PR, _):
            return f"{attribute} pr"
        case Test(attribute, operator, value):
            return f"{attribute} {operator.value} {json.dumps(value)}"
        case Within(attribute, inner):
            return f"{attribute}[{written(inner)}]"
        case Not(part):
            return f"not ({written(part)})"
        case All(parts):
            return " and ".join(f"({written(one)})" for one in parts)
        case Some(parts):
            return " or ".join(f"({written(one)})" for one in parts)


@given(FILTERS)
def test_what_is_written_is_read_back(stated: Filter) -> None:
    assert stated == read_filter(written(stated))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """
    Nothing else comes out of it.
    """
    for read in (read_filter, read_path):
        try:
            read(text)
        except RefusedRequestError:
            continue


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("active", PatchPath("active")),
        (f"{CORE}:active", PatchPath("active")),
        ("name.familyName", PatchPath("name", part="familyname")),
        ('members[value eq "x"]', PatchPath("members", Test("value", EQ, "x"))),
        (
            'emails[type eq "work"].value',
            PatchPath("emails", Test("type", EQ, "work"), "value"),
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            PatchPath("urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:department"),
        ),
    ],
)
def test_a_path_is_read(text: str, path: PatchPath) -> None:
    assert path == read_path(text)


@pytest.mark.parametrize("text", ["", "a b", "[value pr]", "members[value pr]x", "a pr", "(a)"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(RefusedRequestError) as refused:
        read_path(text)

    assert "invalidPath" == refused.value.scim_type
