"""
Each of the two inner doors alone leaks nothing; without both, everything leaks.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from tests.end_to_end.company import NOBODY_CLAIMED, Company
from tests.end_to_end.sabotage import without_filter, without_recheck

FIXTURE = Path(__file__).parents[2] / "fixtures" / "company" / "questions.json"
QUESTIONS = json.loads(FIXTURE.read_text(encoding="utf-8"))
READABLE: dict[str, set[str]] = {
    reader: set(documents) for reader, documents in QUESTIONS["readable"].items()
}
ASKED = [one["question"] for one in QUESTIONS["questions"]]

pytestmark = pytest.mark.models


def released(company: Company, room: ReadingRoom, subject: str, question: str) -> set[str]:
    header = [company.bearer(subject)["Authorization"]]
    answer = room.answer(header, AskedQuestion(question, 50))
    return {str(passage.provenance.document) for passage in answer.passages}


def leaks(company: Company, room: ReadingRoom) -> int:
    return sum(
        len(released(company, room, subject, question) - readable)
        for subject, readable in READABLE.items()
        for question in ASKED[:6]
    )


@pytest.mark.promise("filter-in-engine")
def test_the_index_alone_finds_only_what_the_reader_may_read(company: Company) -> None:
    """
    Door 2 holds with door 3 removed.
    """
    assert 0 == leaks(company, without_recheck(company.room))


@pytest.mark.promise("recheck")
def test_the_recheck_alone_releases_only_what_the_reader_may_read(company: Company) -> None:
    """
    Door 3 holds with door 2 removed.
    """
    assert 0 == leaks(company, without_filter(company.room))


@pytest.mark.promise("recheck")
def test_without_both_doors_everything_leaks(company: Company) -> None:
    """
    The control: these tests can fail.
    """
    assert leaks(company, without_recheck(without_filter(company.room))) > 100


@pytest.mark.parametrize("subject", sorted(READABLE))
def test_a_reader_can_reach_all_that_they_may_read_and_nothing_else(
    company: Company, subject: str
) -> None:
    """
    Searching for everything finds exactly the hand-written set.
    """
    seen = {document for question in ASKED for document in company.documents(subject, question)}

    assert seen <= READABLE[subject]
    for document in READABLE[subject]:
        assert 200 == company.get(subject, f"/v1/documents/{document}").status_code


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.parametrize("subject", sorted(READABLE))
def test_what_a_reader_may_not_read_does_not_exist(company: Company, subject: str) -> None:
    """
    Every other document answers as one that never was: status, headers and body.
    """
    everything = set().union(*READABLE.values()) | {"legal-osprey-acquisition"}
    absent = company.get(subject, "/v1/documents/no-such-document")

    for document in sorted(everything - READABLE[subject]):
        hidden = company.get(subject, f"/v1/documents/{document}")
        assert _shape(absent.json()) == _shape(hidden.json())
        assert absent.status_code == hidden.status_code == 404
        assert absent.headers.keys() == hidden.headers.keys()
        assert absent.headers["content-length"] == hidden.headers["content-length"]


@pytest.mark.promise("absent-equals-forbidden")
def test_a_passage_id_is_a_name_and_not_a_capability(company: Company) -> None:
    """
    What alice may open by its id, bob may not; and it looks like an id that never was.
    """
    found = company.search("alice", "Heron yield", limit=5).json()["passages"]
    forbidden = [p for p in found if p["provenance"]["document"] not in READABLE["bob"]]

    assert forbidden
    absent = company.get("bob", "/v1/passages/00000000-0000-5000-8000-000000000000")
    for passage in forbidden:
        path = f"/v1/passages/{passage['id']}"
        assert passage["text"] == company.get("alice", path).json()["text"]
        assert _shape(absent.json()) == _shape(company.get("bob", path).json())


@pytest.mark.parametrize("asked", QUESTIONS["questions"], ids=lambda one: str(one["question"])[:40])
def test_the_same_question_is_answered_differently(
    company: Company, asked: dict[str, dict[str, dict[str, list[str]]]]
) -> None:
    """
    For each reader, a document that answers comes among the first three.
    """
    for subject, expected in asked["expect"].items():
        ordered = [
            p["provenance"]["document"]
            for p in company.search(subject, str(asked["question"]), limit=8).json()["passages"]
        ]
        assert set(expected["never"]).isdisjoint(ordered)
        if expected["first"]:
            assert set(expected["first"]) & set(ordered[:3]), (subject, ordered)


def test_readers_who_ask_at_once_do_not_get_each_others_answers(company: Company) -> None:
    """
    Many threads, interleaved: every answer equals the one that the reader gets alone.
    """
    asked = [(subject, question) for question in ASKED[:5] for subject in READABLE]
    alone = {one: released(company, company.room, *one) for one in asked}

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda one: released(company, company.room, *one), asked * 4))

    assert [alone[one] for one in asked * 4] == together


def test_a_reader_without_principals_gets_200_and_nothing(company: Company) -> None:
    """
    A valid token that no identity link applies to: not even what is for everyone.
    """
    room = replace(company.room, authorizer=replace(company.room.authorizer, links=()))
    with company.serving(room) as http:
        answer = company.search("alice", "Heron", http=http)

    assert 200 == answer.status_code
    assert ([], "") == (answer.json()["passages"], answer.json()["context"])


def test_nobody_gets_an_empty_answer(company: Company) -> None:
    """
    A valid token without any principal of the company: 200, and only what is for everyone.
    """
    assert {"facilities-visitor-wifi-parking"} >= company.documents(NOBODY_CLAIMED, "Heron")


def _shape(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name != "request_id"}
