"""
Whoever pushes or provisions is asked for like whoever reads: are they still there? When their
request arrives, and again when its body has.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from acl.model.revocations import SUBJECT, TokensOf
from acl.model.switches import Switch, SwitchKind
from acl.registry.switchboard import SwitchBoard
from readership.demo.issuer import UNSAFE_DEMO_ISSUER
from readership.push_desk import PushDesk
from readership.revoking import revoke
from readership.scim.desk import ScimDesk
from tests.end_to_end.scim_world import DIRECTORY, IDP, PUSHER, USER, WIKI, ScimWorld, serving

pytestmark = pytest.mark.promise("scim-deactivation")

OFF = {"op": "replace", "path": "active", "value": False}
BODY = {"text": "words", "acl": {"allow": ["user:clerk"], "deny": []}}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ScimWorld]:
    with serving(tmp_path / "world") as one:
        yield one


def pushed(world: ScimWorld, subject: str, method: str = "PUT") -> tuple[int, str | None]:
    """
    Push a document as this subject; return status and code.
    """
    headers = world.bearer(subject, PUSHER, "rag.ingest")
    body = BODY if method == "PUT" else None
    path = f"/v1/sources/{WIKI}/documents/plan"
    answer = world.http.request(method, path, json=body, headers=headers)
    return answer.status_code, answer.json().get("code") if answer.content else None


def provisioned(world: ScimWorld, subject: str) -> Response:
    """
    Create a user as this subject of the directory's client.
    """
    body = {"schemas": [USER], "userName": "new", "externalId": "new", "active": True}
    headers = world.bearer(subject, IDP, "rag.scim")
    return world.http.post("/scim/v2/Users", json=body, headers=headers)


def by_service(world: ScimWorld, path: str, *operations: object) -> None:
    """
    Patch as the directory's client itself, behind which there is nobody to be deactivated.
    """
    headers = world.bearer(IDP, IDP, "rag.scim")
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
    answer = world.http.patch(f"/scim/v2/{path}", json=body, headers=headers)
    assert 200 == answer.status_code, answer.text


def test_a_push_of_whom_the_directory_does_not_admit_is_refused(world: ScimWorld) -> None:
    """
    As at the door of those who ask. A client that pushes for itself is nobody there.
    """
    refused = (403, "not_admitted")
    assert refused == pushed(world, "clerk")
    clerk = world.user("clerk")
    assert 201 == pushed(world, "clerk")[0]

    by_service(world, f"Users/{clerk}", OFF)
    assert refused == pushed(world, "clerk") == pushed(world, "clerk", "DELETE")
    assert 200 == pushed(world, PUSHER)[0]
    world.scim("DELETE", f"Users/{clerk}")
    assert refused == pushed(world, "clerk")

    world.user("clerk")
    assert 200 == pushed(world, "clerk")[0]


def test_whoever_is_deactivated_while_sending_pushes_nothing(
    world: ScimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = world.user("clerk")
    assert 201 == pushed(world, "clerk")[0]
    admit = PushDesk.admit

    def admitted_before(desk: PushDesk, *arguments: Any) -> Any:  # noqa: ANN401 - as it is
        pusher = admit(desk, *arguments)
        by_service(world, f"Users/{clerk}", OFF)
        return pusher

    monkeypatch.setattr(PushDesk, "admit", admitted_before)
    assert (403, "not_admitted") == pushed(world, "clerk")
    monkeypatch.undo()
    by_service(world, f"Users/{clerk}", {**OFF, "value": True})
    assert (403, "not_admitted") != pushed(world, "clerk")


def test_a_directory_is_not_provisioned_by_whom_it_has_deactivated(world: ScimWorld) -> None:
    """
    Whom it has never named may: somebody must be the first.
    """
    assert 201 == provisioned(world, "service").status_code
    one = world.user("service")
    assert 409 == provisioned(world, "service").status_code

    by_service(world, f"Users/{one}", OFF)

    for answer in (provisioned(world, "service"), world.scim("GET", "Users")):
        assert 403 == answer.status_code
        assert "directory" in answer.json()["detail"] or "admitted" in answer.json()["detail"]
    assert 409 == provisioned(world, IDP).status_code


def revoked(world: ScimWorld) -> None:
    revoke(world.configuration, TokensOf(UNSAFE_DEMO_ISSUER, SUBJECT, "service"), "lost")


def switched_off(world: ScimWorld) -> None:
    one = Switch(SwitchKind.READER, UNSAFE_DEMO_ISSUER, "service")
    board = SwitchBoard(world.desk.senders.database)
    board.switch_off(one, "gone", now=world.desk.clock())


def deactivated(world: ScimWorld) -> None:
    headers = world.bearer(IDP, IDP, "rag.scim")
    body = {"schemas": [USER], "userName": "s", "externalId": "service", "active": False}
    assert 201 == world.http.post("/scim/v2/Users", json=body, headers=headers).status_code


def expired(world: ScimWorld) -> None:
    senders = world.desk.senders
    later = senders.clock() + timedelta(days=2)
    object.__setattr__(senders, "clock", lambda: later)


@pytest.mark.promise("scim-authorised")
@pytest.mark.promise("token-revocation")
@pytest.mark.parametrize(
    ("happens", "status"),
    [(revoked, 401), (switched_off, 403), (deactivated, 403), (expired, 401)],
)
def test_what_ends_while_a_body_is_sent_ends_the_provisioning(
    world: ScimWorld,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[ScimWorld], None],
    status: int,
) -> None:
    one = world.user("ann")
    body = {"schemas": [USER], "userName": "bea", "externalId": "bea", "active": True}
    before = world.scim("GET", f"Users/{one}").json()
    asked = [("POST", "Users"), ("PUT", f"Users/{one}"), ("PATCH", f"Users/{one}")]
    admit = ScimDesk.admit
    happened: list[str] = []

    def admitted_before(desk: ScimDesk, *arguments: Any) -> Any:  # noqa: ANN401 - as it is
        provisioner = admit(desk, *arguments)
        if provisioner.request.reader.subject == "service" and not happened:
            happened.append("once")
            happens(world)
        return provisioner

    monkeypatch.setattr(ScimDesk, "admit", admitted_before)
    for method, path in asked[:1] if happens is not deactivated else asked:
        assert status == world.scim(method, path, body).status_code, (method, path)
    monkeypatch.undo()

    kept = world.desk.directories[UNSAFE_DEMO_ISSUER, IDP].registry.user(one)
    assert kept is not None
    assert (before["userName"], 1) == (kept.stated.user_name, kept.kept.version)
    assert "refused" == world.events()[-1]["outcome"]


@pytest.mark.promise("scim-authorised")
@pytest.mark.parametrize(("sources", "status"), [("", 201), (f'sources = ["{WIKI}"]', 403)])
def test_a_client_that_is_held_to_some_sources_does_not_provision(
    tmp_path: Path, sources: str, status: int
) -> None:
    """
    What a directory says counts in every source.
    """
    clients = "".join(
        f'[[issuers.clients]]\nclient = "{one}"\nname = "{one}"\n{more}\n'
        for one, more in ((IDP, sources), (PUSHER, ""))
    )
    with serving(tmp_path / "held", edit={"[embedding]": f"{clients}[embedding]"}) as world:
        assert status == provisioned(world, IDP).status_code


@pytest.mark.promise("audit-before-release")
def test_whoever_is_refused_does_not_fill_the_trail(
    world: ScimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    At either desk; what was not recorded is counted with the next.
    """

    def refusals(action: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = list(world.ground.trail.events())
        return [one for one in events if (one["action"], one["outcome"]) == (action, "refused")]

    monkeypatch.setattr("acl.audit.refusals.REFUSAL_WINDOW", timedelta(minutes=30))
    for _ in range(20):
        pushed(world, "nobody")
        world.scim("POST", "Users", {})
        world.http.get("/scim/v2/Users", headers=world.bearer("x", "another", "rag.scim"))
    assert (1, 2) == (len(refusals("push")), len(refusals("provision")))

    later = world.desk.clock() + timedelta(hours=1)
    monkeypatch.setattr(world.desk.records, "_clock", lambda: later)
    world.scim("POST", "Users", {})

    assert 38 == refusals("provision")[-1]["details"]["unrecorded_before"]
    assert DIRECTORY == refusals("provision")[-1]["details"]["directory"]
