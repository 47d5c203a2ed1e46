"""
The push API: who may, what is refused, what an answer says, and that it holds on return.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from acl.errors import ConfigurationError
from acl.model.identifiers import AuthorityId, DocumentId, Epoch
from acl.model.principals import Principal, PrincipalKind
from acl.model.switches import Switch, SwitchKind
from acl.registry.history import History
from acl.registry.submission import Accepted
from acl.registry.switchboard import SwitchBoard
from acl.settings import load_configuration
from ingestion.pushed_body import PUSH_MEMBERS
from readership.demo.issuer import UNSAFE_DEMO_ISSUER
from tests.end_to_end.push_world import (
    CONFIGURATION,
    CRM,
    PUSHER,
    QUIET,
    WIKI,
    PushWorld,
    started,
    stated,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    """
    One service for this module; each test has documents and readers of its own.
    """
    with started(tmp_path_factory.mktemp("push") / "world") as one:
        yield one


def without_request_id(answer: Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    body.pop("request_id")
    return body


@pytest.mark.promise("push-in-force")
def test_a_pushed_document_is_found_by_whom_it_allows(world: PushWorld) -> None:
    """
    A short one is searchable when the call returns, and its revocation as well.
    """
    created = world.put("documents/a1", stated("words of a1", "user:ann"))
    assert (201, "done", '"1"') == (
        created.status_code,
        created.json()["content"],
        created.headers["ETag"],
    ), created.text
    assert {"a1": "words of a1"} == world.found("ann")
    assert {} == world.found("ben")

    changed = world.put("documents/a1", stated("words of a1", "user:ben"))

    assert (200, None, '"2"') == (
        changed.status_code,
        changed.json()["content"],
        changed.headers["ETag"],
    )
    assert {} == world.found("ann")
    assert {"a1": "words of a1"} == world.found("ben")


@pytest.mark.promise("push-in-force")
def test_a_pushed_group_holds_at_the_next_request(world: PushWorld) -> None:
    """
    Also for documents that the folder lists; its other groups stay as they are.
    """
    world.put("documents/g1", stated("words of g1", "group:team-g"))
    assert 201 == world.put("groups/team-g", {"members": ["user:gus", "group:inner-g"]}).status_code
    assert 201 == world.put("groups/inner-g", {"members": ["user:gia"]}).status_code
    assert "g1" in world.found("gus")
    assert "g1" in world.found("gia")

    answer = world.put("groups/team-g", {"id": "team-g", "members": ["group:inner-g"]})

    assert 200 == answer.status_code
    assert {} == world.found("gus")
    assert "g1" in world.found("gia")
    assert 204 == world.delete("groups/inner-g").status_code
    assert {} == world.found("gia")


@pytest.mark.promise("unknown-group")
def test_a_deleted_group_is_unknown_and_an_empty_one_is_not(world: PushWorld) -> None:
    """
    A denial that names an unknown group keeps everybody out.
    """
    acl = {"allow": ["user:dan"], "deny": ["group:outcasts"]}
    world.put("groups/outcasts", {"members": []})
    world.put("documents/d1", {"text": "words of d1", "acl": acl})
    assert "d1" in world.found("dan")

    world.delete("groups/outcasts")
    assert {} == world.found("dan")

    world.put("groups/outcasts", {"members": []})
    assert "d1" in world.found("dan")


def test_an_id_may_hold_slashes_and_other_characters(world: PushWorld) -> None:
    """
    It is percent-encoded once, and the reader finds it as it is.
    """
    name = "eng/plan 100%?é#x"
    answer = world.put(
        "documents/eng%2Fplan%20100%25%3F%C3%A9%23x", stated("words of the plan", "user:ida")
    )

    assert (201, name) == (answer.status_code, answer.json()["id"])
    assert {name} == set(world.found("ida"))


def test_binary_content_comes_in_base64(world: PushWorld) -> None:
    content = base64.b64encode(b"<p>words of <b>html</b></p>").decode()
    body = {"content": content, "mime": "text/html", "acl": {"allow": ["user:hal"]}}

    assert 201 == world.put("documents/h1", body).status_code
    assert "words of" in world.found("hal")["h1"]


def test_what_cannot_be_read_is_accepted_and_reported(world: PushWorld) -> None:
    """
    The permission is in force, the document quarantined with the reason, and tried again.
    """
    world.put("documents/q1", stated("good words", "user:quin"))
    body = {"content": "AAAA", "mime": "application/pdf", "acl": {"allow": ["user:quin"]}}

    answer = world.put("documents/q1", body)

    assert (202, "failed") == (answer.status_code, answer.json()["content"])
    assert "PDF" in answer.json()["reason"] or answer.json()["reason"]
    assert answer.json()["reason"] == world.status(answer).json()["reason"]
    assert {} == world.found("quin")
    assert 200 == world.put("documents/q1", stated("good words", "user:quin")).status_code
    assert {"q1": "good words"} == world.found("quin")


def test_a_long_content_is_202_with_a_status(world: PushWorld) -> None:
    """
    The status belongs to the client and the source that it was pushed by and to.
    """
    answer = world.put("documents/l1", stated("long words " * 8_000, "user:liz"))

    assert 202 == answer.status_code
    world.wait()
    status = world.status(answer)
    assert ("done", "l1", answer.headers["ETag"]) == (
        status.json()["content"],
        status.json()["id"],
        status.headers["ETag"],
    )
    assert "l1" in world.found("liz")
    elsewhere = answer.headers["Location"].replace(WIKI, CRM)
    assert 404 == world.http.get(elsewhere, headers=world.headers()).status_code
    assert 404 == world.http.get(elsewhere, headers=world.headers("crm-only")).status_code
    assert 403 == world.status(answer, client="crm-only").status_code
    assert 403 == world.status(answer, scope="rag.search").status_code


MALFORMED: dict[str, tuple[bytes, str]] = {
    "no acl": (b'{"text": "x"}', "'acl' is required"),
    "an acl that does not compile": (
        b'{"text": "x", "acl": {"allow": ["alice"]}}',
        "unknown principal",
    ),
    "an unknown member": (b'{"text": "x", "acls": {}, "acl": {}}', "acls"),
    "a path": (b'{"path": "/etc/passwd", "acl": {"allow": []}}', "path"),
    "no content": (b'{"acl": {"allow": []}}', "needs either"),
    "two contents": (b'{"text": "x", "content": "eA==", "acl": {"allow": []}}', "needs either"),
    "empty": (b'{"text": "", "acl": {"allow": []}}', "0 bytes"),
    "not base64": (b'{"content": "?", "mime": "text/plain", "acl": {"allow": []}}', "base64"),
    "no type": (b'{"content": "eA==", "acl": {"allow": []}}', "mime"),
    "another id": (b'{"id": "other", "text": "x", "acl": {"allow": []}}', "'id'"),
    "a member twice": (b'{"text": "x", "acl": {"allow": []}, "acl": {}}', "repeated"),
    "not a number": (b'{"text": "x", "metadata": NaN, "acl": {"allow": []}}', "NaN"),
    "too deep": (b'{"metadata": ' + b"[" * 500 + b"]" * 500 + b"}", "nested"),
    "not JSON": (b"words", "Expecting value"),
    "half a surrogate": (b'{"text": "\\ud800", "acl": {"allow": []}}', "surrogate"),
}


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_statement_changes_nothing(world: PushWorld, case: str) -> None:
    """
    422 with the reason; what was in force before stays in force.
    """
    body, reason = MALFORMED[case]
    world.put("documents/m1", stated("words of m1", "user:mia"))

    answer = world.put("documents/m1", body)

    assert 422 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert reason in answer.json()["detail"]
    assert {"m1": "words of m1"} == world.found("mia")


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"members": "user:a"}',
        b'{"members": ["everyone"]}',
        b'{"members": ["alice"]}',
        b'{"members": [], "owner": "x"}',
        b'{"id": "b", "members": []}',
    ],
)
def test_a_malformed_group_changes_nothing(world: PushWorld, body: bytes) -> None:
    assert 422 == world.put("groups/malformed", body).status_code
    assert 412 == world.put("groups/malformed", {"members": []}, If_Match="*").status_code


@pytest.mark.parametrize("name", ["%00", "a%09b", "%FF", "x" * 1_025, ""])
def test_an_id_that_cannot_be_one_is_refused(world: PushWorld, name: str) -> None:
    assert 422 == world.put(f"documents/{name}", stated("x", "user:x")).status_code
    assert 422 == world.delete(f"documents/{name}").status_code


@pytest.mark.promise("push-clients-only")
@pytest.mark.parametrize("path", ["documents/s1", "groups/s1"])
def test_another_client_is_refused_as_if_there_were_no_source(world: PushWorld, path: str) -> None:
    """
    One body for a source that is not this client's, has no push clients, or does not exist.
    """
    body = {"members": []} if path.startswith("groups") else stated("words", "everyone")
    answers = [
        world.put(path, body, source=WIKI, client="crm-only"),
        world.put(path, body, source=QUIET),
        world.put(path, body, source="nowhere"),
        world.put(path, b"not even JSON", source="nowhere"),
    ]

    assert {403} == {answer.status_code for answer in answers}
    assert 1 == len({json.dumps(without_request_id(answer)) for answer in answers})
    assert "s1" not in world.found("anybody")


@pytest.mark.promise("push-clients-only")
def test_the_scope_is_needed_and_so_is_a_token(world: PushWorld) -> None:
    """
    The same 401 as everywhere, before anything of the body is looked at.
    """
    address = "/v1/sources/wiki/documents/s2"
    huge = b"x" * 1_000_000
    no_scope = world.http.put(address, content=huge, headers=world.headers(scope="rag.search"))
    no_token = world.http.put(address, content=huge)
    bad = world.http.put(address, content=huge, headers={"Authorization": "Bearer x.y.z"})
    same = world.http.post("/v1/search", json={}, headers={"Authorization": "Bearer x.y.z"})

    assert 403 == no_scope.status_code
    assert 'scope="rag.ingest"' in no_scope.headers["www-authenticate"]
    assert (401, 401) == (no_token.status_code, bad.status_code)
    assert without_request_id(same) == without_request_id(bad)


def test_a_reader_with_the_scope_reads_no_more(world: PushWorld) -> None:
    """
    And a push client's token opens nothing for reading.
    """
    answer = world.http.post("/v1/search", json={"query": "words"}, headers=world.headers())

    assert 403 == answer.status_code


def test_bodies_are_limited_by_route(world: PushWorld) -> None:
    """
    Push takes more than a question does, and not anything.
    """
    fine = world.put("documents/b1", stated("b " * 100_000, "user:bea"))
    large = world.put("documents/b2", stated("b" * (4 * 2**20 + 1), "user:bea"))
    huge = world.put("documents/b3", b" " * (8 * 2**20 + 1))
    search = world.http.post("/v1/search", content=b" " * 70_000, headers=world.headers())

    assert (202, 422, 413, 413) == (
        fine.status_code,
        large.status_code,
        huge.status_code,
        search.status_code,
    )
    world.wait()
    assert "b2" not in world.found("bea")


@pytest.mark.promise("audit-before-release")
def test_every_push_is_recorded(world: PushWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Accepted and refused: who, through which client, what; and no text.
    """
    monkeypatch.setattr("acl.audit.refusals.REFUSAL_WINDOW", timedelta(-1))  # others were refused
    world.put("documents/r1", stated("secret words of r1", "user:rob"), Readership_Event="7")
    world.put("documents/r1", stated("secret words of r1", "user:eve"), Readership_Event="6")
    world.put("documents/r1", {"text": "secret"})
    world.put("groups/r1", {"members": ["user:rob"]})
    world.put("documents/r1", {}, client="crm-only")
    world.http.delete("/v1/sources/wiki/documents/r1", headers=world.headers(scope="rag.read"))
    world.delete("documents/r1")

    last = world.pushes()[-7:]

    assert [
        ("put document", "accepted", None),
        ("put document", "refused", "stale_event"),
        ("put document", "refused", "malformed_push"),
        ("put group", "accepted", None),
        ("put document", "refused", "push_not_allowed"),
        ("delete document", "refused", "insufficient_scope"),
        ("delete document", "accepted", None),
    ] == [(e["details"]["operation"], e["outcome"], e["details"].get("code")) for e in last]
    assert ("service", "pusher", 7) == (
        last[0]["subject"],
        last[0]["client"],
        last[0]["details"]["event"],
    )
    assert "secret" not in json.dumps(last)
    assert () == world.ground.trail.verify().problems


