"""
`POST /v1/explain`: for operators, and for nobody else.
"""

from typing import Any

import pytest

from readership.demo.issuer import UNSAFE_DEMO_ISSUER
from tests.end_to_end.company import Company

pytestmark = [pytest.mark.models, pytest.mark.promise("history")]

PLAN = "eng-heron-plan"


def ask(company: Company, scope: str, **body: object) -> tuple[int, dict[str, Any]]:
    """
    Ask as an operator whose token has this scope.
    """
    bearer = {"Authorization": f"Bearer {company.issuer.token('operator', scope=scope)}"}
    answer = company.http.post("/v1/explain", json=body, headers=bearer)
    return answer.status_code, answer.json()


def test_an_operator_is_told_the_chain(company: Company) -> None:
    status, permit = ask(company, "rag.audit", reader="alice", document=PLAN)
    _, denial = ask(company, "rag.audit", reader="carol", document=PLAN)

    assert (200, UNSAFE_DEMO_ISSUER) == (status, permit["issuer"])
    (may,) = permit["explanations"]
    (may_not,) = denial["explanations"]
    assert ("permit", None) == (may["decision"], may["missing"])
    assert ("deny", "gates") == (may_not["decision"], may_not["missing"])


@pytest.mark.parametrize("scope", ["rag.search rag.read", "rag.search", "audit"])
def test_nobody_else_is_told_anything(company: Company, scope: str) -> None:
    """
    Explanations tell hidden and absent apart.
    """
    hidden = ask(company, scope, reader="alice", document=PLAN)
    absent = ask(company, scope, reader="alice", document="no-such-document")

    assert 403 == hidden[0] == absent[0]
    assert hidden[1] | {"request_id": ""} == absent[1] | {"request_id": ""}


def test_the_past_is_answered_or_refused(company: Company) -> None:
    _, now = ask(company, "rag.audit", reader="alice", document=PLAN)
    epoch = now["explanations"][0]["epoch"]

    _, then = ask(company, "rag.audit", reader="alice", document=PLAN, at=epoch)
    _, before = ask(company, "rag.audit", reader="alice", document=PLAN, at=1)
    status, unknown = ask(company, "rag.audit", reader="alice", document=PLAN, at=10_000)

    assert "permit" == then["explanations"][0]["decision"]
    assert "document" == before["explanations"][0]["missing"]
    assert (422, "not_recorded") == (status, unknown["code"])
    for wrong in ("yesterday", "2026-01-01T00:00:00", -1, True):
        assert 422 == ask(company, "rag.audit", reader="alice", document=PLAN, at=wrong)[0]


@pytest.mark.promise("audit-before-release")
def test_an_explanation_leaves_a_record(company: Company) -> None:
    _, body = ask(company, "rag.audit", reader="alice", document=PLAN)

    *_, last = company.ground.trail.events()
    assert body["request_id"] == last["request_id"]
    assert "explain" == last["action"]
    assert PLAN in str(last["details"])
