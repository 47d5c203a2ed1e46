"""
What a PATCH makes of a user or a group: by the RFC, and as identity providers send it.
"""

import pytest

from acl.model.provisioning import StatedGroup, StatedUser
from readership.scim.errors import RefusedRequestError
from readership.scim.patches import (
    MAX_OPERATIONS,
    PATCH,
    patched_group,
    patched_user,
    read_operations,
)
from readership.scim.resources import (
    GROUP,
    USER,
    members_of,
    read_group,
    read_user,
    replaced_user,
)

ANN = StatedUser("ann", "e-ann", active=True)
STAFF = StatedGroup("Staff", "e-staff", frozenset({"a", "b", "c"}))
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def user_after(*operations: object) -> StatedUser:
    return patched_user(ANN, read_operations({"schemas": [PATCH], "Operations": list(operations)}))


def group_after(*operations: object) -> StatedGroup:
    listed = {"schemas": [PATCH], "Operations": list(operations)}
    return patched_group(STAFF, read_operations(listed))


@pytest.mark.promise("scim-deactivation")
@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},  # Entra ID
        {"op": "Replace", "path": "active", "value": [{"$ref": None, "value": "False"}]},  # Entra
        {"op": "replace", "value": {"active": False}},  # Okta
        {"op": "replace", "value": {"id": "x", "active": False}},
        {"op": "add", "path": "active", "value": False},
        {"op": "replace", "path": "ACTIVE", "value": "false"},
        {"op": "replace", "path": f"{USER}:active", "value": False},
        {"op": "replace", "value": {f"{USER}:active": False}},
        {"OP": "replace", "Path": "active", "Value": False},
    ],
)
def test_every_spelling_of_a_deactivation_deactivates(operation: object) -> None:
    assert StatedUser("ann", "e-ann", active=False) == user_after(operation)


@pytest.mark.promise("scim-deactivation")
@pytest.mark.parametrize("value", [0, 1, "no", "", [], {}, {"value": 0}, 0.0, [False, False]])
def test_what_is_no_truth_is_not_taken_for_one(value: object) -> None:
    with pytest.raises(RefusedRequestError):
        user_after({"op": "replace", "path": "active", "value": value})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "active"},
        {"op": "remove", "path": "userName"},
        {"op": "remove"},
        {"op": "replace", "path": "active", "value": None},
        {"op": "replace", "path": "actve", "value": False},
        {"op": "replace", "path": "active.x", "value": False},
        {"op": "replace", "path": "id", "value": "x"},
        {"op": "replace", "path": "userName", "value": ""},
        {"op": "replace", "path": "userName", "value": 5},
        {"op": "replace", "path": "userName", "value": "a\x00b"},
        {"op": "replace", "path": "userName", "value": "\ud800"},
        {"op": "replace", "path": "userName", "value": "x" * 513},
        {"op": "replace", "value": "active"},
        {"op": "replace", "value": {"actve": False}},
        {"op": "replace", "value": {"active": False, "ACTIVE": True}},
        {"op": "move", "path": "active", "value": False},
        {"op": ["replace"], "path": "active", "value": False},
        {"op": "replace", "path": ["active"], "value": False},
        {"op": "replace", "path": "active", "value": False, "extra": 1},
        "replace",
        None,
    ],
)
def test_an_operation_that_is_none_refuses_them_all(operation: object) -> None:
    with pytest.raises(RefusedRequestError):
        user_after({"op": "replace", "path": "active", "value": False}, operation)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "name.givenName", "value": "Ann"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ann@acme.example"},
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "x"},
        {"op": "replace", "value": {"name.givenName": "Ann", "title": "Dr", ENTERPRISE: {}}},
        {"op": "remove", "path": "displayName"},
    ],
)
def test_what_is_not_kept_is_accepted_and_dropped(operation: object) -> None:
    assert ANN == user_after(operation)


def test_operations_are_applied_in_their_order() -> None:
    after = user_after(
        {"op": "replace", "path": "userName", "value": "ann2"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "remove", "path": "externalId"},
        {"op": "replace", "value": {"active": True, "externalId": "e2"}},
    )

    assert StatedUser("ann2", "e2", active=True) == after


