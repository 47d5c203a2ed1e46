"""
SCIM over HTTP, where a statement could be meant in two ways, is a slip of the pen, or asks for
too much: it is refused, and says what to send instead.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx2 import Response

from acl.model.provisioning import Condition
from acl.registry.provisioning_groups import GroupProvisioning
from tests.end_to_end.scim_world import GROUP, USER, ScimWorld, serving

CORE = "urn:ietf:params:scim:schemas:core:2.0"
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScimWorld]:
    with serving(tmp_path_factory.mktemp("scim-statements") / "world") as one:
        yield one


def stated(name: str, **more: object) -> dict[str, object]:
    return {"schemas": [GROUP], "displayName": name, "externalId": name, **more}


def members(world: ScimWorld, group: str) -> int:
    return len(world.scim("GET", f"Groups/{group}").json().get("members", []))


def refused(answer: Response, scim_type: str, says: str) -> bool:
    body = answer.json()
    return (answer.status_code, body.get("scimType")) == (400, scim_type) and says in body["detail"]


@pytest.mark.promise("scim-atomic")
def test_a_group_is_not_emptied_by_silence(world: ScimWorld) -> None:
    """
    Whoever a denial of it keeps out would get in. Nor is it left as it is: said so, it is done.
    """
    one = world.user("barred")
    group = world.group("barred-group", one)
    world.document("barred-doc", "user:barred", deny=("group:barred-group",))
    assert set() == world.found("barred")

    for body in (stated("barred-group"), stated("barred-group", members=None)):
        answer = world.scim("PUT", f"Groups/{group}", body)
        assert refused(answer, "invalidValue", '"members": []'), answer.text
    assert set() == world.found("barred")
    assert 1 == members(world, group)

    body = stated("barred-group", members=[])
    assert 200 == world.scim("PUT", f"Groups/{group}", body).status_code
    assert {"barred-doc"} == world.found("barred")
    # Where there are none, silence has one meaning; an empty group is read back without them.
    body = {**world.scim("GET", f"Groups/{group}").json(), "displayName": "renamed"}
    assert "members" not in body
    assert 200 == world.scim("PUT", f"Groups/{group}", body).status_code


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize(
    "name",
    [
        f"{CORE}:Group:memberz",
        f"{CORE}:Group",
        f"{CORE}:members",
        f"{CORE}:Groups:members",
        "urn:ietf:params:scim:schemas:core:2.1:Group:members",
        "urn:ietf:params:scim:schema:core:2.0:Group:members",
        "URN:IETF:params:scim:schemas:core:1.0:members",
        "urn:ietf:params:scim:schemas:extensions:x",
    ],
)
def test_a_misspelt_name_of_the_standard_is_refused(world: ScimWorld, name: str) -> None:
    one = world.user(f"misspelt-{abs(hash(name))}")
    group = world.group(f"misspelt-{abs(hash(name))}", one)

    answers = [
        world.patch(f"Groups/{group}", {"op": "replace", "path": name, "value": []}),
        world.patch(f"Groups/{group}", {"op": "replace", "value": {name: []}}),
        world.scim("PUT", f"Groups/{group}", stated("x", members=[], **{name: []})),
        world.patch(f"Users/{one}", {"op": "replace", "value": {name: False}}),
        world.scim("PUT", f"Users/{one}", {"schemas": [USER], "userName": "x", name: False}),
    ]

    assert [400] * 5 == [one.status_code for one in answers]
    assert 1 == members(world, group)


def test_the_right_name_and_those_of_extensions_are_taken(world: ScimWorld) -> None:
    """
    The control.
    """
    group = world.group("spelt", world.user("spelt"))
    extension = "urn:ietf:params:scim:schemas:extension:x:2.0:Group:a"

    for name in (extension, "urn:okta:custom:group:1.0"):
        told = world.patch(f"Groups/{group}", {"op": "add", "path": name, "value": "y"})
        assert 200 == told.status_code, told.text
    assert 1 == members(world, group)
    world.patch(f"Groups/{group}", {"op": "replace", "path": f"{CORE}:Group:members", "value": []})
    assert 0 == members(world, group)


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize(
    ("where", "operation", "scim_type", "says"),
    [
        ("Users", {"op": "remove", "path": 'groups[value eq "x"]'}, "mutability", "members of the"),
        ("Users", {"op": "replace", "value": {"groups": []}}, "mutability", "members of the"),
        ("Groups", {"op": "remove", "path": "members", "value": []}, "invalidValue", "no value"),
        (
            "Groups",
            {"op": "remove", "path": 'members[value eq "x"]', "value": [{"value": "y"}]},
            "invalidValue",
            "not by both",
        ),
    ],
)
def test_what_would_not_be_done_is_refused(
    world: ScimWorld, where: str, operation: object, scim_type: str, says: str
) -> None:
    name = f"undone-{abs(hash(repr(operation)))}"
    one = world.user(name)
    path = f"Users/{one}" if where == "Users" else f"Groups/{world.group(name, one)}"

    assert refused(world.patch(path, operation), scim_type, says)


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_calendar_is_no_moment(world: ScimWorld, moment: str) -> None:
    for path in ("Users", "Groups"):
        answer = world.scim("GET", path, filter=f'meta.created gt "{moment}"')
        assert refused(answer, "invalidFilter", "a time is written like"), answer.text


@pytest.mark.promise("scim-hostile")
def test_a_patch_that_asks_for_too_much_says_so(world: ScimWorld, monkeypatch: Any) -> None:  # noqa: ANN401
    monkeypatch.setattr("readership.scim.choosing.MAX_LOOKED_AT", 20)
    people = [world.user(f"many-{number}") for number in range(5)]
    group = world.group("many", *people)
    nobody = {"op": "remove", "path": 'members[value sw "nobody"]'}

    assert 200 == world.patch(f"Groups/{group}", *[nobody] * 4).status_code
    assert refused(world.patch(f"Groups/{group}", *[nobody] * 5), "tooMany", "fewer operations")


def test_an_etag_is_of_the_version_that_was_committed(
    world: ScimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever then changes the group on the condition of that tag changes what they were told of.
    """
    group = world.group("tagged", world.user("tagged"))
    change = GroupProvisioning.change

    def emptied(one: Any) -> Any:  # noqa: ANN401
        return type(one)("overtaken", one.external_id, frozenset())

    def overtaken(groups: GroupProvisioning, identifier: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        told = change(groups, identifier, *rest, **more)
        record = rest[2]
        change(groups, identifier, Condition(), emptied, record, now=LATER)
        return told

    monkeypatch.setattr(GroupProvisioning, "change", overtaken)
    answer = world.patch(f"Groups/{group}", {"op": "replace", "value": {"displayName": "mine"}})
    monkeypatch.undo()

    body = answer.json()
    assert ('W/"2"', 'W/"2"') == (answer.headers["ETag"], body["meta"]["version"])
    assert ("mine", 1) == (body["displayName"], len(body["members"]))
    stale = {"If-Match": answer.headers["ETag"]}
    again = {"op": "replace", "value": {"displayName": "again"}}
    assert 412 == world.patch(f"Groups/{group}", again, **stale).status_code
