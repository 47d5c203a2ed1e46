"""
Whichever face of the service a reader comes to, limits, ceilings and signed provenance are one.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response

from acl.identity import signed
from acl.model.labels import LabelPolicy
from retrieval.answer import ReadingRoom
from retrieval.authorize import LabelPolicies
from retrieval.provenance import digest
from tests.acl.identity.issuers import ISSUER
from tests.retrieval.departing import limiter
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import (
    CALLS,
    PAGE,
    RELEASING,
    SEARCHING,
    Target,
    found_nothing,
    not_there,
    refused,
    told,
)
from tests.security.ward import CANARY, Ward

ORDER = ("public", "secret")
STATEMENT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
AMOUNTS = ("requests", "passages", "documents", "bytes")
NOWHERE = Target("no-such-source", "no-such-document", "00000000-0000-0000-0000-000000000000")


@pytest.fixture
def ward(shared: Installation) -> Ward:
    return Ward.ingested(shared)


def asked(ward: Ward, operation: str, room: ReadingRoom) -> Response:
    return CALLS[operation](client(room), ward.headers(), ward.target)


@pytest.mark.promise("limits")
@pytest.mark.parametrize("operation", RELEASING)
@pytest.mark.parametrize("limit", AMOUNTS)
def test_what_does_not_fit_leaves_by_no_face(ward: Ward, operation: str, limit: str) -> None:
    """
    Refused with when to come back, and recorded. The control allows it.
    """
    spent = replace(ward.room, limiter=limiter(None, None, **{limit: 0}))

    answer = asked(ward, operation, spent)

    assert CANARY not in answer.text
    if operation.startswith("mcp/"):
        assert refused(answer)
    else:
        assert 429 == answer.status_code
        assert 1 <= int(answer.headers["Retry-After"]) <= 7_200
    *_, record = ward.installation.ground.trail.events()
    assert "limited" == record["outcome"]
    assert CANARY in asked(ward, operation, replace(ward.room, limiter=limiter())).text


def ceiling(ward: Ward, label: str) -> ReadingRoom:
    """
    Return a room in which the tests' client has a ceiling.
    """
    policy = LabelPolicy(ORDER, "public", {"chat": label}, models={"cloud": "public"})
    labels = LabelPolicies({ISSUER: policy})
    room = ward.room
    return replace(
        room,
        authorizer=replace(room.authorizer, labels=labels),
        waybills=replace(room.waybills, labels=labels),
    )


@pytest.mark.promise("ceiling")
@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.parametrize("operation", RELEASING)
def test_what_a_client_may_not_carry_is_absent_at_every_face(ward: Ward, operation: str) -> None:
    """
    As what was never there, byte for byte. The control is a client that may carry it.
    """
    # A readership of its own: another ward's is below the ceiling.
    ward.state([ward.line(label="secret")], [{"id": "eng", "members": ["user:alice"]}])
    low, http = ceiling(ward, "public"), client(ceiling(ward, "public"))

    answer = asked(ward, operation, low)

    assert CANARY not in answer.text
    if operation in SEARCHING:
        assert found_nothing(answer)
    else:
        assert not_there(answer)
        assert told(CALLS[operation](http, ward.headers(), NOWHERE)) == told(answer)
    assert CANARY in asked(ward, operation, ceiling(ward, "secret")).text


@pytest.mark.promise("signed-provenance")
@pytest.mark.parametrize("operation", RELEASING)
def test_every_face_states_what_it_released(ward: Ward, operation: str) -> None:
    answer = asked(ward, operation, ward.room)

    (statement,) = {ward.room.provenance.verify(one) for one in STATEMENT.findall(answer.text)}

    expected = "search" if operation in SEARCHING else operation.removeprefix("get").lower()
    named = {PAGE: "page", "mcp/fetch": "fetch", "mcp/search": "find"}
    text = "" if operation == "mcp/search" else f"The {CANARY} sings."
    assert named.get(operation, expected) == statement.operation
    assert [digest(text)] == [one.sha256 for one in statement.passages]


def spoilt(page: dict[str, Any], spoil: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """
    Return a page of results of which the first was changed.
    """
    changed: dict[str, Any] = json.loads(json.dumps(page))
    spoil(changed["data"][0])
    return changed


SPOILS: dict[str, Callable[[dict[str, Any]], object]] = {
    "text": lambda one: one["content"][0].update(text="x"),
    "another text": lambda one: one["content"].append({"type": "text", "text": "x"}),
    "no text": lambda one: one.update(content=[]),
    "id": lambda one: one.update(file_id="x"),
    "name": lambda one: one.update(filename="x"),
    "title": lambda one: one["attributes"].update(title="x"),
    "address": lambda one: one["attributes"].update(url="https://evil.example"),
    "no address": lambda one: one["attributes"].pop("url"),
    "citation": lambda one: one["attributes"].update(citation="[x:y@1#0-1]"),
    "no attributes": lambda one: one.pop("attributes"),
}


@pytest.mark.promise("signed-provenance")
@pytest.mark.parametrize("what", sorted(SPOILS))
def test_a_page_for_openais_client_verifies_as_it_came(ward: Ward, what: str) -> None:
    """
    As it came it verifies; changed anywhere it does not.
    """
    http, headers = ward.http(), ward.headers()
    page = asked(ward, "searchVectorStore", ward.room).json()

    def verdict(body: object) -> tuple[bool, list[str]]:
        found = http.post("/v1/verify", json=body, headers=dict(headers)).json()
        return found["verified"], found["differences"]

    assert (True, []) == verdict(page)
    assert (False, ["passage 1"]) == verdict(spoilt(page, SPOILS[what]))
    assert not verdict({**page, "data": []})[0]


@pytest.mark.promise("statements-apart")
def test_a_statement_from_a_page_is_no_session(ward: Ward) -> None:
    """
    Whoever puts it in the place of a token is asked to sign in again.
    """
    (statement,) = set(STATEMENT.findall(asked(ward, PAGE, ward.room).text))

    again = CALLS[PAGE](ward.http(), {"Authorization": f"Bearer {statement}"}, ward.target)

    assert "readership-provenance+jwt" == signed.parse(statement)[0]["typ"]
    assert 401 == again.status_code
    assert CANARY not in again.text
