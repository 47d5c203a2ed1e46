"""
The route for OpenAI's clients: what it honours, what it refuses, and in whose words.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from retrieval.api.app import create_app
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.ingestion.world import allow
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import told
from tests.security.faults import registry_down
from tests.security.ward import Ward

pytestmark = pytest.mark.promise("honoured-or-refused")

ALICE = {"corp": "alice"}
PERMISSION_KEYS = (
    "acl",
    "readership",
    "tenant",
    "principals",
    "label",
    "sources",
    "document",
    "attributes.source",
    "",
    "source ",
)


class Stores:
    """
    Two sources with one document of alice's in each, and one with none of hers.
    """

    def __init__(self, shared: Installation) -> None:
        self.shared = shared
        self.first, self.second, self.hidden = (shared.fresh() for _ in range(3))
        for source, reader in ((self.first, "alice"), (self.second, "alice"), (self.hidden, "bob")):
            text = f"words of {source}"
            one = {
                "id": source,
                "title": f"T {source}",
                "text": text,
                "acl": allow(f"user:{reader}"),
            }
            shared.write(source, [one])
            shared.sync(source, "corp")
        self.room = shared.room([self.first, self.second, self.hidden], ["corp"])

    @property
    def http(self) -> TestClient:
        return client(self.room)

    def asks(self, store: str = "all", /, **body: object) -> Response:
        where = f"/v1/vector_stores/{store}/search"
        headers = self.shared.bearer("alice", ALICE)
        return self.http.post(where, json={"query": "words", **body}, headers=headers)

    def found(self, store: str = "all", /, **body: object) -> set[str]:
        answer = self.asks(store, **body)
        assert 200 == answer.status_code, answer.text
        return {one["attributes"]["source"] for one in answer.json()["data"]}


@pytest.fixture(scope="module")
def stores(shared: Installation) -> Stores:
    return Stores(shared)


def error(answer: Response) -> dict[str, Any]:
    """
    Return what went wrong, in the form that OpenAI's clients read.
    """
    body = answer.json()
    assert {"error"} == body.keys()
    found: dict[str, Any] = body["error"]
    assert {"message", "type", "param", "code"} == found.keys()
    assert "application/json" == answer.headers["content-type"]
    assert str(len(answer.content)) == answer.headers["content-length"]
    return found


def compared(kind: str, value: object, key: str = "source") -> dict[str, object]:
    return {"type": kind, "key": key, "value": value}


def test_a_store_is_a_source_or_all(stores: Stores) -> None:
    assert {stores.first, stores.second} == stores.found()
    assert {stores.first} == stores.found(stores.first)


@pytest.mark.promise("absent-equals-forbidden")
def test_a_store_that_is_hidden_is_as_one_that_is_not_there(stores: Stores) -> None:
    hidden, absent = stores.asks(stores.hidden), stores.asks("no-such-store")

    assert 200 == hidden.status_code
    assert told(absent) == told(hidden)
    assert [] == hidden.json()["data"]


def test_filters_choose_among_sources(stores: Stores) -> None:
    first, second = stores.first, stores.second
    cases: list[tuple[Mapping[str, object], set[str]]] = [
        (compared("eq", first), {first}),
        (compared("ne", first), {second}),
        (compared("in", [first, second, "x"]), {first, second}),
        (compared("nin", [first]), {second}),
        ({"type": "and", "filters": [compared("ne", first), compared("ne", second)]}, set()),
        (
            {"type": "or", "filters": [compared("eq", first), compared("eq", second)]},
            {first, second},
        ),
        (
            {"type": "and", "filters": [compared("in", [first, second]), compared("ne", second)]},
            {first},
        ),
    ]
    for chosen, expected in cases:
        assert expected == stores.found(filters=chosen), chosen


@pytest.mark.promise("filters-only-narrow")
def test_no_filter_widens(stores: Stores) -> None:
    """
    Every shape that names the hidden source, or everything but something, stays inside the scope
    and inside the store.
    """
    hidden = stores.hidden
    wide: list[Mapping[str, object]] = [
        compared("eq", hidden),
        compared("ne", "x"),
        compared("in", [hidden, stores.first]),
        compared("nin", ["x"]),
        {"type": "or", "filters": [compared("eq", hidden), compared("ne", hidden)]},
    ]
    for chosen in wide:
        assert stores.found(filters=chosen) <= {stores.first, stores.second}, chosen
        assert stores.found(stores.first, filters=chosen) <= {stores.first}, chosen
        assert set() == stores.found(hidden, filters=chosen), chosen


@pytest.mark.promise("filters-only-narrow")
@pytest.mark.parametrize("key", PERMISSION_KEYS, ids=ascii)
def test_no_filter_names_anything_but_a_source(stores: Stores, key: str) -> None:
    """
    A field of permissions, one that is not there and a misspelt one are one refusal.
    """
    for chosen in (
        compared("eq", "x", key),
        {"type": "and", "filters": [compared("eq", "x", key)]},
    ):
        answer = stores.asks(filters=chosen)
        assert 400 == answer.status_code
        told = error(answer)
        assert "Input should be 'source'" in told["message"]
        assert told["param"].startswith("filters.")
        assert "invalid_request_error" == told["type"]


def nested(depth: int) -> dict[str, object]:
    found = compared("eq", "x")
    for _ in range(depth - 1):
        found = {"type": "and", "filters": [found]}
    return found


REFUSED: Mapping[str, Mapping[str, object]] = {
    "no such comparison": {"filters": compared("gt", "x")},
    "no such type": {"filters": compared("exists", "x")},
    "a filter without a type": {"filters": {"key": "source", "value": "x"}},
    "a value that is no name": {"filters": compared("eq", 1)},
    "a list for one": {"filters": compared("eq", ["x"])},
    "one for a list": {"filters": compared("in", "x")},
    "too deep": {"filters": nested(5)},
    "far too deep": {"filters": nested(300)},
    "too many": {
        "filters": {
            "type": "or",
            "filters": [
                {"type": "or", "filters": [compared("eq", "x")] * 20},
                {"type": "or", "filters": [compared("eq", "x")] * 20},
            ],
        }
    },
    "a filter with more": {"filters": {**compared("eq", "x"), "must": []}},
    "a member that is not known": {"tenant": "acme"},
    "a rewritten question": {"rewrite_query": True},
    "a ranker that is OpenAI's": {"ranking_options": {"ranker": "default-2024-11-15"}},
    "a threshold": {"ranking_options": {"score_threshold": 0.5}},
    "weights": {"ranking_options": {"hybrid_search": {"embedding_weight": 1, "text_weight": 0}}},
    "no results": {"max_num_results": 0},
    "too many results": {"max_num_results": 51},
    "no question": {"query": ""},
    "no questions": {"query": []},
    "questions that are too long together": {"query": ["x" * 1_500, "y" * 1_500]},
    "a cursor that is not one": {"page": "x"},
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_is_not_honoured_is_refused(stores: Stores, what: str) -> None:
    """
    In OpenAI's form, with the member that is to blame; never as if it had been done.
    """
    answer = stores.asks(**REFUSED[what])

    assert 400 == answer.status_code, answer.text
    told = error(answer)
    assert "invalid_request_error" == told["type"]
    blamed = next(iter(REFUSED[what]))
    assert told["param"] is None if blamed == "page" else told["param"].startswith(blamed)


def test_what_no_parser_could_follow_is_refused(stores: Stores) -> None:
    depth = 2_000
    filters = '{"type":"and","filters":[' * depth + "]}" * depth
    body = f'{{"query":"x","filters":{filters}}}'
    headers = {**stores.shared.bearer("alice", ALICE), "content-type": "application/json"}

    answer = stores.http.post("/v1/vector_stores/all/search", content=body, headers=headers)

    assert (400, "invalid_request_error") == (answer.status_code, error(answer)["type"])


@pytest.mark.parametrize("depth", [1, 4])
def test_what_is_just_deep_enough_is_honoured(stores: Stores, depth: int) -> None:
    assert set() == stores.found(filters=nested(depth))


def test_what_asks_for_nothing_special_is_honoured(stores: Stores) -> None:
    options = {"ranker": "auto", "score_threshold": 0}

    answer = stores.asks(rewrite_query=False, ranking_options=options, query=["words", "more"])

    assert 200 == answer.status_code
    assert ["words", "more"] == answer.json()["search_query"]


@pytest.mark.promise("idf-in-scope")
def test_scores_say_the_place_and_nothing_else(stores: Stores) -> None:
    """
    The same whatever was asked, what was found, and what is hidden.
    """
    asked = [stores.asks(query=one).json()["data"] for one in ("words", "nothing of it", "of")]

    assert {(1.0, 61 / 62)} == {tuple(one["score"] for one in found) for found in asked}


def test_pages_follow_each_other(stores: Stores) -> None:
    first = stores.asks(max_num_results=1).json()
    assert first["has_more"]
    second = stores.asks(max_num_results=1, page=first["next_page"]).json()

    assert (False, None) == (second["has_more"], second["next_page"])
    found = {one["attributes"]["source"] for page in (first, second) for one in page["data"]}
    assert {stores.first, stores.second} == found


def test_every_error_is_in_openais_form(stores: Stores) -> None:
    """
    Whoever makes it: the router, the limits in front, the doors behind.
    """
    headers = stores.shared.bearer("alice", ALICE)
    where = "/v1/vector_stores/all/search"
    large = {"query": "x" * 100_000}
    answers = {
        401: stores.http.post(where, json={"query": "x"}),
        400: stores.http.post(where, content=b"{", headers=headers),
        404: stores.http.post("/v1/vector_stores/all/other", json={}, headers=headers),
        405: stores.http.get(where, headers=headers),
        413: stores.http.post(where, json=large, headers=headers),
    }

    assert {status: status for status in answers} == {
        status: one.status_code for status, one in answers.items()
    }
    types = {status: error(one)["type"] for status, one in answers.items()}
    assert ("authentication_error", "not_found_error") == (types[401], types[404])
    assert answers[401].headers["www-authenticate"].startswith("Bearer resource_metadata=")


def test_a_failure_is_the_servers(shared: Installation) -> None:
    ward = Ward.ingested(shared)
    with registry_down(ward):
        answer = ward.http().post(
            "/v1/vector_stores/all/search", json={"query": "x"}, headers=ward.headers()
        )

    assert (503, "server_error") == (answer.status_code, error(answer)["type"])
    assert "retry-after" in answer.headers


def test_elsewhere_errors_are_problem_documents(stores: Stores) -> None:
    """
    The control: the translation is of this route alone.
    """
    app = create_app(
        stores.room, resource=AUDIENCE, issuers=[ISSUER], probes={}, close=lambda: None
    )
    answer = TestClient(app).post("/v1/search", json={"query": "x"})

    assert (401, "application/problem+json") == (
        answer.status_code,
        answer.headers["content-type"],
    )