@pytest.mark.promise("audit-before-release")
def test_what_cannot_be_recorded_does_not_happen(
    world: PushWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The record is written before the transaction commits.
    """
    world.put("documents/t1", stated("words of t1", "user:tia"))
    database = world.desk.records.trail._database  # noqa: SLF001 - the audit trail's disk is full
    with monkeypatch.context() as full:
        full.setattr(database, "writing", _fails)
        answer = world.put("documents/t1", stated("words of t1", "user:ted"))
        group = world.put("groups/t1", {"members": ["user:ted"]})

    assert (503, 503) == (answer.status_code, group.status_code)
    assert {} == world.found("ted")
    assert {"t1": "words of t1"} == world.found("tia")


def _fails(*_arguments: object) -> Accepted:
    from acl.registry.errors import RegistryUnavailableError  # noqa: PLC0415 - used once

    msg = "disk full"
    raise RegistryUnavailableError(msg)


def test_a_source_without_a_folder_is_kept_fresh_by_pushes(world: PushWorld) -> None:
    """
    Dark until the first accepted push, which need not change anything.
    """

    def dark() -> set[str]:
        return {spot["source"] for spot in world.search("zoe").json()["blind"]}

    assert {CRM, QUIET} <= dark()
    assert 422 == world.put("groups/any", {}, source=CRM).status_code
    assert CRM in dark()
    assert 201 == world.put("groups/any", {"members": []}, source=CRM).status_code
    assert CRM not in dark()
    world.put("documents/z1", stated("words of z1", "user:zoe"), source=CRM)
    assert "z1" in world.found("zoe")
    assert QUIET in dark()


def test_the_service_describes_its_push_routes(world: PushWorld) -> None:
    paths = world.http.get("/openapi.json").json()["paths"]
    put = paths["/v1/sources/{source}/documents/{id}"]["put"]
    described = put["requestBody"]["content"]["application/json"]["schema"]["properties"]

    assert {"put", "delete"} == set(paths["/v1/sources/{source}/documents/{id}"])
    assert {"put", "delete"} == set(paths["/v1/sources/{source}/groups/{id}"])
    assert {"get"} == set(paths["/v1/sources/{source}/pushes/{push}"])
    assert set(described) == PUSH_MEMBERS
    assert {"source", "id", "Readership-Event", "If-Match", "If-None-Match"} == {
        one["name"] for one in put["parameters"]
    }


def test_a_source_is_a_folder_or_takes_pushes(tmp_path: Path) -> None:
    """
    One that is neither holds nothing, and is a mistake.
    """
    text = CONFIGURATION.replace(f'path = "{QUIET}"', "")
    file = tmp_path / "readership.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)

    with pytest.raises(ConfigurationError) as refused:
        load_configuration(file)

    assert "a source needs a path, or push_clients" in refused.value.diagnostics()


@pytest.mark.models
def test_a_sync_names_and_skips_a_source_without_a_folder(world: PushWorld) -> None:
    command = [sys.executable, "-m", "readership", "-c", str(world.configuration.file)]
    done = subprocess.run([*command, "sync", CRM], capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stderr
    assert f"source {CRM} has no folder: what it holds is pushed" in done.stderr


def test_the_same_statement_stays_the_same_after_an_upgrade(
    world: PushWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Steps of a newer version process it anew; its event is no contradiction.
    """
    first = world.put("documents/up", stated("words of up", "user:una"), Readership_Event="1")
    upgraded = replace(world.desk.intake, pipeline="newer")
    monkeypatch.setattr(type(world.desk), "intake", property(lambda _desk: upgraded), raising=False)

    again = world.put("documents/up", stated("words of up", "user:una"), Readership_Event="1")

    assert (201, 200) == (first.status_code, again.status_code)
    assert "done" == again.json()["content"]
    assert first.headers["ETag"] == again.headers["ETag"]


def test_a_reader_may_ask_for_an_answer_that_knows_of_a_push(world: PushWorld) -> None:
    """
    Every accepted push tells its epoch.
    """
    put = world.put("documents/ep", stated("words of ep", "user:eda"))
    gone = world.delete("documents/ep")
    epoch = int(gone.headers["Readership-Epoch"])
    bearer = {"Authorization": f"Bearer {world.issuer.token('eda')}"}

    def asked(at_least: int) -> int:
        body = {"query": "words", "at_least_epoch": at_least}
        return int(world.http.post("/v1/search", json=body, headers=bearer).status_code)

    assert put.json()["epoch"] == int(put.headers["Readership-Epoch"]) < epoch
    assert (200, 409) == (asked(epoch), asked(epoch + 1_000))


@pytest.mark.promise("switches")
def test_a_client_that_is_switched_off_pushes_nothing(world: PushWorld) -> None:
    """
    At its next request, until it is switched on again.
    """
    world.put("documents/sw", stated("words of sw", "user:sue"))
    switch = Switch(SwitchKind.CLIENT, UNSAFE_DEMO_ISSUER, PUSHER)
    now = world.ground.clock()
    SwitchBoard(world.desk.senders.database).switch_off(switch, "lost its secret", now=now)
    try:
        refused = world.put("documents/sw", stated("words of sw", "user:eve"))
        assert (403, "switched_off") == (refused.status_code, refused.json()["code"])
        assert 403 == world.delete("documents/sw").status_code
    finally:
        SwitchBoard(world.desk.senders.database).switch_on(switch, now=now)

    assert {} == world.found("eve")
    assert "switched_off" == world.pushes()[-1]["details"]["code"]
    assert {"sw": "words of sw"} == world.found("sue")


@pytest.mark.promise("ceiling")
def test_a_pushed_document_is_labelled_like_a_listed_one(world: PushWorld) -> None:
    """
    Its own label, else that of the first rule that matches its id, else the source's default.
    """
    labels = {}
    for name, more in (("open-1", {}), ("memo", {}), ("open-2", {"label": "secret"})):
        world.put(f"documents/{name}", stated("words", "user:lea", **more))
        bearer = {"Authorization": f"Bearer {world.issuer.token('lea')}"}
        found = world.http.get(f"/v1/documents/{name}", headers=bearer).json()
        labels[name] = found["provenance"]["label"]

    assert {"open-1": "public", "memo": "internal", "open-2": "secret"} == labels


@pytest.mark.promise("history")
def test_what_was_pushed_is_in_the_history(world: PushWorld) -> None:
    """
    Permissions and groups of every epoch, as with a sync.
    """
    history = History(world.ground.database, world.ground.tenant)
    group = Principal(world.ground.tenant, AuthorityId("corp"), PrincipalKind.GROUP, "chroniclers")
    told = [
        world.put("groups/chroniclers", {"members": ["user:ida"]}).json()["epoch"],
        world.put("documents/past", stated("words", "user:ida")).json()["epoch"],
        world.put("documents/past", stated("words", "user:ian")).json()["epoch"],
        int(world.delete("groups/chroniclers").headers["Readership-Epoch"]),
        int(world.delete("documents/past").headers["Readership-Epoch"]),
    ]

    past = [history.at(Epoch(epoch), DocumentId("past")) for epoch in told]

    states = [one.documents[0].state.value if one.documents else None for one in past]
    assert [None, "suspended", "live", "live", "removed"] == states
    assert [True, True, True, False, False] == [group in o.directory.definitions for o in past]
    assert past[1].documents[0].readership != past[2].documents[0].readership
