"""
Every operation of the API, taken from its own description, and how a reader calls it.

A new operation, parameter or body member has no entry here, and `test_endpoints` fails until it
has one: nothing is added to the API without being attacked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi.testclient import TestClient
from httpx2 import Response

from retrieval.answer import ReadingRoom
from tests.scenarios.installation import client

Headers = Mapping[str, str]
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


def _page(path: str) -> Callable[[TestClient, Headers, Target], Response]:
    return lambda http, headers, _: http.get(path, headers=headers)


Call = Callable[[TestClient, Headers, Target], Response]
CALLS: Final[Mapping[str, Call]] = {
    "searchDocuments": search,
    "searchVectorStore": search_in_store,
    "getPassage": passage,
    "getDocument": document_in_source,
    "explainDecision": explain,
    "resourceMetadata": _page("/.well-known/oauth-protected-resource"),
    "actions": _page("/openapi/actions.json"),
    "health": _page("/healthz"),
    "ready": _page("/readyz"),
}

RELEASING: Final = ("searchDocuments", "searchVectorStore", "getPassage", "getDocument")
"""
Those that hand out text.
"""

IDENTIFIERS: Final[Mapping[tuple[str, str], Call]] = {
    ("searchDocuments", "filters.sources"): search,
    ("searchVectorStore", "vector_store_id"): search_in_store,
    ("searchVectorStore", "filters"): search_with_filter,
    ("getPassage", "passage_id"): passage,
    ("getDocument", "document_id"): document,
    ("getDocument", "source"): document_in_source,
}
"""
Every parameter that names something, with a call that is led by it.
"""

NAMING_NOTHING: Final = frozenset(
    [("searchDocuments", one) for one in ("query", "limit", "at_least_epoch", "cursor")]
    + [
        ("searchVectorStore", one)
        for one in (
            "query",
            "max_num_results",
            "ranking_options.ranker",
            "ranking_options.score_threshold",
            "rewrite_query",
            "page",
        )
    ]
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
    Return every operation of the description, by its name.
    """
    described = client(room).get("/openapi.json").json()
    return {
        one["operationId"]: one for path in described["paths"].values() for one in path.values()
    }


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


def _members(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    whole = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name, member in whole.get("properties", {}).items():
        nested = [one for one in member.get("anyOf", [member]) if "$ref" in one]
        inner = [f"{name}.{one}" for some in nested for one in _members(some, schemas)]
        yield from inner or [name]


def told(response: Response) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
    """
    Return all that a client learns from a response: status, headers and body.

    Left out is `request_id`, which is drawn at random for every request, whatever happens.
    """
    body: dict[str, Any] = response.json()
    body.pop("request_id", None)
    return response.status_code, sorted(response.headers.items()), body
