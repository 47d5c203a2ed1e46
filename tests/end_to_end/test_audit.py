"""
Nothing leaves without a durable record.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from acl.audit.chain import AuditTrail, AuditUnavailableError, Checkpoint
from acl.audit.events import AuditEvent
from tests.end_to_end.company import Company

pytestmark = pytest.mark.models


@dataclass
class FullDisk(AuditTrail):
    """
    A trail that cannot write.
    """

    def __init__(self) -> None:
        """
        Needs nothing.
        """

    def append(self, event: AuditEvent) -> Checkpoint:
        """
        Fail as a full disk does.
        """
        msg = f"no space left for {event.request_id}"
        raise AuditUnavailableError(msg)


def last_event(company: Company) -> dict[str, Any]:
    *_, last = company.ground.trail.events()
    return last


@pytest.mark.promise("audit-before-release")
def test_what_was_released_is_what_was_recorded(company: Company) -> None:
    """
    Reader, client, epoch and every passage; the question only as a keyed digest.
    """
    answer = company.search("bob", "What does Heron cost?", limit=4).json()

    event = last_event(company)
    assert answer["request_id"] == event["request_id"]
    assert ("bob", "unsafe-demo-client") == (event["subject"], event["client"])
    assert answer["epoch"] == event["details"]["epoch"]
    recorded = [one["passage"] for one in event["details"]["released"]]
    assert [passage["id"] for passage in answer["passages"]] == recorded
    assert "Heron" not in str(event["details"]["question"])


@pytest.mark.promise("audit-before-release")
@pytest.mark.parametrize("path", ["search", "document", "passage"])
def test_a_full_disk_releases_nothing(company: Company, path: str) -> None:
    """
    503 and no text, on every way out.
    """
    found = company.search("alice", "Heron").json()["passages"][0]
    with company.serving(replace(company.room, trail=FullDisk())) as http:
        if path == "search":
            answer = company.search("alice", "Heron", http=http)
        elif path == "document":
            where = f"/v1/documents/{found['provenance']['document']}"
            answer = http.get(where, headers=company.bearer("alice"))
        else:
            answer = http.get(f"/v1/passages/{found['id']}", headers=company.bearer("alice"))

    assert 503 == answer.status_code
    assert "passages" not in answer.text
    assert found["text"][:40] not in answer.text


@pytest.mark.promise("audit-before-release")
def test_a_refused_token_is_recorded_with_its_reason(company: Company) -> None:
    company.http.post("/v1/search", json={"query": "x"}, headers={"Authorization": "Bearer a.b.c"})

    event = last_event(company)
    assert ("authenticate", "refused") == (event["action"], event["outcome"])
    assert "step 2" in event["details"]["reason"]


@pytest.mark.promise("audit-before-release")
def test_a_question_for_nothing_is_recorded_too(company: Company) -> None:
    company.get("bob", "/v1/documents/no-such-document")

    event = last_event(company)
    assert ("document", "nothing released") == (event["action"], event["outcome"])
