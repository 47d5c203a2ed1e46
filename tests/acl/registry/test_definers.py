"""
Who defines a group, and what still counts of those who do not speak any more.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from acl.decision.admission import People, SpeakingDirectory, refusal
from acl.directory.changes import change_members
from acl.errors import ConfigurationError
from acl.model.definers import Definer
from acl.model.identifiers import Epoch, SourceName
from acl.model.principals import Principal
from acl.model.provisioning import (
    Condition,
    IdAttribute,
    ProvisionedDirectory,
    StatedGroup,
    StatedUser,
)
from acl.model.switches import Switches
from acl.registry.database import open_database
from acl.registry.errors import RegistryMismatchError
from acl.registry.forgetting import Forgetting
from acl.registry.history import History
from acl.registry.permissions import PermissionRegistry
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from acl.registry.same_directory import require_same_directory
from retrieval.admit import Directories
from tests.acl.people import ACME, ALICE, BOB, CORP, ENG, HANDBOOK, INTRANET, NOON, STAFF, user
from tests.acl.registry.registries import NAMER, SEALER, Registry

HR: Final = SourceName("hr")
BY_NAME: Final = ProvisionedDirectory(HR, CORP, IdAttribute.USER_NAME, IdAttribute.DISPLAY_NAME)
BOBS: Final = StatedUser("bob", None, active=True)


def ignored(done: Provisioned) -> None:
    del done


def believing(registry: Registry, *names: SourceName) -> PermissionRegistry:
    """
    Return a reader that has seen nothing, and believes these alone.
    """
    return PermissionRegistry(registry.database, ACME, NAMER, SEALER, lambda *_: frozenset(names))


@pytest.mark.promise("unknown-group")
@pytest.mark.parametrize("theirs", [{BOB}, {ALICE}], ids=["otherwise", "alike"])
def test_a_group_that_a_dark_source_defines_is_in_doubt(
    registry: Registry, theirs: set[Principal]
) -> None:
    """
    Dark, switched off or not configured any more. The control: once they define it no more.
    """
    registry.define({ENG: {ALICE}, STAFF: {ALICE}})
    registry.define({ENG: theirs}, INTRANET)

    reader = believing(registry, HANDBOOK)
    doubted = reader.current()[0].directory
    registry.define({}, INTRANET)
    settled = reader.current()[0].directory

    assert {ENG} == doubted.conflicting
    assert {STAFF} == doubted.definitions.keys()
    assert {ENG, STAFF} == settled.definitions.keys()
    assert not settled.conflicting


@pytest.mark.promise("unknown-group")
def test_members_without_a_group_are_no_group(registry: Registry) -> None:
    """
    Nor do they stand beside another's definition; and the next listing takes them away.
    """
    registry.define({ENG: {ALICE}})
    registry.sql("DELETE FROM groups WHERE id = ?", ENG.id)
    alone = registry.reopened().reader.current()[0].directory
    registry.define({ENG: {BOB}}, INTRANET)

    both = registry.reopened().reader.current()[0].directory
    registry.define({})
    after = registry.reopened().reader.current()[0].directory

    assert {} == dict(alone.definitions)
    assert {} == dict(both.definitions)
    assert {ENG} == both.conflicting
    assert {ENG: {BOB}} == dict(after.definitions)


@pytest.mark.promise("unknown-group")
def test_nobody_joins_a_group_that_is_not_defined(registry: Registry) -> None:
    registry.define({ENG: {ALICE}})
    database = open_database(registry.url, may_write=True)
    some = {"added": frozenset({BOB}), "removed": frozenset[Principal](), "epoch": Epoch(99)}
    try:
        with database.writing() as connection:
            change_members(connection, HANDBOOK, ENG, **some)  # type: ignore[arg-type]
            with pytest.raises(RegistryMismatchError):
                change_members(connection, HANDBOOK, STAFF, **some)  # type: ignore[arg-type]
    finally:
        database.close()


@pytest.mark.promise("unknown-group")
def test_a_name_is_that_of_one_kind_until_it_is_forgotten(registry: Registry) -> None:
    """
    What a source has defined is not a directory's, nor the other way round.
    """
    database = open_database(registry.url, may_write=True)
    try:
        registry.define({ENG: {ALICE}})
        moved = replace(BY_NAME, name=HANDBOOK)
        with pytest.raises(RegistryMismatchError) as refused:
            require_same_directory(database, moved, now=NOON)
        with pytest.raises(RegistryMismatchError):
            registry.writer.register_source(HANDBOOK, CORP, Definer.LDAP)
        assert "readership forget handbook" in refused.value.diagnostics()

        Forgetting(database, ACME, {HANDBOOK: Definer.SCIM}).forget(HANDBOOK, now=NOON)
        require_same_directory(database, moved, now=NOON)
        with pytest.raises(RegistryMismatchError):
            registry.writer.register_source(HANDBOOK, CORP)
        assert {} == dict(believing(registry, HANDBOOK).current()[0].directory.definitions)
    finally:
        database.close()


@pytest.mark.promise("unknown-group")
@pytest.mark.parametrize("kind", list(Definer))
@pytest.mark.parametrize("budget", [None, timedelta(hours=1)], ids=["patient", "impatient"])
def test_a_directory_is_believed_only_as_what_it_is(
    registry: Registry, kind: Definer, budget: timedelta | None
) -> None:
    registry.writer.register_source(HR, CORP, kind)
    registry.writer.observed(HR, at=NOON)
    scim = Directories((SpeakingDirectory(HR, CORP, admits_unknown=False),), {HR: budget})
    ldap = Directories((), {HR: budget})

    _, currency = registry.reader.current()

    believed = {
        Definer.SOURCE: currency.acl_observed_at.get(HR) == NOON,
        Definer.SCIM: HR in scim.believed(currency, Switches(), NOON),
        Definer.LDAP: HR in ldap.believed(currency, Switches(), NOON),
    }
    assert {one: one is kind for one in Definer} == believed


def admits(people: People, *names: str) -> list[bool]:
    return [refusal([user(name)], people, [], frozenset()) is None for name in names]


@pytest.mark.promise("scim-deactivation")
def test_whoever_was_let_go_stays_out_until_forgotten(
    registry: Registry,
) -> None:
    """
    Of one process that goes on; whatever the case of the name. Others are not concerned.
    """
    database = open_database(registry.url, may_write=True)
    users = UserProvisioning(database, ACME, BY_NAME)
    groups = GroupProvisioning(database, ACME, BY_NAME)
    try:
        require_same_directory(database, BY_NAME, now=NOON)
        kept = users.create(BOBS, ignored, now=NOON).kept
        users.create(replace(BOBS, user_name="ann"), ignored, now=NOON)
        groups.create(StatedGroup("eng", None, frozenset({kept.id})), ignored, now=NOON)
        users.change(
            kept.id, Condition(), lambda one: replace(one, active=False), ignored, now=NOON
        )
        before, _ = registry.reader.current()

        former = Forgetting(database, ACME, {})
        (left,) = former.left_behind()
        with pytest.raises(ConfigurationError):
            Forgetting(database, ACME, {HR: Definer.SCIM}).forget(HR, now=NOON)
        _, epoch = former.forget(HR, now=NOON)
        after, _ = registry.reader.current()
        past = History(database, ACME).at(Epoch(epoch - 1), None)

        assert (HR, "scim", 1, 1) == (left.name, left.kind, left.groups, left.refused)
        assert [False, False, True, True] == admits(before.people, "bob", "BOB", "ann", "carol")
        assert [True] * 4 == admits(after.people, "bob", "BOB", "ann", "carol")
        assert [False] == admits(past.people, "bob")
        assert [] == former.left_behind()
        with pytest.raises(ConfigurationError):
            former.forget(HR, now=NOON)
        assert users.create(BOBS, ignored, now=NOON).stated == BOBS
    finally:
        database.close()
