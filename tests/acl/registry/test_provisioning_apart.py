"""
A change of a user or group is worked out while others write, and made to what it was worked out
from.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from acl.model.provisioning import Condition, StatedGroup, StatedUser
from acl.registry.database import Database, open_database
from acl.registry.errors import PreconditionFailedError, RegistryUnavailableError
from acl.registry.provisioning import ATTEMPTS
from tests.acl.people import NOON
from tests.acl.registry.registries import Registry
from tests.acl.registry.test_provisioning import ANN, ANY, Office, ignored, office_in

STAFF = StatedGroup("staff", "staff", frozenset())
Become = Callable[[StatedGroup], StatedGroup]


@pytest.fixture
def database(registry: Registry) -> Iterator[Database]:
    opened = open_database(registry.url, may_write=True)
    yield opened
    opened.close()


@pytest.fixture
def office(database: Database) -> Office:
    return office_in(database)


def group_called(office: Office, name: str) -> str:
    return office.groups.create(StatedGroup(name, name, frozenset()), ignored, now=NOON).kept.id


def adding(member: str) -> Become:
    return lambda before: replace(before, members=before.members | {member})


def disturbed(office: Office, group: str, members: list[str], to: Become) -> Become:
    """
    Return the same change, before each attempt at which somebody else adds one of `members`.
    """

    def become(before: StatedGroup) -> StatedGroup:
        if members:
            office.groups.change(group, ANY, adding(members.pop()), ignored, now=NOON)
        return to(before)

    return become


@pytest.mark.promise("scim-hostile")
def test_others_write_while_a_change_is_worked_out(office: Office) -> None:
    """
    However long that takes: the turn to write is taken afterwards.
    """
    staff = group_called(office, "staff")

    def slow(before: StatedGroup) -> StatedGroup:
        office.users.create(ANN, ignored, now=NOON)
        return replace(before, display_name="all")

    after = office.groups.change(staff, ANY, slow, ignored, now=NOON)

    assert ("all", 2) == (after.display_name, after.kept.version)
    assert {"e-ann"} == office.seen()[1].keys()


@pytest.mark.promise("scim-atomic")
def test_a_change_that_came_first_is_not_undone(office: Office) -> None:
    """
    What was worked out from an older state is worked out anew.
    """
    ann, ben = (
        office.users.create(StatedUser(one, one, active=True), ignored, now=NOON).kept.id
        for one in ("ann", "ben")
    )
    staff = group_called(office, "staff")

    after = office.groups.change(
        staff, ANY, disturbed(office, staff, [ann], adding(ben)), ignored, now=NOON
    )

    assert {ann, ben} == after.stated.members
    assert 3 == after.kept.version
    assert after == office.registry.group(staff)


@pytest.mark.promise("scim-atomic")
def test_a_condition_is_of_the_version_that_is_changed(office: Office) -> None:
    ann = office.users.create(ANN, ignored, now=NOON).kept.id
    staff = group_called(office, "staff")
    first = Condition(match=frozenset({1}))
    to = disturbed(office, staff, [ann], lambda before: replace(before, display_name="all"))

    with pytest.raises(PreconditionFailedError):
        office.groups.change(staff, first, to, ignored, now=NOON)

    kept = office.registry.group(staff)
    assert kept is not None
    assert ("staff", frozenset({ann})) == (kept.display_name, kept.stated.members)


def test_whoever_never_gets_a_turn_is_told_to_come_again(office: Office) -> None:
    some = [
        office.users.create(StatedUser(f"u{one}", f"u{one}", active=True), ignored, now=NOON)
        for one in range(ATTEMPTS)
    ]
    members = [one.kept.id for one in some]
    staff = group_called(office, "staff")

    with pytest.raises(RegistryUnavailableError):
        office.groups.change(
            staff, ANY, disturbed(office, staff, members, lambda one: one), ignored, now=NOON
        )

    kept = office.registry.group(staff)
    assert kept is not None
    assert (ATTEMPTS + 1, ATTEMPTS) == (kept.kept.version, len(kept.stated.members))


def test_what_is_told_of_a_group_is_what_was_committed(office: Office) -> None:
    """
    Kinds of members, too: those who stay, those who join, and a group in itself.
    """
    ann, ben = (
        office.users.create(StatedUser(one, one, active=True), ignored, now=NOON).kept.id
        for one in ("ann", "ben")
    )
    inner = group_called(office, "inner")
    made = office.groups.create(replace(STAFF, members=frozenset({ann, inner})), ignored, now=NOON)
    assert made == office.registry.group(made.kept.id)

    members = frozenset({ben, inner, made.kept.id})
    for name in ("staff", "other"):
        stated = StatedGroup(name, name, members)
        told = office.groups.change(made.kept.id, ANY, lambda _, to=stated: to, ignored, now=NOON)  # type: ignore[misc]
        assert told == office.registry.group(made.kept.id)
