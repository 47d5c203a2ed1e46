"""
Every operation of SCIM, taken from its own description, against whoever may not call it and
against everything that may fail: nothing is told, nothing is changed, and SCIM's form is kept.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from acl.audit.chain import AuditTrail
from acl.identity.errors import KeysUnavailableError
from acl.identity.jwks import PublicKey
from acl.identity.tokens import TokenVerifier
from acl.model.identifiers import SourceName
from acl.model.revocations import SUBJECT, TokensOf
from acl.registry.database import open_database
from acl.registry.provisioned import ProvisionedRegistry
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from readership.demo.issuer import UNSAFE_DEMO_ISSUER, UnsafeDemoIssuer
from readership.provisioning import scim_challenges
from readership.recording import DeskRecords
from readership.revoking import revoke
from readership.scim.desk import ScimDesk
from readership.scim.routes import scim_routes
from retrieval.identity_wiring import trusted_issuers
from tests.end_to_end.scim_world import (
    DIRECTORY,
    ERROR,
    GROUP,
    IDP,
    PATCH,
    USER,
    ScimWorld,
    serving,
)

CANARY: Final = "zanzibarcanary"


@dataclass(frozen=True)
class Target:
    """
    A user and a group that nobody may learn of.
    """

    user: str
    group: str


def user_body(name: str) -> dict[str, object]:
    return {"schemas": [USER], "userName": name, "externalId": name, "active": False}


def group_body(name: str) -> dict[str, object]:
    return {"schemas": [GROUP], "displayName": name, "externalId": name, "members": []}


def patch_body(attribute: str, value: object) -> dict[str, object]:
    operation = {"op": "replace", "path": attribute, "value": value}
    return {"schemas": [PATCH], "Operations": [operation]}


Call = Callable[[Target], tuple[str, str, object]]
CALLS: Final[Mapping[str, Call]] = {
    "scimListUsers": lambda _: ("GET", "/Users", None),
    "scimCreateUser": lambda _: ("POST", "/Users", user_body("another")),
    "scimGetUser": lambda one: ("GET", f"/Users/{one.user}", None),
    "scimReplaceUser": lambda one: ("PUT", f"/Users/{one.user}", user_body("changed")),
    "scimPatchUser": lambda one: ("PATCH", f"/Users/{one.user}", patch_body("active", False)),  # noqa: FBT003
    "scimDeleteUser": lambda one: ("DELETE", f"/Users/{one.user}", None),
    "scimListGroups": lambda _: ("GET", "/Groups", None),
    "scimCreateGroup": lambda _: ("POST", "/Groups", group_body("another")),
    "scimGetGroup": lambda one: ("GET", f"/Groups/{one.group}", None),
    "scimReplaceGroup": lambda one: ("PUT", f"/Groups/{one.group}", group_body("changed")),
    "scimPatchGroup": lambda one: ("PATCH", f"/Groups/{one.group}", patch_body("members", [])),
    "scimDeleteGroup": lambda one: ("DELETE", f"/Groups/{one.group}", None),
    "scimServiceProvider": lambda _: ("GET", "/ServiceProviderConfig", None),
    "scimListResourceTypes": lambda _: ("GET", "/ResourceTypes", None),
    "scimGetResourceType": lambda _: ("GET", "/ResourceTypes/User", None),
    "scimListSchemas": lambda _: ("GET", "/Schemas", None),
    "scimGetSchema": lambda _: ("GET", f"/Schemas/{USER}", None),
}
READING: Final = ("scimList", "scimGet", "scimServ")
CHANGING: Final = frozenset(name for name in CALLS if not name.startswith(READING))
SAYING_WHAT_IS_KEPT: Final = frozenset(
    {"scimListUsers", "scimGetUser", "scimListGroups", "scimGetGroup"}
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScimWorld]:
    with serving(tmp_path_factory.mktemp("scim-matrix") / "world") as one:
        yield one


@pytest.fixture(scope="module")
def target(world: ScimWorld) -> Target:
    one = world.user(CANARY)
    return Target(one, world.group(CANARY, one))


def called(
    world: ScimWorld,
    name: str,
    target: Target,
    headers: Mapping[str, str],
    app: FastAPI | None = None,
) -> Response:
    """
    Call one operation, of the service or of one in which something is broken.
    """
    method, path, body = CALLS[name](target)
    http = world.http if app is None else TestClient(app, raise_server_exceptions=False)
    content = None if body is None else json.dumps(body).encode()
    return http.request(method, f"/scim/v2{path}", content=content, headers=dict(headers))


def state(world: ScimWorld, target: Target) -> Any:  # noqa: ANN401 - whatever it is
    """
    Return everything that a call could have changed.
    """
    return (
        world.scim("GET", "Users").json(),
        world.scim("GET", "Groups").json(),
        world.scim("GET", f"Groups/{target.group}").json(),
    )


@pytest.mark.promise("every-endpoint")
def test_every_operation_takes_part(world: ScimWorld) -> None:
    """
    A new one has no entry here, and fails.
    """
    described = {
        one["operationId"]
        for path, methods in world.app.openapi()["paths"].items()
        for one in methods.values()
        if path.startswith("/scim/")
    }

    assert described == CALLS.keys()


@pytest.mark.promise("scim-authorised")
@pytest.mark.promise("every-endpoint")
def test_the_client_of_the_directory_is_served(tmp_path: Path) -> None:
    """
    The control: every operation does something, and those that read tell the canary.
    """
    with serving(tmp_path / "own") as own:
        for name in CALLS:
            one = own.user(CANARY)
            target = Target(one, own.group(CANARY, one))
            before = state(own, target)
            answer = called(own, name, target, own.provisioner())
            assert answer.status_code in {200, 201, 204}, (name, answer.text)
            assert (name in SAYING_WHAT_IS_KEPT) == (CANARY in answer.text) or name in CHANGING
            assert (name in CHANGING) == (before != state(own, target)), name
            for kind in ("Users", "Groups"):
                for left in own.scim("GET", kind).json()["Resources"]:
                    own.scim("DELETE", f"{kind}/{left['id']}")


def strangers(world: ScimWorld) -> dict[str, tuple[int, list[tuple[str, str]]]]:
    """
    Return what whoever may not call sends, and how it is answered.
    """
    good = world.provisioner()["Authorization"]

    def of(subject: str, client: str, scope: str) -> list[tuple[str, str]]:
        return list(world.bearer(subject, client, scope).items())

    forged = UnsafeDemoIssuer.create(world.directory / "forged").token(
        "service", scope="rag.scim", client=IDP
    )
    return {
        "no token": (401, []),
        "no bearer": (401, [("Authorization", "Basic aWRwOmlkcA==")]),
        "two tokens": (401, [("Authorization", good), ("Authorization", good)]),
        "a forged token": (401, [("Authorization", f"Bearer {forged}")]),
        "half a token": (401, [("Authorization", good[:-40])]),
        "a revoked token": (401, of("gone", IDP, "rag.scim")),
        "a reader": (403, of("service", IDP, "rag.search rag.read")),
        "an operator": (403, of("operator", "console", "rag.audit rag.admin")),
        "a push client": (403, of("service", "pusher", "rag.ingest")),
        "another client": (403, of("service", "another", "rag.scim")),
        "the client in other letters": (403, of("service", IDP.upper(), "rag.scim")),
        "a scope that looks alike": (403, of("service", IDP, "rag.scim.read")),
    }


@pytest.mark.promise("scim-authorised")
def test_nobody_else_learns_or_changes_anything(world: ScimWorld, target: Target) -> None:
    (world.directory / "forged").mkdir(exist_ok=True)
    revoke(world.configuration, TokensOf(UNSAFE_DEMO_ISSUER, SUBJECT, "gone"), "lost")
    before = state(world, target)
    for who, (status, headers) in strangers(world).items():
        for name in CALLS:
            method, path, body = CALLS[name](target)
            content = None if body is None else json.dumps(body).encode()
            answer = world.http.request(method, f"/scim/v2{path}", content=content, headers=headers)
            assert status == answer.status_code, (who, name, answer.text)
            told = answer.json()
            assert [ERROR] == told["schemas"], (who, name)
            assert CANARY not in answer.text
            assert ("WWW-Authenticate" in answer.headers) == (
                status == 401 or "scope" in told["detail"]
            )
        unknown = world.http.get("/scim/v2/Nothing", headers=headers)
        assert status == unknown.status_code, who
    assert before == state(world, target)


@pytest.mark.promise("scim-authorised")
def test_the_body_of_whoever_was_not_admitted_is_not_read(world: ScimWorld) -> None:
    """
    It need not even be there.
    """

    def endless() -> Iterator[bytes]:
        yield b"{"
        message = "somebody reads on"
        raise AssertionError(message)

    answer = world.http.post("/scim/v2/Users", content=endless())

    assert 401 == answer.status_code


@contextmanager
def broken(world: ScimWorld, desk: ScimDesk) -> Iterator[FastAPI]:
    """
    Yield the routes over another desk.
    """
    app = FastAPI()
    app.include_router(scim_routes(desk, scim_challenges(world.configuration)))
    yield app


@contextmanager
def registry_down(world: ScimWorld) -> Iterator[ScimDesk]:
    nowhere = open_database("sqlite:////nonexistent/registry.db", may_write=True)
    (key, directory), *_ = world.desk.directories.items()
    named = directory.users._directory  # noqa: SLF001 - as it was configured
    lost = replace(
        directory,
        users=UserProvisioning(nowhere, world.ground.tenant, named),
        groups=GroupProvisioning(nowhere, world.ground.tenant, named),
        registry=ProvisionedRegistry(nowhere, SourceName(DIRECTORY)),
    )
    yield replace(world.desk, directories={key: lost})
    nowhere.close()


@contextmanager
def audit_down(world: ScimWorld) -> Iterator[ScimDesk]:
    nowhere = open_database("sqlite:////nonexistent/audit.db", may_write=True)
    lost = AuditTrail(nowhere, b"k" * 32, Path("/nonexistent/x"))
    yield replace(world.desk, records=DeskRecords(lost, world.desk.clock, "provision"))
    nowhere.close()


@contextmanager
def keys_down(world: ScimWorld) -> Iterator[ScimDesk]:
    class Silent:
        def key(self, kid: str, algorithm: str) -> PublicKey:
            msg = f"no answer about {kid} {algorithm}"
            raise KeysUnavailableError(msg)

    trusted = trusted_issuers(world.configuration)
    silent = {UNSAFE_DEMO_ISSUER: replace(trusted[UNSAFE_DEMO_ISSUER], keys=Silent())}
    yield replace(world.desk, verifier=TokenVerifier(silent, world.ground.clock))


@contextmanager
def no_directories(world: ScimWorld) -> Iterator[ScimDesk]:
    yield replace(world.desk, directories={})


FAULTS: Final = {
    "registry down": (registry_down, {503}),
    "audit down": (audit_down, {503}),
    "issuer's keys not to be had": (keys_down, {503}),
    "no directories": (no_directories, {403}),
}


@pytest.mark.promise("fail-closed")
@pytest.mark.promise("scim-atomic")
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_changes_nothing(world: ScimWorld, target: Target, fault: str) -> None:
    """
    Without an audit trail, what was only read may be told: nothing was decided.
    """
    before = state(world, target)
    make, expected = FAULTS[fault]
    with make(world) as desk, broken(world, desk) as app:
        for name in CALLS:
            answer = called(world, name, target, world.provisioner(), app)
            allowed = expected | (
                {200} if fault == "audit down" and name not in CHANGING else set()
            )
            assert answer.status_code in allowed, (name, answer.text)
            assert answer.status_code == 200 or [ERROR] == answer.json()["schemas"]
            if answer.status_code == 503:
                assert "Retry-After" in answer.headers
                assert "nonexistent" not in answer.text
    assert before == state(world, target)


@pytest.mark.promise("scim-deactivation")
@pytest.mark.promise("fail-closed")
def test_a_registry_that_has_lost_its_users_admits_nobody(tmp_path: Path) -> None:
    """
    Nor does one in which somebody wrote a state that this program never has.
    """
    with serving(tmp_path / "lost") as world:
        world.user("ann")
        world.document("open", "everyone")
        assert {"open"} == world.found("ann")
        for statement in (
            "UPDATE directory_users SET state = 'open', epoch = epoch + 1",
            "DELETE FROM directory_users",
        ):
            _edit(world, statement)
            assert 403 == world.search("ann").status_code, statement


def _edit(world: ScimWorld, statement: str) -> None:
    database = open_database(world.configuration.registry_url, may_write=True)
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE epoch SET value = value + 1")
    database.close()
