"""
Responses that are not as they were released, on every way.
"""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from retrieval.api.schemas import DocumentResponse, PassageResponse, SearchResponse
from retrieval.mcp.results import PROVENANCE
from retrieval.provenance import digest
from retrieval.responses import FOREIGN, SIGNED
from tests.retrieval.mcp.speaking import ERAS, Speaker
from tests.scenarios.installation import Installation, client
from tests.security.house import House, verify

pytestmark = pytest.mark.promise("signed-provenance")

Json = dict[str, Any]
UNSTATED: Final = {"blind", "next_cursor"}
FORGERY: Final = {"id": "x", "title": "FORGED", "url": "https://evil.example", "text": "FORGED"}


@pytest.fixture(scope="module")
def house(shared: Installation) -> House:
    return House(shared)


@pytest.fixture
def http(house: House) -> TestClient:
    return client(house.room)


def without(name: str) -> Callable[[Json], Json]:
    return lambda found: {key: value for key, value in found.items() if key != name}


def with_passage(**said: object) -> Callable[[Json], Json]:
    return lambda found: found | {"passages": [found["passages"][0] | said, *found["passages"][1:]]}


def relabelled(found: Json) -> Json:
    provenance = found["passages"][0]["provenance"] | {"label": "harmless"}
    return with_passage(provenance=provenance)(found)


