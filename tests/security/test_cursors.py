"""
A cursor says how far one reader has come with one question, and opens nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from retrieval.cursors import LASTING, Cursors
from retrieval.notes import Notes
from tests.ingestion.world import allow
from tests.scenarios.installation import Installation, client

ALICE, BOB = {"corp": "alice"}, {"corp": "bob"}
DOCUMENTS = 7
EVERY_SECOND = 0.5


class Reading:
    """
    A source of which alice may read all, and bob every second document.
    """

    def __init__(self, shared: Installation) -> None:
        self.shared = shared
        self.source = shared.fresh()
        self.state(lambda n: allow("user:alice", *(["user:bob"] if n % 2 else [])))
        self.room = shared.room([self.source], ["corp"])

    def state(self, acl: object) -> None:
        documents = [
            {"id": f"d{n}", "text": f"words {n}", "acl": acl(n)}  # type: ignore[operator]
            for n in range(DOCUMENTS)
        ]
        self.shared.write(self.source, documents)
        self.shared.sync(self.source, "corp")

    @property
    def http(self) -> TestClient:
        return client(self.room)

    def asks(
        self, ids: Mapping[str, str] = ALICE, *, subject: str | None = None, **body: object
    ) -> Response:
        headers = self.shared.bearer(subject or ids["corp"], ids)
        asked = {"query": "words", "limit": 2, **body}
        return self.http.post("/v1/search", json=asked, headers=headers)

    def pages(self, ids: Mapping[str, str] = ALICE, limit: int = 2) -> Iterator[list[str]]:
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = self.asks(ids, limit=limit, **more)
            assert 200 == answer.status_code, answer.text
            yield documents(answer)
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                return


def documents(answer: Response) -> list[str]:
    return [one["provenance"]["document"] for one in answer.json()["passages"]]


@pytest.fixture
def reading(shared: Installation) -> Reading:
    return Reading(shared)


def told(answer: Response) -> tuple[int, dict[str, object]]:
    body = answer.json()
    body.pop("request_id")
    return answer.status_code, body


@pytest.mark.promise("cursor-carries-no-right")
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_are_the_whole_answer_in_parts(reading: Reading, limit: int) -> None:
    """
    Nothing twice, nothing left out, in the order of the whole; for each reader their own.
    """
    for ids, count in ((ALICE, DOCUMENTS), (BOB, DOCUMENTS // 2)):
        whole = documents(reading.asks(ids, limit=50))

        paged = list(reading.pages(ids, limit))

        assert whole == [one for page in paged for one in page]
        assert count == len(whole)
        assert -(-count // limit) == len(paged)


@pytest.mark.promise("cursor-carries-no-right")
@pytest.mark.promise("non-interference")
def test_whether_more_follows_says_nothing_of_what_is_hidden(reading: Reading) -> None:
    """
    Bob reads three documents; where they end, so does his answer, whatever else there is.
    """
    assert reading.asks(BOB, limit=3).json()["next_cursor"] is None
    assert reading.asks(ALICE, limit=3).json()["next_cursor"] is not None
    assert reading.asks(BOB, limit=2).json()["next_cursor"] is not None


@pytest.mark.promise("cursor-carries-no-right")
def test_a_cursor_that_is_not_ones_own_is_one_refusal(reading: Reading) -> None:
    """
    Another reader's, another question's, another client's, an altered and a made-up one.
    """
    cursor = reading.asks().json()["next_cursor"]
    assert 200 == reading.asks(cursor=cursor).status_code
    altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    asked = {
        "another reader": reading.asks(BOB, cursor=cursor),
        "another subject of the same rights": reading.asks(ALICE, subject="eve", cursor=cursor),
        "another question": reading.asks(query="other words", cursor=cursor),
        "other sources": reading.asks(filters={"sources": [reading.source]}, cursor=cursor),
        "altered": reading.asks(cursor=altered),
        "made up": reading.asks(cursor="A" * len(cursor)),
    }

    refusals = {name: told(answer) for name, answer in asked.items()}

    assert {400} == {status for status, _ in refusals.values()}
    assert all(one == refusals["made up"] for one in refusals.values()), refusals


@pytest.mark.promise("cursor-carries-no-right")
def test_a_cursor_ends(reading: Reading) -> None:
    cursor = reading.asks().json()["next_cursor"]
    clock = reading.shared.clock
    before: datetime = clock.now
    clock.now = before + LASTING - timedelta(seconds=1)
    in_time = reading.asks(cursor=cursor)
    clock.now = before + LASTING
    late = reading.asks(cursor=cursor)
    clock.now = before

    assert [200, 400] == [in_time.status_code, late.status_code]


@pytest.mark.promise("cursor-carries-no-right")
@pytest.mark.promise("revocation")
def test_whoever_was_shut_out_gets_no_next_page(reading: Reading) -> None:
    """
    The cursor is the same; what it leads to is decided when it is used.
    """
    cursor = reading.asks().json()["next_cursor"]
    assert documents(reading.asks(cursor=cursor))

    reading.state(lambda _: allow("user:bob"))

    assert (200, []) == (reading.asks(cursor=cursor).status_code, documents(reading.asks()))
    assert [] == documents(reading.asks(cursor=cursor))


@pytest.mark.promise("cursor-carries-no-right")
def test_a_cursor_opens_nothing_without_a_token(reading: Reading) -> None:
    cursor = reading.asks().json()["next_cursor"]

    asked = {"query": "words", "limit": 2, "cursor": cursor}

    assert 401 == reading.http.post("/v1/search", json=asked).status_code


@pytest.mark.promise("cursor-carries-no-right")
def test_without_its_binding_anothers_cursor_would_be_taken(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control.
    """
    monkeypatch.setattr("retrieval.cursors._bound", lambda *_: b"")
    reading.room = replace(reading.room, cursors=Cursors(Notes(b"k" * 32, reading.shared.clock)))
    cursor = reading.asks().json()["next_cursor"]

    assert 200 == reading.asks(BOB, cursor=cursor).status_code