@pytest.mark.parametrize("count", [0, MAX_OPERATIONS + 1])
def test_too_few_and_too_many_operations_are_refused(count: int) -> None:
    with pytest.raises(RefusedRequestError):
        user_after(*[{"op": "replace", "path": "active", "value": True}] * count)


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ({"op": "add", "path": "members", "value": [{"value": "d"}]}, "abcd"),
        ({"op": "Add", "path": "members", "value": [{"value": "a"}, {"value": "d"}]}, "abcd"),
        ({"op": "add", "path": "members", "value": {"value": "d", "display": "Dee"}}, "abcd"),
        ({"op": "add", "value": {"members": [{"value": "d", "type": "User"}]}}, "abcd"),
        ({"op": "remove", "path": 'members[value eq "b"]'}, "ac"),
        ({"op": "Remove", "path": 'members[value eq "z"]'}, "abc"),
        ({"op": "remove", "path": 'members[value eq "a" or value eq "c"]'}, "b"),
        ({"op": "remove", "path": 'members[not (value eq "a")]'}, "a"),
        ({"op": "Remove", "path": "members", "value": [{"value": "b"}]}, "ac"),  # Entra ID
        ({"op": "remove", "path": "members"}, ""),
        ({"op": "replace", "path": "members", "value": [{"value": "x"}]}, "x"),
        ({"op": "replace", "path": "members", "value": []}, ""),
        ({"op": "replace", "value": {"members": [{"value": "x"}], "id": "g"}}, "x"),
        ({"op": "replace", "path": 'members[value eq "a"]', "value": {"value": "z"}}, "bcz"),
    ],
)
def test_members_come_and_go(operation: object, members: str) -> None:
    assert StatedGroup("Staff", "e-staff", frozenset(members)) == group_after(operation)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": 'members[value eq "z"]', "value": {"value": "y"}},
        {"op": "add", "path": 'members[value eq "a"]', "value": {"value": "y"}},
        {"op": "remove", "path": 'members[value eq "a"].value'},
        {"op": "remove", "path": 'members[type eq "User"]'},
        {"op": "remove", "path": 'members[value eq "zz" and type eq "User"]'},
        {"op": "add", "path": "members", "value": ["a"]},
        {"op": "add", "path": "members", "value": [{"value": 5}]},
        {"op": "add", "path": "members", "value": [{"id": "a"}]},
        {"op": "add", "path": "members", "value": [{"value": "a", "VALUE": "b"}]},
        {"op": "remove", "path": "displayName"},
        {"op": "replace", "path": "members.value", "value": "x"},
        {"op": "add", "path": "owners", "value": [{"value": "a"}]},
    ],
)
def test_what_cannot_be_done_to_members_is_refused(operation: object) -> None:
    with pytest.raises(RefusedRequestError):
        group_after(operation)


def test_a_group_may_be_renamed() -> None:
    renamed = StatedGroup("All", "e-staff", STAFF.members)
    assert renamed == group_after({"op": "replace", "value": {"id": "g", "displayName": "All"}})
    assert renamed == group_after({"op": "Replace", "path": "displayName", "value": "All"})


@pytest.mark.promise("scim-deactivation")
def test_a_user_that_is_replaced_is_not_made_active_by_silence() -> None:
    """
    Whoever is created without a word about it is active.
    """
    stated, says = read_user({"schemas": [USER], "userName": "ann", "externalId": "e-ann"})
    gone = StatedUser("ann", "e-ann", active=False)

    assert stated.active
    assert gone == replaced_user(stated, gone, says_active=says)
    said, says = read_user({"schemas": [USER], "userName": "ann", "active": True})
    assert replaced_user(said, gone, says_active=says).active


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"schemas": [USER]},
        {"schemas": USER, "userName": "ann"},
        {"schemas": [GROUP], "userName": "ann"},
        {"schemas": [USER], "userName": "ann", "actve": False},
        {"schemas": [USER], "userName": "ann", "username": "bob"},
        {"schemas": [USER], "userName": "ann", "active": "off"},
        {"schemas": [USER], "userName": None},
        {"schemas": [USER], "userName": "ann", "externalId": 7},
        {"schemas": [USER], "userName": "ann", "externalId": ""},
    ],
)
def test_what_is_no_user_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(RefusedRequestError):
        read_user(body)


@pytest.mark.parametrize(
    "more",
    [{"members": "a"}, {"members": [["a"]]}, {"members": [None]}, {"owner": "a"}, {"emails": []}],
)
def test_what_is_no_group_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(RefusedRequestError):
        read_group({"schemas": [GROUP], "displayName": "Staff", **more})


def test_a_group_without_members_has_none() -> None:
    read, says = read_group({"schemas": [GROUP], "displayName": "Staff", "members": None})

    assert (StatedGroup("Staff", None, frozenset()), False) == (read, says)
    assert frozenset({"a"}) == members_of({"value": "a", "$ref": "../Users/a"})