FORGED: Final[dict[str, Callable[[Json], Json]]] = {
    "passages as an object": lambda found: found | {"passages": {"first": FORGERY}},
    "passages as null": lambda found: found | {"passages": None},
    "passages as a string": lambda found: found | {"passages": "FORGED"},
    "no passages": without("passages"),
    "no context": without("context"),
    "no epoch": without("epoch"),
    "no most sensitive label": without("max_label"),
    "documents": lambda found: found | {"documents": [FORGERY]},
    "a text beside passages": lambda found: found | FORGERY,
    "the answer to something else": lambda found: {SIGNED: found[SIGNED], **FORGERY},
    "a lower label": relabelled,
    "no provenance": with_passage(provenance=None),
    "more in a passage": with_passage(note="FORGED"),
    "true for one": lambda found: found | {"epoch": found["epoch"] + 0.0},
    "a tool's result": lambda found: found | {"structuredContent": {"results": []}},
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_response_does_not_verify(http: TestClient, house: House, how: str) -> None:
    found = house.ask().json()

    verdict = verify(http, house, FORGED[how](found))

    assert not verdict["verified"]
    assert verdict["differences"]
    assert verify(http, house, found)["verified"]


def test_what_comes_alone_is_said_to_be_that(http: TestClient, house: House) -> None:
    """
    Nothing is claimed of a response that nobody has shown.
    """
    found = house.ask().json()

    alone = verify(http, house, {SIGNED: found[SIGNED]})
    whole = verify(http, house, found)

    assert (True, False) == (alone["verified"], alone["compared"])
    assert (True, True) == (whole["verified"], whole["compared"])
    assert not verify(http, house, {SIGNED: "x.y.z", "passages": []})["compared"]


def test_a_passage_and_a_document_are_told_apart(http: TestClient, house: House) -> None:
    """
    Each is recognised by the operation that was stated.
    """
    one = house.ask().json()["passages"][0]["id"]
    paths = (f"/v1/passages/{one}", f"/v1/documents/plan?source={house.source}")
    passage, document = (http.get(path, headers=house.headers()).json() for path in paths)

    for answer in (passage, document):
        assert verify(http, house, answer)["verified"]
        for member in ("text", "title", "url", "citation", "provenance", "epoch"):
            assert not verify(http, house, without(member)(answer))["verified"]
            assert not verify(http, house, answer | {member: "x"})["verified"]
    assert not verify(http, house, document | {"id": "plan"})["verified"]
    mixed = document | {SIGNED: passage[SIGNED]}
    assert not verify(http, house, mixed)["verified"]


def test_every_member_of_a_response_is_known() -> None:
    """
    Whoever adds one decides whether it is stated.
    """
    known = {"request_id", "epoch", SIGNED, "max_label", "models"}
    of_one = {"citation", "title", "url", "text", "provenance"}

    of_many = {"passages", "context", "blind", "left_out", "next_cursor"}
    assert known | of_many == set(SearchResponse.model_fields)
    assert known | of_one | {"id"} == set(PassageResponse.model_fields)
    assert known | of_one | {"truncated"} == set(DocumentResponse.model_fields)


def speaker(http: TestClient, house: House, era: str) -> Speaker:
    return Speaker(http, house.headers(), era)


def results(http: TestClient, house: House, era: str) -> dict[str, Json]:
    asked = {"query": "what is said about everything"}
    spoken = speaker(http, house, era)
    found = spoken.result("search", **asked)
    first = found["structuredContent"]["results"][0]["id"]
    return {
        "search": found,
        "search_documents": spoken.result("search_documents", **asked),
        "fetch": spoken.result("fetch", id=first),
        "fetch, a part": spoken.result("fetch", id=f"{first}+3"),
    }


@pytest.mark.parametrize("era", ERAS)
def test_every_tools_result_verifies_as_it_came(http: TestClient, house: House, era: str) -> None:
    for tool, result in results(http, house, era).items():
        verdict = verify(http, house, result)

        assert (True, True, []) == (
            verdict["verified"],
            verdict["compared"],
            verdict["differences"],
        ), tool


def forgeries(result: Json) -> list[Json]:
    """
    Return a tool's result with each thing in it changed by itself.
    """
    told = result["structuredContent"]
    forged = [told | FORGERY]
    for name in told.keys() - UNSTATED:
        changed = {"results": [FORGERY], "passages": [], "metadata": {}}
        forged += [told | {name: changed.get(name, f"{told[name]}x")}, without(name)(told)]
    for name in told.keys() & {"results", "passages"}:
        first, *others = told[name]
        forged += [
            told | {name: [first | {member: "x"}, *others]}
            for member in first.keys() & {"id", "citation", "title", "url", "label"}
        ]
    written = [result | {"structuredContent": one, "content": _text(one)} for one in forged]
    return [
        *written,
        result | {"content": _text(told | {"text": "FORGED"})},
        result | {"content": [*result["content"], *result["content"]]},
        result | {"isError": True},
        result | {"text": "FORGED"},
        {"_meta": {PROVENANCE: result["_meta"][PROVENANCE]}},
        result | {"_meta": {PROVENANCE: result["_meta"][PROVENANCE]}},
    ]


def _text(told: Json) -> list[Json]:
    return [{"type": "text", "text": json.dumps(told)}]


@pytest.mark.parametrize("tool", ["search", "search_documents", "fetch"])
def test_a_forged_result_of_a_tool_does_not_verify(
    http: TestClient, house: House, tool: str
) -> None:
    result = results(http, house, ERAS[0])[tool]

    for forged in forgeries(result):
        assert not verify(http, house, forged)["verified"], forged


def test_of_a_search_for_titles_no_text_is_stated(http: TestClient, house: House) -> None:
    """
    Neither is it released: what is stated and recorded is each document, by its best passage.
    """
    found = results(http, house, ERAS[0])["search"]

    said = verify(http, house, found)["statement"]

    listed = found["structuredContent"]["results"]
    assert ("find", None) == (said["operation"], said["context_sha256"])
    assert [one["id"] for one in listed] == [one["id"] for one in said["passages"]]
    assert {("", digest(""))} == {(one["citation"], one["sha256"]) for one in said["passages"]}


def test_a_statement_of_titles_lets_nothing_be_quoted(http: TestClient, house: House) -> None:
    """
    A check knows no citation by it. The control is that of the texts.
    """
    found = results(http, house, ERAS[0])
    texts = found["search_documents"]["structuredContent"]
    body = {"answer": f"So {texts['passages'][0]['citation']}"}

    answers = [
        http.post(
            "/v1/answers/check",
            json={**body, "signed_provenance": [found[tool]["_meta"][PROVENANCE]]},
            headers=house.headers(),
        ).json()["acceptable"]
        for tool in ("search", "search_documents")
    ]

    assert [False, True] == answers


def test_a_response_that_nobody_writes_is_named_so(http: TestClient, house: House) -> None:
    found = house.ask().json()

    assert [FOREIGN] == verify(http, house, found | {"documents": []})["differences"]
