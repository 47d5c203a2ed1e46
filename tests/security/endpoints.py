"""
Every operation of the API and every tool of MCP, taken from their own descriptions, the reader's
page, and how a reader calls it.

A new operation, tool, parameter or body member has no entry here, and `test_object_access` fails
until it has one: nothing is added without being attacked.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from acl.model.scopes import PLAIN_SCOPES
from retrieval.addresses import page_path
from retrieval.answer import ReadingRoom
from retrieval.mcp.results import PROVENANCE, REQUEST_ID
from retrieval.mcp.tools import declared
from tests.acl.identity.issuers import unb64
from tests.retrieval.console.desks import opened
from tests.retrieval.mcp.speaking import Speaker
from tests.scenarios.installation import client

Headers = Mapping[str, str]
PAGE: Final = "readers page"
SHOWN: Final = "shown"
ANYTHING: Final = "everything that stands in this text"
"""
Asked where the answer repeats the question: it is to hold nothing that is looked for.
"""


@dataclass(frozen=True)
class Target:
    """
    What is asked for: a document, one of its passages, its source, and words that are in it.
    """

    source: str
    document: str
    passage: str
    words: str = ANYTHING


def search(http: TestClient, headers: Headers, target: Target) -> Response:
    body = {"query": target.words, "limit": 50, "filters": {"sources": [target.source]}}
    return http.post("/v1/search", json=body, headers=headers)


def search_in_store(http: TestClient, headers: Headers, target: Target) -> Response:
    where = f"/v1/vector_stores/{quote(target.source or 'x', safe='')}/search"
    return http.post(where, json={"query": ANYTHING, "max_num_results": 50}, headers=headers)


def search_with_filter(http: TestClient, headers: Headers, target: Target) -> Response:
    chosen = {"type": "eq", "key": "source", "value": target.source}
    body = {"query": ANYTHING, "max_num_results": 50, "filters": chosen}
    return http.post("/v1/vector_stores/all/search", json=body, headers=headers)


def passage(http: TestClient, headers: Headers, target: Target) -> Response:
    return http.get(f"/v1/passages/{quote(target.passage, safe='')}", headers=headers)


def document(http: TestClient, headers: Headers, target: Target) -> Response:
    return http.get(f"/v1/documents/{quote(target.document, safe='')}", headers=headers)


def document_in_source(http: TestClient, headers: Headers, target: Target) -> Response:
    where, params = f"/v1/documents/{quote(target.document, safe='')}", {"source": target.source}
    return http.get(where, params=params, headers=headers)


def explain(http: TestClient, headers: Headers, target: Target) -> Response:
    body = {"reader": "alice", "document": target.document or "x", "source": target.source or "x"}
    return http.post("/v1/explain", json=body, headers=headers)


def mcp_search(http: TestClient, headers: Headers, target: Target) -> Response:
    return Speaker(http, headers).call("search", query=target.words)


def mcp_fetch(http: TestClient, headers: Headers, target: Target) -> Response:
    return Speaker(http, headers).call("fetch", id=target.passage)


def mcp_search_documents(http: TestClient, headers: Headers, target: Target) -> Response:
    asked = {"query": target.words, "limit": 20, "sources": [target.source]}
    return Speaker(http, headers).call("search_documents", **asked)


def reader_page(http: TestClient, headers: Headers, target: Target) -> Response:
    app = http.app
    assert isinstance(app, FastAPI)
    return opened(http, app.state.sessions, headers, page_path(target.passage))


def verify(http: TestClient, headers: Headers, target: Target) -> Response:
    """
    Verify what the caller has just been released, in the name of the target's passage.
    """
    answer = search(http, headers, target).json()
    forged = {"signed_provenance": target.passage or "x"}
    return http.post("/v1/verify", json=answer if "passages" in answer else forged, headers=headers)


def check(http: TestClient, headers: Headers, target: Target) -> Response:
    """
    Check an answer that names the target in every way.
    """
    released = search(http, headers, target).json().get("signed_provenance", "x")
    said = f"[{target.source}:{target.document}@1#0-9] {target.passage}"
    body = {"answer": said, "signed_provenance": [released]}
    return http.post("/v1/answers/check", json=body, headers=headers)


def _page(path: str) -> Callable[[TestClient, Headers, Target], Response]:
    return lambda http, headers, _: http.get(path, headers=headers)


Call = Callable[[TestClient, Headers, Target], Response]
CALLS: Final[Mapping[str, Call]] = {
    "searchDocuments": search,
    "searchVectorStore": search_in_store,
    "getPassage": passage,
    "getDocument": document_in_source,
    "explainDecision": explain,
    "mcp/search": mcp_search,
    "mcp/fetch": mcp_fetch,
    "mcp/search_documents": mcp_search_documents,
    PAGE: reader_page,
    "verifyProvenance": verify,
    "checkAnswer": check,
    "resourceMetadata": _page("/.well-known/oauth-protected-resource"),
    "provenanceKeys": _page("/.well-known/jwks.json"),
    "actions": _page("/openapi/actions.json"),
    "health": _page("/healthz"),
    "ready": _page("/readyz"),
}

TOOLS: Final = ("mcp/search", "mcp/fetch", "mcp/search_documents")
RELEASING: Final = (
    "searchDocuments",
    "searchVectorStore",
    "getPassage",
    "getDocument",
    PAGE,
    *TOOLS,
)
"""
Those that hand out text, or titles.
"""

SEARCHING: Final = frozenset(
    {"searchDocuments", "searchVectorStore", "mcp/search", "mcp/search_documents"}
)

IDENTIFIERS: Final[Mapping[tuple[str, str], Call]] = {
    ("searchDocuments", "filters.sources"): search,
    ("searchVectorStore", "vector_store_id"): search_in_store,
    ("searchVectorStore", "filters"): search_with_filter,
    ("getPassage", "passage_id"): passage,
    ("getDocument", "document_id"): document,
    ("getDocument", "source"): document_in_source,
    ("mcp/fetch", "id"): mcp_fetch,
    ("mcp/search_documents", "sources"): mcp_search_documents,
    (PAGE, "passage_id"): reader_page,
}
"""
Every parameter that names something, with a call that is led by it.
"""

PROVING: Final = frozenset({"verifyProvenance", "checkAnswer"})
"""
Operations that compare what they are given with what we have signed, and look nothing up; what
they tell is attacked in `tests/security/test_proofs_over_http.py`.
"""

NAMING_NOTHING: Final = frozenset(
    {
        *(("searchDocuments", one) for one in ("query", "limit", "at_least_epoch", "cursor")),
        *(
            ("searchVectorStore", one)
            for one in (
                "query",
                "max_num_results",
                "ranking_options.ranker",
                "ranking_options.score_threshold",
                "rewrite_query",
                "page",
            )
        ),
        ("mcp/search", "query"),
        *(
            ("mcp/search_documents", one)
            for one in ("query", "limit", "modified_since", "modified_before", "cursor")
        ),
        ("verifyProvenance", "signed_provenance"),
        ("verifyProvenance", "_meta"),
        *(
            ("checkAnswer", one)
            for one in ("answer", "signed_provenance", "passages", "request_id")
        ),
    }
)

OPERATORS: Final = frozenset({"explainDecision"})
"""
Operations for operators: a reader is refused, whatever is named.
"""

NAMED_BY_OPERATORS: Final = frozenset(
    ("explainDecision", one)
    for one in ("reader", "document", "issuer", "source", "client", "assurance", "at")
)


def operations(room: ReadingRoom) -> dict[str, Any]:
    """
    Return every operation of the description, every tool, and the page, by its name.
    """
    described = client(room).get("/openapi.json").json()
    found = {
        one["operationId"]: one for path in described["paths"].values() for one in path.values()
    }
    page = {"parameters": [{"name": "passage_id"}]}
    return found | {f"mcp/{one['name']}": one for one in declared(PLAIN_SCOPES)} | {PAGE: page}


def parameters(room: ReadingRoom) -> Iterator[tuple[str, str]]:
    """
    Yield every parameter and every member of a body, by operation.
    """
    schemas = client(room).get("/openapi.json").json()["components"]["schemas"]
    for name, operation in operations(room).items():
        for one in operation.get("parameters", ()):
            yield name, one["name"]
        content = operation.get("requestBody", {}).get("content", {})
        for body in content.values():
            for member in _members(body["schema"], schemas):
                yield name, member
        for member in operation.get("inputSchema", {}).get("properties", {}):
            yield name, member


def _members(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    whole = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name, member in whole.get("properties", {}).items():
        nested = [one for one in member.get("anyOf", [member]) if "$ref" in one]
        inner = [f"{name}.{one}" for some in nested for one in _members(some, schemas)]
        yield from inner or [name]


def body_of(response: Response) -> dict[str, Any]:
    """
    Return what a response says: JSON, or what the page shows.
    """
    if response.headers.get("content-type", "").startswith("text/html"):
        return {SHOWN: response.text}
    said: dict[str, Any] = response.json() if response.content else {}
    return said


def found_nothing(response: Response) -> bool:
    """
    Say whether a search, over REST or MCP, has answered that there is nothing.
    """
    body = body_of(response)
    answered = body.get("result", {}).get("structuredContent", body)
    kept = (
        answered.get(one)
        for one in ("passages", "results", "context", "data", "next_page", "next_cursor", SHOWN)
    )
    return response.status_code == 200 and not any(kept)


def refused(response: Response) -> bool:
    """
    Say whether a tool has answered that it cannot.
    """
    result = body_of(response).get("result", {})
    return bool(result.get("isError")) and "structuredContent" not in result


def not_there(response: Response) -> bool:
    """
    Say whether a fetch, over REST or MCP, has answered that there is no such thing.
    """
    if response.status_code == 404:
        return True
    result = body_of(response).get("result", {})
    absent = {"content": [{"type": "text", "text": "not found"}], "isError": True}
    return bool(result == absent)


def stated(signed: str) -> dict[str, Any]:
    """
    Return what a signed statement says, without what is drawn for its request.
    """
    said: dict[str, Any] = json.loads(unb64(signed.split(".")[1]))
    return {name: one for name, one in said.items() if name not in {"jti", "iat", "context_sha256"}}


def told(response: Response) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
    """
    Return all that a client learns from a response: status, headers and body.

    Left out is `request_id`, which is drawn at random for every request, whatever happens; of a
    signed statement all is told but that, the boundary and the moment.
    """
    body = body_of(response)
    body.pop("request_id", None)
    meta = body.get("result", {}).get("_meta", {})
    meta.pop(REQUEST_ID, None)
    if PROVENANCE in meta:
        meta[PROVENANCE] = stated(meta[PROVENANCE])
    if "signed_provenance" in body:
        body["signed_provenance"] = stated(body["signed_provenance"])
    return response.status_code, sorted(response.headers.items()), body
