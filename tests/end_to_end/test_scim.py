"""
SCIM over HTTP: what is provisioned is in force at the next request, of every process.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from acl.errors import ConfigurationError
from acl.model.switches import Switch, SwitchKind
from acl.registry.switchboard import SwitchBoard
from acl.settings import load_configuration
from acl.wiring import open_ground
from readership.demo.issuer import UNSAFE_DEMO_ISSUER
from readership.directories import describe_directory
from readership.scim.routes import MAX_BODY_BYTES
from tests.end_to_end.scim_world import (
    CONFIGURATION,
    DIRECTORY,
    ERROR,
    GROUP,
    IDP,
    PATCH,
    USER,
    ScimWorld,
    served,
    serving,
)
from tests.postgres import Server

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ScimWorld]:
    """
    One service for this module, on each database; each test has people of its own.
    """
    directory = tmp_path_factory.mktemp("scim") / "world"
    if request.param == "sqlite":
        with serving(directory) as one:
            one.user("operator")
            yield one
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as name, serving(directory, registry=server.address(name)) as one:
        one.user("operator")
        yield one


def refused(answer: Response, status: int, scim_type: str | None = None) -> bool:
    """
    Say whether an answer is an error in SCIM's own form.
    """
    body = answer.json()
    return (
        answer.status_code == status
        and answer.headers["content-type"] == "application/scim+json"
        and body["schemas"] == [ERROR]
        and body["status"] == str(status)
        and body.get("scimType") == scim_type
    )


@pytest.mark.promise("scim-deactivation")
@pytest.mark.parametrize("how", ["patch", "entra", "put", "delete"])
def test_a_deactivated_user_is_refused_at_the_next_request(world: ScimWorld, how: str) -> None:
    """
    For search, fetch and explain; what they were allowed by name or by group makes no difference.
    """
    name = f"leaver-{how}"
    one = world.user(name)
    world.document(f"doc-{how}", f"user:{name}")
    assert {f"doc-{how}"} == world.found(name)
    assert 200 == world.fetch(name, f"doc-{how}").status_code
    before = world.explain(name, f"doc-{how}")
    assert "permit" == before["decision"]

    stated = {"schemas": [USER], "userName": name, "externalId": name, "active": False}
    answer = {
        "patch": lambda: world.patch(f"Users/{one}", {"op": "replace", "value": {"active": False}}),
        "entra": lambda: world.patch(
            f"Users/{one}", {"op": "Replace", "path": "active", "value": "False"}
        ),
        "put": lambda: world.scim("PUT", f"Users/{one}", stated),
        "delete": lambda: world.scim("DELETE", f"Users/{one}"),
    }[how]()

    assert answer.status_code in {200, 204}, answer.text
    for told in (world.search(name), world.fetch(name, f"doc-{how}")):
        assert (403, "not_admitted") == (told.status_code, told.json()["code"])
    now = world.explain(name, f"doc-{how}")
    assert ("deny", "directory") == (now["decision"], now["missing"])
    epoch = int(answer.headers["Readership-Epoch"])
    assert epoch == now["epoch"]
    earlier = world.explain(name, f"doc-{how}", at=before["epoch"])
    assert "permit" == earlier["decision"]
    later = world.explain(name, f"doc-{how}", at=epoch)
    assert ("deny", "directory") == (later["decision"], later["missing"])


@pytest.mark.promise("scim-deactivation")
def test_a_deactivated_operator_explains_nothing(world: ScimWorld) -> None:
    one = world.user("second-operator")
    headers = world.bearer("second-operator", "console", "rag.audit")
    body = {"reader": "operator", "document": "x"}
    assert 200 == world.http.post("/v1/explain", json=body, headers=headers).status_code

    world.patch(f"Users/{one}", {"op": "replace", "path": "active", "value": False})

    assert 403 == world.http.post("/v1/explain", json=body, headers=headers).status_code


@pytest.mark.promise("scim-deactivation")
def test_whoever_comes_back_reads_again(world: ScimWorld) -> None:
    """
    Also under a new resource, after the old one was deleted.
    """
    one = world.user("returner")
    world.document("back", "user:returner")
    world.patch(f"Users/{one}", {"op": "replace", "path": "active", "value": "False"})
    assert 403 == world.search("returner").status_code
    world.patch(f"Users/{one}", {"op": "replace", "path": "active", "value": "True"})
    assert {"back"} == world.found("returner")

    world.scim("DELETE", f"Users/{one}")
    assert 403 == world.search("returner").status_code
    world.user("returner")
    assert {"back"} == world.found("returner")


@pytest.mark.promise("scim-deactivation")
def test_who_was_never_provisioned_is_refused(world: ScimWorld) -> None:
    world.document("for-all", "user:operator", "user:stranger")
    assert "for-all" in world.found("operator")

    answer = world.search("stranger")

    assert (403, "not_admitted") == (answer.status_code, answer.json()["code"])
    why = world.explain("stranger", "for-all")
    assert "unknown in directory people" in why["chain"][-1]


@pytest.mark.promise("scim-in-force")
def test_a_group_change_holds_at_the_next_request(world: ScimWorld) -> None:
    """
    Through nesting, too; a denial keeps out whoever joins.
    """
    ann, ben = world.user("g-ann"), world.user("g-ben")
    inner = world.group("inner", ann)
    world.group("outer", inner)
    kept_out = world.group("kept-out")
    world.document("grouped", "group:outer", deny=("group:kept-out",))
    assert {"grouped"} == world.found("g-ann")
    assert set() == world.found("g-ben")

    world.patch(f"Groups/{inner}", {"op": "add", "path": "members", "value": [{"value": ben}]})
    assert {"grouped"} == world.found("g-ben")
    world.patch(f"Groups/{inner}", {"op": "remove", "path": f'members[value eq "{ann}"]'})
    assert set() == world.found("g-ann")
    world.patch(f"Groups/{kept_out}", {"op": "Add", "path": "members", "value": [{"value": ben}]})
    assert set() == world.found("g-ben")


@pytest.mark.promise("unknown-group")
def test_a_deleted_group_is_unknown(world: ScimWorld) -> None:
    """
    A denial that names it keeps everybody out, until it is there again.
    """
    world.user("d-ann")
    outcasts = world.group("outcasts")
    world.document("denying", "user:d-ann", deny=("group:outcasts",))
    assert {"denying"} == world.found("d-ann")

    world.scim("DELETE", f"Groups/{outcasts}")

    assert set() == world.found("d-ann")
    world.group("outcasts")
    assert {"denying"} == world.found("d-ann")


@pytest.mark.promise("scim-in-force")
def test_every_process_knows_at_its_next_request(world: ScimWorld) -> None:
    one = world.user("elsewhere")
    world.document("everywhere", "user:elsewhere")
    with served(world.configuration, world.issuer) as other:
        assert {"everywhere"} == other.found("elsewhere")

        world.patch(f"Users/{one}", {"op": "replace", "path": "active", "value": False})

        assert 403 == other.search("elsewhere").status_code
        other.patch(f"Users/{one}", {"op": "replace", "path": "active", "value": True})
        assert {"everywhere"} == world.found("elsewhere")


@pytest.mark.promise("scim-in-force")
def test_somebody_who_gets_another_id_has_left_the_old_one(world: ScimWorld) -> None:
    """
    Groups have the new one; whoever comes by the old one is refused.
    """
    one = world.user("old-id")
    world.group("renamers", one)
    world.document("renamed", "group:renamers")
    assert {"renamed"} == world.found("old-id")

    world.patch(f"Users/{one}", {"op": "replace", "path": "externalId", "value": "new-id"})

    assert 403 == world.search("old-id").status_code
    assert {"renamed"} == world.found("new-id")


def test_entra_id_provisions_as_it_is_known_to(world: ScimWorld) -> None:
    """
    Its look for somebody who is not there, its whole user, its capitals, its bare lists.
    """
    query = {"filter": 'userName eq "e-ann@acme.example"'}
    none = world.scim("GET", "Users", **query).json()
    assert (0, []) == (none["totalResults"], none["Resources"])
    body = {
        "schemas": [USER, ENTERPRISE],
        "externalId": "e-ann",
        "userName": "e-ann@acme.example",
        "active": True,
        "displayName": "Ann",
        "emails": [{"primary": True, "type": "work", "value": "e-ann@acme.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ann Example", "familyName": "Example", "givenName": "Ann"},
        ENTERPRISE: {"department": "Sales", "manager": {"value": "x"}},
        "roles": [],
    }
    created = world.scim("POST", "Users", body)
    assert 201 == created.status_code, created.text
    ann = created.json()["id"]
    assert created.headers["Location"].endswith(f"/scim/v2/Users/{ann}")
    assert "emails" not in created.json()
    assert 1 == world.scim("GET", "Users", **query).json()["totalResults"]
    changed = world.patch(
        f"Users/{ann}",
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "x@acme.example"},
        {"op": "Replace", "value": {"name.givenName": "Anna", "displayName": "Anna"}},
    )
    assert (200, False) == (changed.status_code, changed.json()["active"])
    group = {"schemas": [GROUP], "externalId": "e-g", "displayName": "E", "members": []}
    created = world.scim("POST", "Groups", {**group, "meta": {"resourceType": "Group"}})
    assert 201 == created.status_code, created.text
    staff = created.json()["id"]
    joined = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": ann}]}
    assert 200 == world.patch(f"Groups/{staff}", joined).status_code
    both = {"filter": f'id eq "{staff}" and members eq "{ann}"', "excludedAttributes": "members"}
    found = world.scim("GET", "Groups", **both).json()
    assert 1 == found["totalResults"]
    assert "members" not in found["Resources"][0]
    left = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": ann}]}
    assert "members" not in world.patch(f"Groups/{staff}", left).json()


def test_okta_provisions_as_it_is_known_to(world: ScimWorld) -> None:
    """
    Its whole PUT, its PATCH without a path, its id beside what it changes, its first page.
    """
    body = {
        "schemas": [USER],
        "userName": "o-ann@acme.example",
        "name": {"givenName": "Ann", "familyName": "Example"},
        "emails": [{"primary": True, "value": "o-ann@acme.example", "type": "work"}],
        "displayName": "Ann Example",
        "locale": "en-US",
        "externalId": "o-ann",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    ann = world.scim("POST", "Users", body).json()["id"]
    assert refused(world.scim("POST", "Users", body), 409, "uniqueness")
    meta = {"resourceType": "User"}
    put = world.scim("PUT", f"Users/{ann}", {**body, "id": ann, "meta": meta, "active": False})
    assert (200, False) == (put.status_code, put.json()["active"])
    again = world.patch(f"Users/{ann}", {"op": "replace", "value": {"active": True}})
    assert again.json()["active"]
    page = world.scim("GET", "Users", startIndex="1", count="2").json()
    assert (2, 1) == (page["itemsPerPage"], page["startIndex"])
    group = {"schemas": [GROUP], "displayName": "O", "externalId": "o-g", "members": []}
    staff = world.scim("POST", "Groups", group).json()["id"]
    renamed = {"op": "replace", "value": {"id": staff, "displayName": "O2"}}
    assert "O2" == world.patch(f"Groups/{staff}", renamed).json()["displayName"]
    member = {"value": ann, "display": "o-ann@acme.example"}
    told = world.patch(f"Groups/{staff}", {"op": "add", "path": "members", "value": [member]})
    (found,) = told.json()["members"]
    assert (ann, "User") == (found["value"], found["type"])


def test_versions_are_etags(world: ScimWorld) -> None:
    """
    RFC 7644, section 3.14.
    """
    one = world.user("versioned")
    first = world.scim("GET", f"Users/{one}")
    assert ('W/"1"', 'W/"1"') == (first.headers["ETag"], first.json()["meta"]["version"])
    same = world.scim("GET", f"Users/{one}", headers={"If-None-Match": 'W/"1"'})
    assert (304, b"") == (same.status_code, same.content)
    off = {"op": "replace", "path": "active", "value": False}
    stale = world.patch(f"Users/{one}", off, **{"If-Match": 'W/"7"'})
    assert refused(stale, 412)
    assert refused(world.patch(f"Users/{one}", off, **{"If-Match": "nonsense"}), 412)
    assert refused(world.patch(f"Users/{one}", off, **{"If-None-Match": "*"}), 412)
    assert refused(world.patch(f"Users/{one}", off, **{"If-None-Match": 'W/"1"'}), 412)
    changed = world.patch(f"Users/{one}", off, **{"If-Match": 'W/"7", W/"1"'})
    assert (200, 'W/"2"') == (changed.status_code, changed.headers["ETag"])
    unchanged = world.patch(f"Users/{one}", off, **{"If-Match": "*"})
    assert 'W/"2"' == unchanged.headers["ETag"]
    assert 200 == world.scim("GET", f"Users/{one}", headers={"If-None-Match": 'W/"1"'}).status_code


def test_a_page_has_an_end(world: ScimWorld) -> None:
    world.user("paged-1")
    world.user("paged-2")
    chosen = {"filter": 'externalId sw "paged-"'}

    assert 1 == world.scim("GET", "Users", count="1", **chosen).json()["itemsPerPage"]
    empty = world.scim("GET", "Users", count="0", **chosen).json()
    assert (2, []) == (empty["totalResults"], empty["Resources"])
    assert [] == world.scim("GET", "Users", startIndex="3", **chosen).json()["Resources"]
    odd = world.scim("GET", "Users", startIndex="-5", count="-5", **chosen).json()
    assert (1, []) == (odd["startIndex"], odd["Resources"])
    huge = world.scim("GET", "Users", startIndex="9" * 18, count="9" * 18, **chosen).json()
    assert (2, []) == (huge["totalResults"], huge["Resources"])


def test_only_what_is_asked_for_is_told(world: ScimWorld) -> None:
    one = world.user("asked")
    told = world.scim("GET", f"Users/{one}", attributes="userName").json()
    assert {"schemas", "id", "userName"} == told.keys()
    told = world.scim("GET", f"Users/{one}", excludedAttributes="active,meta,id").json()
    assert {"schemas", "id", "userName", "externalId"} == told.keys()
    both = world.scim("GET", f"Users/{one}", attributes="active", excludedAttributes="id")
    assert refused(both, 400, "invalidValue")


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"user"',
        b"\xff\xfe",
        b'{"schemas": ["%b"], "userName": "a", "userName": "b"}' % USER.encode(),
        b'{"schemas": ["%b"], "userName": NaN}' % USER.encode(),
        b'{"schemas": ["%b"], "userName": "\\ud800", "externalId": "h"}' % USER.encode(),
        b'{"schemas": ["%b"], "userName": "h\\u0000", "externalId": "h"}' % USER.encode(),
        b'{"a": ' * 5_000 + b"1" + b"}" * 5_000,
        b'{"schemas": ["%b"], "userName": ["a"]}' % USER.encode(),
        b'{"schemas": ["%b"], "userName": "hostile", "externalId": {}}' % USER.encode(),
        b'{"schemas": [["%b"]], "userName": "hostile"}' % USER.encode(),
        b'{"schemas": ["%b"], "userName": "hostile", "externalId": "a\\nb"}' % USER.encode(),
        b'{"schemas": ["%b"], "userName": "%b", "externalId": "h"}' % (USER.encode(), b"x" * 9_000),
        b'{"schemas": ["%b"], "userName": "h", "externalId": "h", "active": 1e999}' % USER.encode(),
    ],
)
def test_what_is_no_user_is_400_in_scims_form(world: ScimWorld, body: bytes) -> None:
    before = world.scim("GET", "Users").json()["totalResults"]
    for method, path in (("POST", "Users"), ("PUT", "Users/x"), ("PATCH", "Users/x")):
        answer = world.scim(method, path, body)
        assert 400 == answer.status_code, (method, answer.text)
        assert [ERROR] == answer.json()["schemas"]
    assert before == world.scim("GET", "Users").json()["totalResults"]


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize(
    "operations",
    [
        "none",
        [],
        [{"op": "replace", "path": "active", "value": False}] * 1_001,
        [{"op": "replace", "path": "(" * 5_000, "value": 1}],
        [{"op": "remove", "path": "members[" + "(" * 400 + "value pr" + ")" * 400 + "]"}],
        [{"op": "add", "path": "members", "value": [{"value": "nobody"}]}],
        [{"op": "add", "path": "members", "value": [{"value": "\u0000"}]}],
        [{"op": "add", "path": "members", "value": [{"value": "\ud800"}]}],
        [{"op": "add", "path": "members", "value": {"value": {"value": "x"}}}],
        [{"op": "replace", "path": "displayName", "value": "\u202e" * 300}],
        [{"op": {"a": 1}}],
    ],
)
def test_what_is_no_patch_is_400_in_scims_form(world: ScimWorld, operations: Any) -> None:  # noqa: ANN401
    """
    And nothing of it is applied, not even what came before.
    """
    name = f"patched-{abs(hash(repr(operations)[:500]))}"
    one = world.group(name)
    fine = [{"op": "replace", "path": "displayName", "value": "changed"}]
    listed = fine + operations if isinstance(operations, list) and operations else operations
    body = json.dumps({"schemas": [PATCH], "Operations": listed}).encode()

    answer = world.scim("PATCH", f"Groups/{one}", body)

    assert 400 == answer.status_code, answer.text
    assert [ERROR] == answer.json()["schemas"]
    assert name == world.scim("GET", f"Groups/{one}").json()["displayName"]


@pytest.mark.promise("scim-hostile")
@pytest.mark.parametrize(
    "query",
    [
        {"filter": "("},
        {"filter": "active gt true"},
        {"filter": 'meta.created gt "soon"'},
        {"filter": "(" * 5_000},
        {"filter": 'userName eq "' + "x" * 5_000 + '"'},
        {"startIndex": "one"},
        {"count": "1.5"},
        {"count": "٣"},
    ],
)
def test_what_is_no_query_is_400_in_scims_form(world: ScimWorld, query: dict[str, str]) -> None:
    for path in ("Users", "Groups"):
        answer = world.scim("GET", path, **query)
        expected = 200 if path == "Groups" and "active" in str(query) else 400
        assert expected == answer.status_code, answer.text


@pytest.mark.promise("scim-hostile")
def test_other_spellings_of_an_id_are_not_found(world: ScimWorld) -> None:
    one = world.user("spelled")
    for other in (
        one.upper(),
        f"{one}%20",
        f"%00{one}",
        "%2E%2E",
        "%ED%A0%80",
        "x" * 5_000,
        f"{one}/",
    ):
        if other != one:
            assert refused(world.scim("GET", f"Users/{other}"), 404), other


@pytest.mark.promise("scim-hostile")
def test_a_body_without_end_is_413_in_scims_form(world: ScimWorld) -> None:
    body = b'{"x": "' + b"x" * MAX_BODY_BYTES + b'"}'
    assert refused(world.scim("POST", "Users", body), 413)


def test_what_is_not_there_says_so(world: ScimWorld) -> None:
    assert refused(world.scim("GET", "Users/nobody"), 404)
    assert refused(world.scim("GET", "Nothing"), 404)
    assert refused(world.scim("GET", "Schemas/nothing"), 404)
    assert refused(world.scim("DELETE", "Users"), 405)
    assert refused(world.scim("POST", "Schemas", {}), 405)
    for path in ("Me", "Bulk", ".search", "Users/.search"):
        assert refused(world.scim("POST", path, {}), 501), path


def test_a_change_leaves_an_audit_record_and_a_refusal_another(
    world: ScimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acl.audit.refusals.REFUSAL_WINDOW", timedelta(-1))  # others were refused
    one = world.user("recorded")
    world.group("recording", one)
    world.scim("POST", "Users", {"schemas": [USER], "userName": "recorded@acme.example"})

    created, grouped, refusal = world.events()[-3:]

    assert "accepted" == created["outcome"]
    assert (DIRECTORY, "create user", "active", "user:corp/recorded") == tuple(
        created["details"][name] for name in ("directory", "operation", "state", "principal")
    )
    assert ([one], 1) == (grouped["details"]["added"], grouped["details"]["added_count"])
    assert ("refused", "invalid_value") == (refusal["outcome"], refusal["details"]["code"])
    assert "acme.example" not in json.dumps([created, grouped])


def test_an_operator_may_switch_a_directory_off(world: ScimWorld) -> None:
    """
    It admits nobody then, and its groups are unknown.
    """
    world.user("switched")
    world.document("switching", "user:switched")
    assert {"switching"} == world.found("switched")
    ground = open_ground(world.configuration, may_write=True)
    board = SwitchBoard(ground.database)
    one = Switch(SwitchKind.SOURCE, "", DIRECTORY)
    board.switch_off(one, "a test", now=ground.clock())
    try:
        assert 403 == world.search("switched").status_code
    finally:
        board.switch_on(one, now=ground.clock())
        ground.close()
    assert {"switching"} == world.found("switched")


def test_doctor_counts_whom_a_directory_has_named(tmp_path: Path) -> None:
    with serving(tmp_path / "one") as world:
        (settings,) = world.configuration.settings.directories
        one = world.user("ann")
        world.user("bob", active=False)
        world.group("staff", one)

        told = describe_directory(world.ground, settings)

    assert told.startswith("users: 1 active, 1 inactive; groups: 1; last heard of ")


def test_a_client_may_be_switched_off(world: ScimWorld) -> None:
    ground = open_ground(world.configuration, may_write=True)
    board = SwitchBoard(ground.database)
    one = Switch(SwitchKind.CLIENT, UNSAFE_DEMO_ISSUER, IDP)
    board.switch_off(one, "a test", now=ground.clock())
    try:
        assert refused(world.scim("GET", "Users"), 403)
    finally:
        board.switch_on(one, now=ground.clock())
        ground.close()


@pytest.mark.promise("scim-deactivation")
def test_a_directory_that_names_only_some_admits_the_others(tmp_path: Path) -> None:
    """
    But nobody whom it has named and who is gone.
    """
    line = f'clients = ["{IDP}"]'
    with serving(tmp_path / "lax", edit={line: f'{line}\nunknown_users = "allow"'}) as world:
        world.document("open", "everyone")
        assert {"open"} == world.found("stranger")
        one = world.user("leaver")
        world.scim("DELETE", f"Users/{one}")

        assert 403 == world.search("leaver").status_code


@pytest.mark.promise("scim-deactivation")
def test_a_directory_that_has_been_silent_for_too_long_admits_nobody(tmp_path: Path) -> None:
    """
    Any request of its client breaks the silence.
    """
    line = f'clients = ["{IDP}"]'
    with serving(tmp_path / "silent", edit={line: f'{line}\nstaleness = "1h"'}) as world:
        world.user("ann")
        world.document("open", "everyone")
        assert {"open"} == world.found("ann")
        ground = open_ground(world.configuration, may_write=True)
        with ground.database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE sources SET acl_observed_at = acl_observed_at - 3700000000 WHERE name = ?",
                (DIRECTORY,),
            )
        ground.close()
        assert 403 == world.search("ann").status_code

        world.scim("GET", "ServiceProviderConfig")

        assert {"open"} == world.found("ann")


DIRECTORY_SECTION = CONFIGURATION[CONFIGURATION.index("[[directories]]") :]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (f'clients = ["{IDP}"]', "clients = []", "at least 1 item"),
        (f'clients = ["{IDP}"]', "", "clients is missing"),
        ('user_id = "externalId"', "", "user_id is missing"),
        ('user_id = "externalId"', 'user_id = "displayName"', "user_id"),
        ('kind = "scim"', 'kind = "nis"', "kind"),
        (f'name = "{DIRECTORY}"', 'name = "wiki"', "two sources share one name"),
        (
            f'clients = ["{IDP}"]',
            f'clients = ["{IDP}"]\nissuer = "https://other.example"',
            "is not configured",
        ),
        (f'clients = ["{IDP}"]', f'clients = ["{IDP}"]\nstaleness = "0s"', "more than zero"),
        (f'clients = ["{IDP}"]', f'clients = ["{IDP}"]\nunknown_users = "maybe"', "unknown_users"),
        ("[[directories]]", DIRECTORY_SECTION.replace(DIRECTORY, "more"), "who the users of"),
        (
            "[[directories]]",
            DIRECTORY_SECTION.replace(DIRECTORY, "more").replace("corp", "other"),
            "provisions another directory already",
        ),
        (
            # One names the issuer, and the other need not, as there is one.
            "[[directories]]",
            DIRECTORY_SECTION.replace(DIRECTORY, "more").replace(
                'authority = "corp"', f'authority = "other"\nissuer = "{UNSAFE_DEMO_ISSUER}"'
            ),
            "provisions another directory already",
        ),
        (
            "[[directories]]",
            '[[issuers]]\nissuer = "https://b.example"\naudiences = ["x"]\n[[directories]]',
            "so it names its issuer",
        ),
    ],
)
def test_a_configuration_that_could_be_misread_is_refused(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    joined = f"{after}{before}" if after.startswith("[[directories]]") else after
    file = tmp_path / "readership.toml"
    file.write_text(CONFIGURATION.replace(before, joined), encoding="utf-8")
    file.chmod(0o600)

    with pytest.raises(ConfigurationError) as refusal:
        load_configuration(file)

    assert says in refusal.value.diagnostics()


def test_a_directory_cannot_choose_other_ids_later(tmp_path: Path) -> None:
    with serving(tmp_path / "one") as world:
        world.user("ann")
    edit = {'user_id = "externalId"': 'user_id = "userName"'}

    with pytest.raises(ConfigurationError) as refusal, serving(tmp_path / "one", edit=edit):
        pass

    assert "give it another name" in refusal.value.diagnostics()
