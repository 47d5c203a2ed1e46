"""
ChatGPT's Actions import the description that is made for them: it is held against their limits.

The limits are OpenAI's, as published in "Production notes on GPT Actions"; the number of operations
is what the editor takes.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from retrieval.api.actions import ACTIONS_PATH
from tests.acl.identity.issuers import AUDIENCE
from tests.ingestion.world import allow
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import CALLS, operations

pytestmark = pytest.mark.promise("as-described")

MAX_OPERATIONS: Final = 30
MAX_PROSE: Final = 300
MAX_PARAMETER_PROSE: Final = 700
MAX_CHARACTERS: Final = 100_000
ALICE: Final = {"corp": "alice"}
LONGEST: Final = 50


@pytest.fixture(scope="module")
def imported(shared: Installation) -> dict[str, Any]:
    answer = client(shared.room([], [])).get(ACTIONS_PATH)
    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    document: dict[str, Any] = answer.json()
    return document


def every(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in document["paths"].values():
        yield from methods.items()


def test_the_document_is_openapi_with_our_address(imported: dict[str, Any]) -> None:
    assert imported["openapi"].startswith("3.1.")
    assert [{"url": AUDIENCE.removesuffix("/mcp")}] == imported["servers"]
    assert imported["servers"][0]["url"].startswith("https://")
    assert len(str(imported)) < MAX_CHARACTERS


def test_it_has_what_a_readers_gpt_needs_and_no_more(imported: dict[str, Any]) -> None:
    names = [one["operationId"] for _, one in every(imported)]

    assert ["searchDocuments", "getPassage", "getDocument"] == names
    assert len(names) == len(set(names)) <= MAX_OPERATIONS


def test_no_operation_asks_the_user_before_each_question(imported: dict[str, Any]) -> None:
    assert {False} == {one["x-openai-isConsequential"] for _, one in every(imported)}


def test_prose_is_short_enough(imported: dict[str, Any]) -> None:
    for _, one in every(imported):
        for member in ("summary", "description"):
            assert len(one.get(member, "")) <= MAX_PROSE, one["operationId"]
        for parameter in one.get("parameters", ()):
            told = [parameter.get("description", ""), parameter["schema"].get("description", "")]
            assert max(map(len, told)) <= MAX_PARAMETER_PROSE, parameter["name"]
    for schema in imported["components"]["schemas"].values():
        for member in schema.get("properties", {}).values():
            assert len(member.get("description", "")) <= MAX_PARAMETER_PROSE


def test_there_is_one_way_to_sign_in_and_no_header_to_set(imported: dict[str, Any]) -> None:
    schemes = imported["components"]["securitySchemes"]
    (name,) = schemes
    assert ("http", "bearer") == (schemes[name]["type"], schemes[name]["scheme"])
    assert all([{name: []}] == one["security"] for _, one in every(imported))
    places = {p["in"] for _, one in every(imported) for p in one.get("parameters", ())}
    assert places <= {"path", "query"}


def test_every_reference_leads_somewhere_and_every_schema_is_used(
    imported: dict[str, Any],
) -> None:
    text, schemas = str(imported), imported["components"]["schemas"]

    for name in schemas:
        assert f"#/components/schemas/{name}'" in text
    assert text.count("#/components/schemas/") >= len(schemas)
    for _, one in every(imported):
        for answer in one["responses"].values():
            for content in answer.get("content", {}).values():
                reference = content.get("schema", {}).get("$ref", "")
                assert not reference or reference.rpartition("/")[2] in schemas


def test_the_whole_description_keeps_to_the_lengths_as_well(shared: Installation) -> None:
    for one in operations(shared.room([], [])).values():
        assert len(one.get("summary", "")) <= MAX_PROSE
        assert len(one.get("description", "")) <= MAX_PROSE


@pytest.mark.parametrize("letter", ["w", '"', "\n\\", "\U0001f600"], ids=ascii)
def test_no_response_is_longer_than_a_gpt_takes(shared: Installation, letter: str) -> None:
    """
    The most passages, of the longest chunks, of letters that JSON writes long; and a document.
    """
    source = shared.fresh()
    text = f"words {letter * 8} " * 12_000
    acl, title, address = (
        allow("user:alice"),
        letter * 500 + "T",
        "https://x.example/" + "y" * 1_500,
    )
    one = {"id": "d", "title": title, "url": address, "text": text[:110_000], "acl": acl}
    shared.write(source, [one])
    shared.sync(source, "corp")
    http, headers = client(shared.room([source], ["corp"])), shared.bearer("alice", ALICE)

    found = http.post("/v1/search", json={"query": "words", "limit": LONGEST}, headers=headers)
    store = http.post(
        "/v1/vector_stores/all/search",
        json={"query": "words", "max_num_results": LONGEST},
        headers=headers,
    )
    whole = http.get("/v1/documents/d", headers=headers)

    for answer in (found, store, whole):
        assert 200 == answer.status_code, answer.text
        assert 10_000 < len(answer.text) < MAX_CHARACTERS
    assert found.json()["passages"]
    assert whole.json()["truncated"]


@pytest.mark.parametrize("name", ["d", "a/long/name" * 90], ids=["short", "long"])
def test_many_small_passages_are_not_too_long_either(shared: Installation, name: str) -> None:
    """
    Each has a citation, a place in the context, and one in signed provenance.
    """
    source, acl = shared.fresh(), allow("user:alice")
    documents = [
        {"id": f"{name}{n}", "title": f"Title {n}", "text": f"words {n} " * 45, "acl": acl}
        for n in range(LONGEST + 10)
    ]
    shared.write(source, documents)
    shared.sync(source, "corp")
    http, headers = client(shared.room([source], ["corp"])), shared.bearer("alice", ALICE)

    answer = http.post("/v1/search", json={"query": "words", "limit": LONGEST}, headers=headers)

    assert 200 == answer.status_code, answer.text
    assert answer.json()["next_cursor"]
    assert 0.75 * MAX_CHARACTERS < len(answer.text) < MAX_CHARACTERS


def test_the_document_is_for_everybody() -> None:
    """
    It says nothing that depends on who asks: it takes no token.
    """
    assert "actions" in CALLS
