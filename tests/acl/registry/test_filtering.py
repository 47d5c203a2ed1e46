"""
A filter finds in every database what a plain reading of it finds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.filters import All, Filter, Not, Operator, Some, Test, Value, Within
from acl.model.identifiers import SourceName
from acl.model.provisioning import (
    IdAttribute,
    KeptGroup,
    KeptUser,
    ProvisionedDirectory,
    StatedGroup,
    StatedUser,
)
from acl.registry.database import open_database
from acl.registry.filtering import UnusableFilterError
from acl.registry.provisioned import Page, ProvisionedRegistry
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from tests.acl.people import ACME, CORP, NOON
from tests.acl.registry.registries import Registry
from tests.properties.effort import tries

PEOPLE: Final = ProvisionedDirectory(
    SourceName("people"), CORP, IdAttribute.USER_NAME, IdAttribute.ID
)
WHOLE: Final = Page(0, 1_000)
USERS: Final = (
    StatedUser("Ann", "e1", active=True),
    StatedUser("bob", None, active=True),
    StatedUser("Bobby", "E1", active=False),
    StatedUser("straße", "é", active=False),
    StatedUser("100%_x", "a\\b", active=True),
)
GROUPS: Final = (("Staff", "g1"), ("staff", None), ("STRASSE", "g%"), ("none", "G1"))
TEXTS: Final = [
    *("ann", "ANN", "b", "B", "bob", "", "e1", "E1", "é", "%", "_", "\\", "strasse", "\0"),
    "\ud800",
    "' OR 1=1 --",
    "g1",
]
ORDERED: Final = {Operator.GT, Operator.GE, Operator.LT, Operator.LE}


def nobody_hears(done: Provisioned) -> None:
    del done


class World:
    """
    Some users, and groups of them, in one registry.
    """

    def __init__(self, registry: Registry) -> None:
        self.database = open_database(registry.url, may_write=True)
        users = UserProvisioning(self.database, ACME, PEOPLE)
        groups = GroupProvisioning(self.database, ACME, PEOPLE)
        self.registry = ProvisionedRegistry(self.database, PEOPLE.name)
        moments = (NOON + timedelta(hours=number) for number in range(99))
        made = [users.create(one, nobody_hears, now=next(moments)) for one in USERS]
        ids = [one.kept.id for one in made]
        for number, (name, external) in enumerate(GROUPS):
            members = frozenset(ids[: 2 * number])
            stated = StatedGroup(name, external, members)
            groups.create(stated, nobody_hears, now=next(moments))
        # Somebody else's, which no filter may find.
        other = ProvisionedDirectory(SourceName("other"), CORP, IdAttribute.ID, IdAttribute.ID)
        UserProvisioning(self.database, ACME, other).create(USERS[0], nobody_hears, now=NOON)
        self.users = self.registry.users(None, WHOLE)[1]
        self.groups = self.registry.groups(None, WHOLE, members=True)[1]
        self.ids = ids


def of_user(one: KeptUser) -> Mapping[str, object]:
    return {
        "id": one.kept.id,
        "username": one.stated.user_name,
        "externalid": one.stated.external_id,
        "active": one.stated.active,
        "meta.created": one.kept.created,
    }


def of_group(one: KeptGroup) -> Mapping[str, object]:
    return {
        "id": one.kept.id,
        "displayname": one.display_name,
        "externalid": one.external_id,
        "meta.created": one.kept.created,
        "members": [*(one.users or ()), *(one.groups or ())],
    }


def passes(stated: Filter, resource: Mapping[str, object]) -> bool:  # noqa: C901, PLR0911 - one table
    """
    Read a filter as the RFC explains it.
    """
    match stated:
        case All(parts):
            return all(passes(one, resource) for one in parts)
        case Some(parts):
            return any(passes(one, resource) for one in parts)
        case Not(part):
            return not passes(part, resource)
        case Within("members", inner):
            found = resource.get("members", [])
            assert isinstance(found, list)
            return any(passes(inner, {"value": one}) for one in found)
        case Within():
            return False
        case Test(attribute, Operator.NE, value):
            return not passes(Test(attribute, Operator.EQ, value), resource)
        case Test("members" | "members.value", operator, value) if "members" in resource:
            if operator is Operator.EQ and value is None:
                return not resource["members"]
            return passes(Within("members", Test("value", operator, value)), resource)
        case Test(attribute, operator, value):
            return compared(attribute, resource.get(attribute), operator, value)


def compared(attribute: str, found: object, operator: Operator, value: Value) -> bool:
    if operator is Operator.PR or value is None:
        return (found is not None) == (operator is Operator.PR)
    if found is None or type(found) is not type(value):
        return False
    if isinstance(found, str) and isinstance(value, str):
        if "\0" in value or "\ud800" in value:
            return False
        if attribute in {"username", "displayname"}:
            return texts(found.casefold(), operator, value.casefold())
        return texts(found, operator, value)
    return operator is Operator.EQ and found == value


def texts(found: str, operator: Operator, value: str) -> bool:
    return {
        Operator.EQ: found == value,
        Operator.CO: value in found,
        Operator.SW: found.startswith(value),
        Operator.EW: found.endswith(value),
        Operator.GT: found > value,
        Operator.GE: found >= value,
        Operator.LT: found < value,
        Operator.LE: found <= value,
    }[operator]


def leaves_of(attributes: list[str]) -> st.SearchStrategy[Filter]:
    some = [one for one in Operator if one is not Operator.PR]
    named = st.sampled_from([*attributes, "emails", "nickname"])
    values = st.one_of(st.sampled_from(TEXTS), st.just(7))
    return st.one_of(
        st.builds(Test, named, st.sampled_from(some), values),
        st.builds(Test, st.sampled_from([*attributes, "emails"]), st.just(Operator.PR)),
        st.builds(Test, named, st.sampled_from([Operator.EQ, Operator.NE]), st.none()),
    )


def filters_of(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Some, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Not, inner),
        ),
        max_leaves=6,
    )


ACTIVE: Final = st.builds(
    Test, st.just("active"), st.sampled_from([Operator.EQ, Operator.NE]), st.booleans()
)


@pytest.mark.promise("scim-reference")
def test_a_filter_finds_what_a_plain_reading_of_it_finds(registry: Registry) -> None:
    world = World(registry)

    @tries(80)
    @given(filters_of(st.one_of(leaves_of(["id", "username", "externalid"]), ACTIVE)))
    def of_users(stated: Filter) -> None:
        expected = [one for one in world.users if passes(stated, of_user(one))]
        total, found = world.registry.users(stated, WHOLE)
        assert (len(expected), expected) == (total, found)

    members = st.sampled_from([*world.ids, "nobody"])
    inner = st.builds(
        Test, st.just("value"), st.sampled_from([Operator.EQ, Operator.NE, Operator.SW]), members
    )
    within = st.builds(Within, st.sampled_from(["members", "emails"]), inner)
    whole = leaves_of(["id", "displayname", "externalid", "members"])
    chosen = st.builds(Test, st.just("members"), st.just(Operator.EQ), members)

    @tries(80)
    @given(filters_of(st.one_of(whole, within, chosen)))
    def of_groups(stated: Filter) -> None:
        expected = [one for one in world.groups if passes(stated, of_group(one))]
        total, found = world.registry.groups(stated, WHOLE, members=True)
        assert (len(expected), expected) == (total, found)

    of_users()
    of_groups()
    world.database.close()


def test_times_are_compared_as_moments(registry: Registry) -> None:
    world = World(registry)
    second = sorted(one.kept.created for one in world.users)[1].isoformat()
    counted = {
        one: world.registry.users(Test("meta.created", one, second), WHOLE)[0]
        for one in (Operator.EQ, Operator.NE, *sorted(ORDERED))
    }
    without_zone = datetime.fromisoformat(second).astimezone(UTC).replace(tzinfo=None)
    same = Test("meta.created", Operator.EQ, without_zone.isoformat())

    assert 1 == world.registry.users(same, WHOLE)[0]
    assert {
        Operator.EQ: 1,
        Operator.NE: 4,
        Operator.GT: 3,
        Operator.GE: 4,
        Operator.LT: 1,
        Operator.LE: 2,
    } == counted
    world.database.close()


@pytest.mark.parametrize(
    "stated",
    [
        Test("active", Operator.GT, value=True),
        Test("active", Operator.CO, "r"),
        Test("meta.created", Operator.SW, "2027"),
        Test("meta.created", Operator.GT, "soon"),
        Test("meta.created", Operator.GT, 5),
    ],
)
def test_what_cannot_be_compared_is_refused(sqlite_registry: Registry, stated: Filter) -> None:
    world = World(sqlite_registry)
    with pytest.raises(UnusableFilterError):
        world.registry.users(stated, WHOLE)
    world.database.close()


def test_pages_are_parts_of_one_list(registry: Registry) -> None:
    world = World(registry)
    parts = [world.registry.users(None, Page(start, 2)) for start in (0, 2, 4, 6, 10**9)]

    assert {5} == {total for total, _ in parts}
    assert list(world.users) == [one for _, some in parts for one in some]
    assert (5, []) == world.registry.users(None, Page(0, 0))
    world.database.close()
