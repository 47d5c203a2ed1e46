"""
The `acl` member of the exchange format: both forms, and everything that is neither.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.exchange import compile_acl
from acl.model.grants import MAX_GATES, AclSnapshot
from tests.acl.people import (
    ACME,
    ALICE,
    BOB,
    CAROL,
    CORP,
    ENG,
    EVERYONE,
    STAFF,
    WIKI,
    acl,
    deny,
    permit,
    user,
)
from tests.properties.effort import tries

END_OF_2026 = datetime(2027, 1, 1, tzinfo=UTC)

GOOD: dict[str, tuple[object, AclSnapshot]] = {
    "allow only": ({"allow": ["user:alice"]}, acl((permit(ALICE),))),
    "a denial wins": (
        {"allow": ["group:eng", "everyone"], "deny": ["user:bob"]},
        acl((deny(BOB), permit(ENG, EVERYONE))),
    ),
    "deny only": ({"deny": ["user:bob"]}, acl((deny(BOB),))),
    "allow nobody": ({"allow": []}, acl(())),
    "allow and deny nobody": ({"allow": [], "deny": []}, acl(())),
    "named twice": ({"allow": ["user:alice", "user:corp/alice"]}, acl((permit(ALICE),))),
    "another authority": (
        {"allow": ["user:wiki/alice"]},
        acl((permit(user("alice", authority=WIKI)),)),
    ),
    "gates": (
        {
            "gates": [
                [{"permit": ["group:eng"]}, {"deny": ["user:bob"]}],
                [{"permit": ["everyone"]}],
            ]
        },
        acl((permit(ENG), deny(BOB)), (permit(EVERYONE),)),
    ),
    "an expiry": (
        {"gates": [[{"permit": ["user:carol"], "until": "2027-01-01T00:00:00Z"}]]},
        acl((permit(CAROL, until=END_OF_2026),)),
    ),
    "an expiry elsewhere": (
        {"gates": [[{"deny": ["group:staff"], "until": "2027-01-01T09:00:00+09:00"}]]},
        acl((deny(STAFF, until=END_OF_2026),)),
    ),
    "no gates is nobody": ({"gates": []}, acl()),
    "an empty gate is shut": ({"gates": [[]]}, acl(())),
}

ENTRY = {"permit": ["user:alice"]}
BAD: dict[str, object] = {
    "null": None,
    "text": "everyone",
    "list": ["user:alice"],
    "empty": {},
    "number": 7,
    "unknown member": {"allow": ["user:alice"], "inherit": True},
    "misspelt member": {"Allow": ["user:alice"]},
    "both forms": {"allow": ["user:alice"], "gates": [[ENTRY]]},
    "allow is null": {"allow": None},
    "allow is text": {"allow": "user:alice"},
    "allow is an object": {"allow": {"user:alice": True}},
    "deny is null": {"allow": ["user:alice"], "deny": None},
    "deny is text": {"allow": ["everyone"], "deny": "user:bob"},
    "one bad principal": {"allow": ["user:alice", "bob"]},
    "one bad denial": {"allow": ["everyone"], "deny": ["user:bob", "role:temp"]},
    "a null principal": {"allow": ["user:alice", None]},
    "a number as principal": {"allow": [7]},
    "a list as principal": {"allow": [["user:alice"]]},
    "an empty principal": {"allow": ["user:"]},
    "gates is null": {"gates": None},
    "gates is an object": {"gates": {}},
    "a gate is null": {"gates": [None]},
    "a gate is an object": {"gates": [ENTRY]},
    "an entry is null": {"gates": [[None]]},
    "an entry is text": {"gates": [["user:alice"]]},
    "an empty entry": {"gates": [[{}]]},
    "permit and deny": {"gates": [[{"permit": ["user:alice"], "deny": ["user:bob"]}]]},
    "only until": {"gates": [[{"until": "2027-01-01T00:00:00Z"}]]},
    "unknown entry member": {"gates": [[{"permit": ["user:alice"], "note": ""}]]},
    "an entry names nobody": {"gates": [[{"permit": []}]]},
    "a denial names nobody": {"gates": [[{"deny": []}, ENTRY]]},
    "permit is text": {"gates": [[{"permit": "user:alice"}]]},
    "permit is null": {"gates": [[{"permit": None}]]},
    "until is null": {"gates": [[{**ENTRY, "until": None}]]},
    "until is a number": {"gates": [[{**ENTRY, "until": 1798761600}]]},
    "until is empty": {"gates": [[{**ENTRY, "until": ""}]]},
    "until has no zone": {"gates": [[{**ENTRY, "until": "2027-01-01T00:00:00"}]]},
    "until is a day": {"gates": [[{**ENTRY, "until": "2027-01-01"}]]},
    "until is no date": {"gates": [[{**ENTRY, "until": "2027-02-30T00:00:00Z"}]]},
    "until is words": {"gates": [[{**ENTRY, "until": "tomorrow"}]]},
    "until is before all time": {"gates": [[{**ENTRY, "until": "0001-01-01T00:00:00+09:00"}]]},
    "until is after all time": {"gates": [[{**ENTRY, "until": "9999-12-31T23:59:59-09:00"}]]},
    "too many gates": {"gates": [[ENTRY]] * (MAX_GATES + 1)},
    "the second gate is bad": {"gates": [[ENTRY], [{"allow": ["user:alice"]}]]},
}


@pytest.mark.parametrize("case", sorted(GOOD))
def test_a_good_acl_says_exactly_this(case: str) -> None:
    written, expected = GOOD[case]

    assert expected == compile_acl(written, tenant=ACME, authority=CORP)


@pytest.mark.promise("no-snapshot")
@pytest.mark.parametrize("case", sorted(BAD))
def test_a_malformed_acl_is_refused_with_a_reason(case: str) -> None:
    """
    Refused whole: an ACL with one entry that cannot be understood has an unknown meaning.
    """
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the reason is asserted below
        compile_acl(BAD[case], tenant=ACME, authority=CORP)

    assert len(str(refused.value)) > 15


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=3) | st.just("user:alice"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["allow", "deny", "gates", "permit", "until", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(written=json_values)
@tries(500)
def test_anything_else_is_an_acl_or_a_value_error(written: object) -> None:
    """
    No other exception, and whatever is accepted can be stored and read back.
    """
    try:
        compiled = compile_acl(written, tenant=ACME, authority=CORP)
    except ValueError:
        return

    assert compiled == AclSnapshot.from_json(ACME, compiled.to_json())


def test_the_reason_says_where() -> None:
    written = {"gates": [[ENTRY], [ENTRY, {"permit": []}]]}

    with pytest.raises(ValueError, match="gate 2, entry 2"):
        compile_acl(written, tenant=ACME, authority=CORP)
