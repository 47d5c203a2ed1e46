"""
A house of documents in which statements, checks and limits are tried over HTTP.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fastapi.testclient import TestClient
from httpx2 import Response

from acl.model.labels import LabelPolicy
from retrieval.answer import ReadingRoom
from retrieval.authorize import LabelPolicies
from tests.acl.identity.issuers import ISSUER
from tests.ingestion.world import allow
from tests.scenarios.installation import Installation, client

ORDER: Final = ("public", "secret")
QUESTION: Final = {"query": "what is said about everything", "limit": 50}


class House:
    """
    One source with two readers' documents, of which one is secret; `bare` lacks the secret one.
    """

    def __init__(self, shared: Installation, *, bare: bool = False) -> None:
        self.shared, self.source = shared, shared.fresh()
        both = allow("user:alice", "user:bob")
        documents = [
            {"id": "plan", "text": "What is said about everything.", "acl": both},
            {"id": "note", "text": "What is said about nothing.", "acl": both},
            {"id": "vault", "text": "What is said about everything secret.", "acl": both},
        ]
        labelled = [{**one, "label": "secret" if one["id"] == "vault" else "public"}
                    for one in documents]  # fmt: skip
        shared.write(self.source, labelled[:2] if bare else labelled)
        shared.sync(self.source, "corp")
        self.room = shared.room([self.source], ["corp"])

    def labelled(self, ceiling: str) -> ReadingRoom:
        """
        Return a room in which the tests' client has a ceiling.
        """
        policy = LabelPolicy(ORDER, "public", {"chat": ceiling}, models={"cloud": "public"})
        labels = LabelPolicies({ISSUER: policy})
        return replace(
            self.room,
            authorizer=replace(self.room.authorizer, labels=labels),
            waybills=replace(self.room.waybills, labels=labels),
        )

    def headers(self, reader: str = "alice") -> Mapping[str, str]:
        return self.shared.bearer(reader, {"corp": reader})

    def ask(self, reader: str = "alice", room: ReadingRoom | None = None) -> Response:
        http = client(room or self.room)
        return http.post("/v1/search", json=QUESTION, headers=self.headers(reader))

    def newest(self) -> dict[str, Any]:
        """
        Return the newest audit record.
        """
        *_, last = self.shared.ground.trail.events()
        return dict(last)


def check(http: TestClient, house: House, body: object, reader: str = "alice") -> Response:
    """
    Have an answer checked.
    """
    return http.post("/v1/answers/check", json=body, headers=house.headers(reader))


def verify(http: TestClient, house: House, body: object) -> dict[str, Any]:
    """
    Return the verdict on a response.
    """
    answer = http.post("/v1/verify", json=body, headers=house.headers())
    assert 200 == answer.status_code, answer.text
    found: dict[str, Any] = answer.json()
    return found
