"""
The explanation names every link of a permission, and the first one that is missing.
"""

import pytest

from acl.decision.explaining import explain_read
from acl.model.grants import AclSnapshot
from acl.model.principals import Principal
from tests.acl.people import (
    ALICE,
    BOB,
    CONTRACTORS,
    ENG,
    EVERYONE,
    NOON,
    STAFF,
    acl,
    deny,
    directory,
    permit,
    readable_by,
)

GROUPS = directory({ENG: {ALICE}, STAFF: {ENG}})


def explain(snapshot: AclSnapshot | None, *linked: Principal) -> tuple[bool, list[str]]:
    return explain_read(GROUPS, linked, snapshot, now=NOON)


def test_a_permission_is_told_link_by_link() -> None:
    assert (
        True,
        [
            "the reader is user:corp/alice",
            "user:corp/alice is a member of group:corp/eng",
            "group:corp/eng is a member of group:corp/staff",
            "gate 1, entry 1 permits group:corp/staff",
            "gate 2, entry 1 permits everyone",
        ],
    ) == explain(acl((permit(STAFF),), (permit(EVERYONE),)), ALICE)


@pytest.mark.parametrize(
    ("snapshot", "missing"),
    [
        (None, "no ACL is known, and unknown is nobody"),
        (acl(), "the source permits nobody"),
        (readable_by(BOB), "gate 1: no entry names the reader"),
        (acl((permit(ALICE),), (permit(BOB),)), "gate 2: no entry names the reader"),
        (
            acl((deny(CONTRACTORS), permit(ALICE))),
            f"gate 1, entry 1: a denial names somebody whom the reader might be: {CONTRACTORS}",
        ),
        (
            acl((permit(BOB), deny(ALICE))),
            "gate 1, entry 2: a denial names the reader: user:corp/alice",
        ),
    ],
)
def test_a_refusal_ends_with_the_first_missing_link(
    snapshot: AclSnapshot | None, missing: str
) -> None:
    assert (False, ["the reader is user:corp/alice", missing]) == explain(snapshot, ALICE)


def test_a_denial_through_a_group_is_told_link_by_link() -> None:
    assert (
        False,
        [
            "the reader is user:corp/alice",
            "user:corp/alice is a member of group:corp/eng",
            "group:corp/eng is a member of group:corp/staff",
            "gate 1, entry 1: a denial names the reader: group:corp/staff",
        ],
    ) == explain(acl((deny(STAFF), permit(ALICE))), ALICE)


def test_a_reader_without_a_link_is_told_so() -> None:
    verdict, chain = explain(readable_by(EVERYONE))

    assert not verdict
    assert ["no identity link gives this reader a principal: the reader is nobody"] == chain
