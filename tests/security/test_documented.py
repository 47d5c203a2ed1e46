"""
Every status that the API's description promises is reached by somebody, and no other is.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from acl.errors import ReadershipError
from retrieval.api.app import create_app
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.ingestion.world import allow
from tests.retrieval.departing import limiter
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import CALLS, Target, operations
from tests.security.faults import registry_down
from tests.security.ward import ALICE, DOCUMENT, Ward

pytestmark = pytest.mark.promise("as-described")

RANGES: Final = ("4XX",)
"""
Stand for statuses that whoever is in front of the routes gives, such as 408.
"""

TOO_LONG: Final = "x" * 1_100
NOBODY: Final[Mapping[str, str]] = {}
Ask = Callable[["Asker"], Response]


class Asker:
    """
    A document in two sources, and who asks about it in every way.
    """

    def __init__(self, shared: Installation) -> None:
        self.ward, twin = Ward.ingested(shared), shared.fresh(beside=True)
        shared.write(twin, [{"id": DOCUMENT, "text": "A twin.", "acl": allow("user:alice")}])
        shared.sync(twin, "corp")
        self.both = client(shared.room([self.ward.source, twin], ALICE))
        self.http = self.ward.http()
        self.target = self.ward.target
        self.reader = self.ward.headers()
        self.stranger = self._token("")
        self.operator = self._token("rag.audit")
        self.spent = client(replace(self.ward.room, limiter=limiter(requests=0)))
        with registry_down(self.ward):
            self.down = self.ward.http()

    def _token(self, scope: str) -> Mapping[str, str]:
        shared = self.ward.installation
        issued = int(shared.clock().timestamp()) - 60
        claims = {"sub": "alice", "iat": issued, "exp": issued + 900, "scope": scope}
        return {"Authorization": f"Bearer {shared.issuer.token(claims=claims)}"}

    def asks(self, body: Mapping[str, object], path: str = "/v1/search") -> Response:
        return self.http.post(path, json=body, headers=dict(self.reader))


def _common(name: str, allowed: str = "reader") -> dict[tuple[str, str], Ask]:
    """
    Return how the statuses are reached that every operation has.
    """
    call = CALLS[name]
    return {
        (name, "200"): lambda one: call(one.http, getattr(one, allowed), one.target),
        (name, "401"): lambda one: call(one.http, NOBODY, one.target),
        (name, "403"): lambda one: call(one.http, one.stranger, one.target),
        (name, "429"): lambda one: call(one.spent, getattr(one, allowed), one.target),
        (name, "503"): lambda one: call(one.down, getattr(one, allowed), one.target),
    }


HUGE: Final = "x" * 1_100_000
FORGED: Final = {"answer": "x", "signed_provenance": ["x"]}
ABSENT: Final = Target("absent", "absent", "absent")
LONG: Final = Target(TOO_LONG, TOO_LONG, TOO_LONG)
REACHED: Final[Mapping[tuple[str, str], Ask]] = {
    **_common("searchDocuments"),
    ("searchDocuments", "400"): lambda one: one.asks({"query": "x", "cursor": "x"}),
    ("searchDocuments", "409"): lambda one: one.asks({"query": "x", "at_least_epoch": 2**40}),
    ("searchDocuments", "413"): lambda one: one.asks({"query": HUGE}),
    ("searchDocuments", "422"): lambda one: one.asks({}),
    **_common("searchVectorStore"),
    ("searchVectorStore", "400"): lambda one: one.asks({}, "/v1/vector_stores/all/search"),
    **_common("getPassage"),
    ("getPassage", "404"): lambda one: CALLS["getPassage"](one.http, one.reader, ABSENT),
    ("getPassage", "422"): lambda one: CALLS["getPassage"](one.http, one.reader, LONG),
    **_common("getDocument"),
    ("getDocument", "404"): lambda one: CALLS["getDocument"](one.http, one.reader, ABSENT),
    ("getDocument", "409"): lambda one: one.both.get(
        f"/v1/documents/{one.target.document}", headers=dict(one.reader)
    ),
    ("getDocument", "422"): lambda one: CALLS["getDocument"](one.http, one.reader, LONG),
    **_common("explainDecision", "operator"),
    ("explainDecision", "413"): lambda one: one.asks({"x": HUGE}, "/v1/explain"),
    ("explainDecision", "422"): lambda one: one.asks({}, "/v1/explain"),
    **_common("verifyProvenance"),
    ("verifyProvenance", "413"): lambda one: one.asks({"x": HUGE}, "/v1/verify"),
    ("verifyProvenance", "422"): lambda one: one.asks({}, "/v1/verify"),
    **_common("checkAnswer"),
    ("checkAnswer", "404"): lambda one: one.asks(FORGED, "/v1/answers/check"),
    ("checkAnswer", "413"): lambda one: one.asks({"x": HUGE}, "/v1/answers/check"),
    ("checkAnswer", "422"): lambda one: one.asks({}, "/v1/answers/check"),
    ("resourceMetadata", "200"): lambda one: CALLS["resourceMetadata"](one.http, {}, one.target),
    ("provenanceKeys", "200"): lambda one: CALLS["provenanceKeys"](one.http, {}, one.target),
    ("actions", "200"): lambda one: CALLS["actions"](one.http, {}, one.target),
    ("health", "200"): lambda one: CALLS["health"](one.http, {}, one.target),
    ("ready", "200"): lambda one: CALLS["ready"](one.http, {}, one.target),
    ("ready", "503"): lambda one: failing(one).get("/readyz"),
}


def failing(one: Asker) -> TestClient:
    """
    Return a client of a service of which something does not answer.
    """

    def probe() -> None:
        msg = "it does not answer"
        raise ReadershipError(msg)

    app = create_app(
        one.ward.room,
        resource=AUDIENCE,
        issuers=[ISSUER],
        probes={"x": probe},
        close=lambda: None,
    )
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def asker(shared: Installation) -> Asker:
    return Asker(shared)


def test_every_status_of_the_description_has_its_case(asker: Asker) -> None:
    described = {
        (name, status)
        for name, operation in operations(asker.ward.room).items()
        for status in operation.get("responses", ())
        if status not in RANGES
    }

    assert REACHED.keys() == described


@pytest.mark.parametrize(("name", "status"), sorted(REACHED))
def test_the_status_is_reached(asker: Asker, name: str, status: str) -> None:
    answer = REACHED[name, status](asker)

    assert int(status) == answer.status_code, answer.text
