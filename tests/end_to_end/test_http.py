"""
The HTTP face: who is let in, what is refused, and what every answer carries.
"""

import json
from typing import Any

import pytest

from tests.end_to_end.company import Company

pytestmark = pytest.mark.models

PROVENANCE = {
    "source",
    "document",
    "revision",
    "span",
    "page",
    "content_sha256",
    "modified",
    "mime",
    "acl_revision",
    "acl_observed_at",
    "label",
    "redactions",
    "trust",
    "ingest_run",
}


def without_request_id(text: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(text)
    body.pop("request_id")
    return body


def test_every_passage_says_where_it_is_from(company: Company) -> None:
    """
    Provenance is complete, and its span is where the text stands in the document.
    """
    passage = company.search("alice", "When does Heron launch?").json()["passages"][0]

    assert set(passage["provenance"]) == PROVENANCE
    path = f"/v1/documents/{passage['provenance']['document']}"
    whole = company.get("alice", path).json()
    span = passage["provenance"]["span"]
    assert passage["text"] == whole["text"][span["start"] : span["end"]]


def test_the_context_holds_exactly_the_passages(company: Company) -> None:
    """
    Fenced by one boundary, drawn anew for every request.
    """
    first, second = (company.search("alice", "Heron", limit=3).json() for _ in range(2))

    assert [p["id"] for p in first["passages"]] == [p["id"] for p in second["passages"]]
    assert first["context"] != second["context"]
    for passage in first["passages"]:
        assert passage["text"] in first["context"]
        assert passage["citation"] in first["context"]
    boundary = first["context"].split("Boundary: ")[1].split("\n")[0]
    assert 3 * len(first["passages"]) + 1 == first["context"].count(boundary)


@pytest.mark.promise("uniform-401")
def test_every_bad_token_gets_the_same_answer(company: Company) -> None:
    """
    Forged, expired in shape, empty of meaning: one body, one challenge.
    """
    good = company.bearer("alice")["Authorization"]
    bad = [
        "Bearer x",
        "Bearer a.b.c",
        good[:-8] + "AAAAAAAA",
        good.replace("Bearer ", "Bearer x"),
        "Bearer " + "a" * 20_000,
    ]
    answers = [
        company.http.post("/v1/search", json={"query": "x"}, headers={"Authorization": one})
        for one in bad
    ]

    assert {401} == {answer.status_code for answer in answers}
    assert 1 == len({str(without_request_id(answer.text)) for answer in answers})
    assert 1 == len({answer.headers["www-authenticate"] for answer in answers})


@pytest.mark.promise("uniform-401")
def test_no_token_is_challenged_without_an_error(company: Company) -> None:
    """
    RFC 6750, section 3.1: no error code where no token was sent.
    """
    answer = company.http.post("/v1/search", json={"query": "x"})

    assert 401 == answer.status_code
    challenge = answer.headers["www-authenticate"]
    assert "error" not in challenge
    assert "/.well-known/oauth-protected-resource/mcp" in challenge
    assert 'scope="rag.search"' in challenge


@pytest.mark.promise("uniform-401")
def test_a_token_in_the_query_string_is_no_token(company: Company) -> None:
    token = company.issuer.token("alice")

    answer = company.http.post(f"/v1/search?access_token={token}", json={"query": "x"})

    assert 401 == answer.status_code


@pytest.mark.promise("uniform-401")
def test_two_authorization_headers_are_none(company: Company) -> None:
    header = ("Authorization", company.bearer("alice")["Authorization"])

    answer = company.http.post("/v1/search", json={"query": "x"}, headers=[header, header])

    assert 401 == answer.status_code


@pytest.mark.parametrize(
    ("path", "scope"), [("/v1/search", "rag.read"), ("/v1/documents/x", "rag.search")]
)
def test_a_token_for_something_else_is_403(company: Company, path: str, scope: str) -> None:
    """
    The challenge names the scope that is missing.
    """
    headers = {"Authorization": f"Bearer {company.issuer.token('alice', scope=scope)}"}

    if path == "/v1/search":
        answer = company.http.post(path, json={"query": "x"}, headers=headers)
    else:
        answer = company.http.get(path, headers=headers)

    assert 403 == answer.status_code
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "   "},
        {"query": 3},
        {"query": "x" * 2_001},
        {"query": "x", "limit": 0},
        {"query": "x", "limit": 51},
        {"query": "x", "tenant": "other"},
        {"query": "x", "filters": {"readership": ["x"]}},
        {"query": "x", "filters": {"sources": []}},
    ],
)
def test_a_malformed_question_is_a_problem(company: Company, body: dict[str, object]) -> None:
    """
    Refused with where and what, never with the value that was sent.
    """
    answer = company.http.post("/v1/search", json=body, headers=company.bearer("alice"))

    assert 422 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert "x" * 100 not in answer.text


def test_a_source_filter_only_narrows(company: Company) -> None:
    """
    Naming the reader's source changes nothing; naming another finds nothing.
    """
    bearer = company.bearer("alice")
    ask = {"query": "Heron", "limit": 50}

    every = company.http.post("/v1/search", json=ask, headers=bearer).json()
    own = {**ask, "filters": {"sources": ["larkspur"]}}
    other = {**ask, "filters": {"sources": ["elsewhere"]}}

    same = company.http.post("/v1/search", json=own, headers=bearer).json()
    assert [p["id"] for p in every["passages"]] == [p["id"] for p in same["passages"]]
    assert [] == company.http.post("/v1/search", json=other, headers=bearer).json()["passages"]


def test_a_body_that_is_too_large_is_not_read(company: Company) -> None:
    answer = company.http.post(
        "/v1/search",
        content=b'{"query": "' + b"x" * 100_000 + b'"}',
        headers={**company.bearer("alice"), "Content-Type": "application/json"},
    )

    assert 413 == answer.status_code


def test_errors_of_the_framework_are_problems_too(company: Company) -> None:
    for answer in (company.http.get("/nothing/here"), company.http.get("/v1/search")):
        assert "application/problem+json" == answer.headers["content-type"]


def test_nothing_may_be_cached(company: Company) -> None:
    for answer in (company.search("alice", "Heron"), company.http.get("/healthz")):
        assert "no-store" == answer.headers["cache-control"]


def test_the_service_describes_itself(company: Company) -> None:
    """
    OpenAPI 3.1 with unique operation names, and the metadata of RFC 9728 at both places.
    """
    document = company.http.get("/openapi.json").json()
    names = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    root, inserted = (
        company.http.get(f"/.well-known/oauth-protected-resource{end}").json()
        for end in ("", "/mcp")
    )

    assert document["openapi"].startswith("3.1")
    assert len(names) == len(set(names))
    assert root == inserted
    assert company.configuration.settings.service.resource == root["resource"]
    assert [company.configuration.settings.issuers[0].issuer] == root["authorization_servers"]


def test_ready_means_that_a_question_could_be_answered(company: Company) -> None:
    assert {"status": "ok", "failing": []} == company.http.get("/readyz").json()


def test_no_answer_holds_a_vector(company: Company) -> None:
    """
    No response has a list of numbers anywhere.
    """

    def numbers(value: object) -> bool:
        if isinstance(value, dict):
            return any(numbers(inner) for inner in value.values())
        if isinstance(value, list):
            return any(isinstance(inner, float) or numbers(inner) for inner in value)
        return False

    assert not numbers(company.search("alice", "Heron").json())


def test_personal_data_is_replaced_in_text_title_and_question(company: Company) -> None:
    """
    Carol finds the form by the person's name, although the name is nowhere stored.
    """
    form = company.get("carol", "/v1/documents/pay-new-starter-form").json()

    assert form["provenance"]["redactions"]["US_SSN"] >= 1
    assert "219-09-9999" not in json.dumps(form)
    assert "<US_SSN_" in form["text"]


def test_an_injected_instruction_is_marked_and_inert(company: Company) -> None:
    """
    The vendor's mail is released as data, with the signal in its provenance.
    """
    found = company.get("alice", "/v1/documents/eng-brightpath-vendor-mail").json()

    assert "instruction-like" in found["provenance"]["trust"]["signals"]
    assert "<!--" not in found["text"]
    assert "https://" not in found["text"]
    assert "\u200b" not in found["text"]
